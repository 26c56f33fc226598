"""How services are set up: everything that is wrong is said at once, each with its line."""

import pytest

from common_sync.core.configuration import MIN_FREE, Configuration, find_table, parse_configuration
from common_sync.core.errors import Problem
from common_sync.core.service_settings import ServiceSettings, parse_size
from common_sync.core.settings import Setting

START = 'master = "common"\nservices = ["services/*"]\n'


def read(text: str, file: str = "common-sync.toml") -> tuple[Configuration, list[Problem]]:
    """Return a configuration, and what is wrong with it."""
    table = find_table(text, file)
    assert table is not None
    return parse_configuration(table, text, file)


FULL = """\
[service."config-app/backend"]
name = "backend"
python = "3.12"
requirements = "requirements/prod.txt"
installer = "pip"
system-site-packages = true
pip-config = false
compile = false
command = "uvicorn main:app --port {port} 'a  b'"
port = 8000
env-file = "/etc/api 1.env"
after = ["mosquitto.service", "a@b.socket"]
memory = "200M"
health = "http://127.0.0.1:{port}/health?deep=1"
start-timeout = 120
settle = 10
persistent = ["./data/", "x.db"]
[service.api]
python = "/usr/bin/python3.11"
health = "check --all"
check = "python -c 'import main'"
before = "/bin/sh migrate"
port = 8001
socket = "[::1]"
library = "index"
"""


@pytest.mark.parametrize("file", ["common-sync.toml", "pyproject.toml"])
def test_every_key(file: str) -> None:
    """A setting would be ignored, or be of another service, and nobody would notice."""
    text = (
        START
        + FULL
        + '[deploy]\nmin-free = "2G"\nprefix = "auto-"\nuser = "pi"\nto = "/opt/auto/"\nkeep = 5\nclean = "daily"\n'
    )
    if file == "pyproject.toml":
        text = "[tool.common-sync]\n" + text.replace("[service", "[tool.common-sync.service")
        text = text.replace("[deploy", "[tool.common-sync.deploy")
    configuration, problems = read(text, file)
    down = 2 if file == "common-sync.toml" else 3
    assert problems == []
    assert configuration.service == (
        ServiceSettings(
            Setting("config-app/backend", down + 1),
            Setting("backend", down + 2),
            Setting("3.12", down + 3),
            Setting("requirements/prod.txt", down + 4),
            "pip",
            system_site_packages=True,
            pip_config=False,
            compile=False,
            command=("uvicorn", "main:app", "--port", "8000", "a  b"),
            port=Setting("8000", down + 10),
            env_file=Setting("/etc/api 1.env", down + 11),
            after=(Setting("mosquitto.service", down + 12), Setting("a@b.socket", down + 12)),
            memory=Setting("200M", down + 13),
            health=("http://127.0.0.1:8000/health?deep=1",),
            start_timeout=120,
            settle=10,
            persistent=(Setting("data", down + 17), Setting("x.db", down + 17)),
        ),
        ServiceSettings(
            Setting("api", down + 18),
            python=Setting("/usr/bin/python3.11", down + 19),
            health=("check", "--all"),
            check=("python", "-c", "import main"),
            before=("/bin/sh", "migrate"),
            port=Setting("8001", down + 23),
            socket=Setting("[::1]", down + 24),
            from_index=True,
        ),
    )
    assert (configuration.prefix, configuration.user) == (Setting("auto-", down + 28), Setting("pi", down + 29))
    assert (configuration.to, configuration.keep, configuration.clean) == (
        Setting("/opt/auto", down + 30),
        5,
        Setting("daily", down + 32),
    )
    assert configuration.min_free == 2 << 30


def test_nothing_is_set() -> None:
    """A project without such settings would have to write some."""
    configuration, problems = read(START)
    assert (problems, configuration.service, configuration.min_free) == ([], (), MIN_FREE)
    configuration, problems = read(START + "[service]\n[deploy]\n")
    assert (problems, configuration.service, configuration.min_free) == ([], (), MIN_FREE)
    configuration, problems = read(START + "[service.api]\n")
    assert configuration.service == (ServiceSettings(Setting("api", 3)),), "its name may be wrong"
    configuration, problems = read(START + '[service.api]\n[deploy]\nmin-free = "x"\n')
    assert configuration.min_free == MIN_FREE


@pytest.mark.parametrize(("line", "own"), [("", False), ('scope = "system"', False), ('scope = "user"', True)])
def test_whose_units(line: str, own: bool) -> None:
    """Units would be written for the machine that a user has asked to have for themselves, or the other way round."""
    configuration, problems = read(f"{START}[deploy]\n{line}\n")
    assert (problems, configuration.is_of_user) == ([], own)


WRONG = [
    ('[service.api]\nnam = "x"\n', (4, 'unknown key "nam"', "did you mean name?")),
    ('[service.api]\ninstaller = "pipp"\n', (4, "\"installer\" cannot be 'pipp'", "did you mean pip?")),
    ('[service.api]\ninstaller = "zzz"\n', (4, "\"installer\" cannot be 'zzz'", "the words are auto, uv, pip")),
    ("[service.api]\ninstaller = 1\n", (4, '"installer" cannot be 1', 'installer = "auto"')),
    ('[service.api]\npython = "2.7"\n', (4, "\"python\" cannot be '2.7'", 'python = "3.12"')),
    ('[service.api]\npython = "python3"\n', (4, "\"python\" cannot be 'python3'", 'python = "3.12"')),
    ('[service.api]\nname = "A b"\n', (4, "\"name\" cannot be 'A b'", 'name = "api"')),
    (
        '[service.api]\nrequirements = "../r.txt"\n',
        (4, "\"requirements\" is '../r.txt', which leads upward", "name a file in the service"),
    ),
    ("[service.api]\ncompile = 1\n", (4, '"compile" must be true or false', "compile = false")),
    (
        '[service.api]\ninstaller = "uv"\nsystem-site-packages = true\n',
        (4, "uv does not see the system's packages, and would install them again", 'installer = "pip"'),
    ),
    ("service.api = 3\n", (3, '"api" must be a table', "[api]")),
    ("service = [1]\n", (3, '"service" must be a table', "did you mean services?")),
    ('deploy.min-free = "lots"\n', (3, "\"min-free\" cannot be 'lots'", 'min-free = "150M"')),
    ('[deploy]\nmin-fre = "1M"\n', (4, 'unknown key "min-fre"', "did you mean min-free?")),
    ("deploy = 1\n", (3, '"deploy" must be a table', "[deploy]")),
    ("[service.api]\nport = 0\n", (4, '"port" cannot be 0', "a port is 1 to 65535")),
    ('[service.api]\nport = "80"\n', (4, "\"port\" cannot be '80'", "port = 8000")),
    ("[service.api]\nport = true\n", (4, '"port" cannot be True', "port = 8000")),
    (
        "[service.api]\nport = 80\n[service.b]\nport = 80\n",
        (6, '"port" is 80, and so is the port of api', "give each a port of its own"),
    ),
    ('[service.api]\ncommand = "x {port}"\n', (4, '"command" holds {port}, and there is no port', "port = 8000")),
    (
        "[service.api]\ncommand = 'x \"y'\n",
        (
            4,
            '"command" cannot be split into words: no closing quotation',
            'command = "uvicorn main:app --port {port}", without backslashes',
        ),
    ),
    (
        "[service.api]\ncommand = 'x \ufdd0'\n",
        (
            4,
            '"command" holds a character that systemd does not read',
            'command = "uvicorn main:app --port {port}", without backslashes',
        ),
    ),
    (
        "[service.api]\ncommand = 'x \\y'\n",
        (4, "\"command\" cannot be 'x \\\\y'", 'command = "uvicorn main:app --port {port}", without backslashes'),
    ),
    *(
        (
            f"[service.api]\ncommand = '{text}'\n",
            (
                4,
                f'"command" begins with {first!r}, which is no program',
                "begin it with a name in the environment's bin, or with an absolute path",
            ),
        )
        for text, first in ((" ", ""), ("./x y", "./x"), ("bin/x", "bin/x"), ("-x", "-x"), ("/a$b", "/a$b"))
    ),
    ('[service.api]\nhealth = "http://x:{port}/"\n', (4, '"health" holds {port}, and there is no port', "port = 8000")),
    (
        '[service.api]\nhealth = "http://x y/"\n',
        (4, "\"health\" cannot be 'http://x y/'", 'health = "http://127.0.0.1:{port}/health", or a command'),
    ),
    (
        '[service.api]\nhealth = "./x"\n',
        (
            4,
            "\"health\" begins with './x', which is no program",
            "begin it with a name in the environment's bin, or with an absolute path",
        ),
    ),
    ("[service.api]\nsettle = 0\n", (4, '"settle" cannot be 0', "it is 1 to 3600")),
    ('[service.api]\nstart-timeout = "9"\n', (4, "\"start-timeout\" cannot be '9'", "start-timeout = 60")),
    ('[deploy]\nscope = "mine"\n', (4, "\"scope\" cannot be 'mine'", 'scope = "system", or "user"')),
    (
        '[deploy]\nscope = "user"\nuser = "pi"\n',
        (
            5,
            '"user" is given, and units of a user (`scope`) run as the one who runs common-sync',
            'take it out, or scope = "system"',
        ),
    ),
    ("[deploy]\nkeep = 1\n", (4, '"keep" cannot be 1', "it is 2 to 1000")),
    ('[deploy]\nto = "opt"\n', (4, "\"to\" cannot be 'opt'", 'to = "/opt/autocore", an absolute path')),
    *(
        (
            f'[deploy]\nto = "{path}"\n',
            (
                4,
                f'"to" is {path!r}, which no unit can name',
                r"name a folder without .., quotes, \, $, wildcards and control characters",
            ),
        )
        for path in ("//", "/a/../b", "/a$b")
    ),
    *(
        (
            f"[service.api]\npersistent = {paths}\n",
            (4, f'"persistent" holds {path!r}, which {reason}', "name a path of the service"),
        )
        for paths, path, reason in (
            (["../x"], "../x", "leads upward"),
            (["a", "a/b"], "a/b", "is, or is inside, 'a'"),
        )
    ),
    (
        '[service.api]\nenv-file = "x"\n',
        (4, "\"env-file\" cannot be 'x'", 'env-file = "/etc/api.env", an absolute path'),
    ),
    (
        '[service.api]\nenv-file = "/a*"\n',
        (
            4,
            "\"env-file\" is '/a*', which no unit can name",
            "name a path without quotes, \\, $, wildcards and control characters",
        ),
    ),
    (
        '[service.api]\nafter = ["mosquitto"]\n',
        (4, "\"after\" holds 'mosquitto', which is no unit", 'after = ["mosquitto.service"]'),
    ),
    (
        '[service.api]\nlibrary = "copy"\n',
        (4, "\"library\" cannot be 'copy'", 'library = "index"; without the key, the service has a copy'),
    ),
    ('[service.api]\nsocket = "0.0.0.0"\n', (4, '"socket" is given, and there is no port', "port = 8000")),
    *(
        (
            f"[service.api]\nport = 8000\nsocket = {text}\n",
            (
                5,
                f'"socket" cannot be {shown}',
                'socket = "127.0.0.1", or "0.0.0.0" for all of this machine\'s addresses',
            ),
        )
        for text, shown in (("true", "True"), ('"localhost"', "'localhost'"), ('"::1"', "'::1'"))
    ),
    ('[service.api]\nmemory = "1M"\n', (4, '"memory" is 1M: no Python starts in that', "16M is the least")),
    ('[service.api]\nmemory = "lots"\n', (4, "\"memory\" cannot be 'lots'", 'memory = "200M"')),
    ('[deploy]\nclean = "often"\n', (4, "\"clean\" cannot be 'often'", 'clean = "weekly", or "daily" or "monthly"')),
    ('[deploy]\nprefix = "A"\n', (4, "\"prefix\" cannot be 'A'", 'prefix = "autocore-"')),
    ('[deploy]\nuser = "a b"\n', (4, "\"user\" cannot be 'a b'", 'user = "pi"')),
    ('service = { a = { python = "3" } }\n', (3, "\"python\" cannot be '3'", 'python = "3.12"')),
    (
        '[service.other]\npython = "3.11"\n["service"."api"]\npython = "3"\n',
        (6, "\"python\" cannot be '3'", 'python = "3.12"'),
    ),
]


@pytest.mark.parametrize(("text", "expected"), WRONG, ids=[text for text, _ in WRONG])
def test_what_is_wrong(text: str, expected: tuple[int, str, str]) -> None:
    """A typo would be ignored, and a service be set up as nobody meant."""
    _, problems = read(START + text)
    assert [(one.line, one.message, one.remedy) for one in problems] == [expected]


def test_all_at_once() -> None:
    """Somebody would mend one line after the other, and run it each time."""
    _, problems = read(
        START + '[service.a]\nx = 1\npython = "2"\n[service.b]\ncompile = "no"\n[deploy]\nmin-free = 3\n'
    )
    assert sorted((one.line or 0) for one in problems) == [4, 5, 7, 9]


@pytest.mark.parametrize(("text", "size"), [("1", 1), ("2K", 2048), ("150M", 150 << 20), ("3G", 3 << 30)])
def test_sizes(text: str, size: int) -> None:
    """A disk would be filled to the last byte, or nothing be built on one that has room."""
    assert parse_size(text) == size
