"""How services are set up: `[tool.common-sync.service."..."]` and `[tool.common-sync.deploy]`. Parsed, not trusted."""

import re
import shlex
from typing import Literal, NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.settings import Reader, Setting, tidy_path, why_no_folder
from common_sync.core.typos import nearest

SERVICE_KEYS = (
    *("name", "python", "requirements", "installer", "system-site-packages", "pip-config", "compile"),
    *("command", "port", "env-file", "after", "memory", "health", "start-timeout", "settle", "persistent"),
    *("check", "before", "socket", "library"),
)
DEPLOY_KEYS = ("min-free", "prefix", "scope", "user", "to", "keep", "clean")

INDEX = "index"
"""What a service says that takes the library from an index, and has no copy."""

InstallerName = Literal["auto", "uv", "pip"]

INSTALLERS: dict[str, InstallerName] = {"auto": "auto", "uv": "uv", "pip": "pip"}
_UNITS = {"K": 10, "M": 20, "G": 30}
PYTHON = r"3\.[0-9]{1,2}(?:\.[0-9]{1,3})?|/.+"
SERVICE_NAME = r"[a-z0-9-]+"
NAME = expression(SERVICE_NAME)
"""What may name a service, and a unit."""
SIZE = r"[0-9]{1,12}[KMG]?"
HOW_OFTEN = "daily|weekly|monthly"
SCOPES = ("system", "user")
"""Whose units are: the machine's, or those of the user who runs the tool."""

PREFIX = r"[a-z0-9-]{1,40}"
USER = r"[a-z_][a-z0-9_-]{0,31}|[0-9]{1,10}"
_UNNAMEABLE = expression(r"[\x00-\x1f\x7f\\\"'$*?\[\ud800-\udfff]|^\s|\s$")
_UNREADABLE = expression(
    "[\ufdd0-\ufdef" + "".join(f"\\U{plane:04x}fffe\\U{plane:04x}ffff" for plane in range(17)) + "]"
)
COMMAND = r"[^\x00-\x1f\x7f\\\ud800-\udfff]+"
UNIT = r"[A-Za-z0-9:_.@-]{1,200}\.(?:service|socket|target|mount|automount|path|timer|device|swap|slice)"
_FIRST_WORD = r"/.*|[\w.][\w.+-]*"
ADDRESS = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|\[[0-9A-Fa-f:.]{2,45}\]"
PORTS = range(1, 65536)
SECONDS = range(1, 3601)
START_TIMEOUT, SETTLE = 60, 5
"""Seconds that a release has to become healthy, and that it must stay so, unless the configuration says otherwise."""

KEEP = 3
"""How many releases are kept, unless the configuration says otherwise."""

URL = "http://"
"""What a health check begins with that is no command."""

_URL = r"http://[A-Za-z0-9.-]+(?::(?:[0-9]{1,5}|\{port\}))?(?:/[!-~]*)?"
KEPT = range(2, 1001)
_LEAST_MEMORY = 16 << 20
PORT = "{port}"
"""What stands for a service's port in its command."""


class ServiceSettings(NamedTuple):
    """How one service is set up."""

    service: Setting  # the service as the configuration names it, and the line of its table
    name: Setting | None = None  # what it is called where paths do not go; None for the last part of its path
    python: Setting | None = (
        None  # a version, `3.12` or `3.12.1`, or an interpreter's absolute path; None for the version that runs the tool
    )
    requirements: Setting | None = (
        None  # the file in the service that says what is installed; None for the first one that is found
    )
    installer: InstallerName = "auto"  # what resolves and installs
    system_site_packages: bool = False  # whether the environment has the system's packages too
    pip_config: bool = True  # whether pip's settings count for uv, too
    compile: bool = True  # whether `.pyc` files are written when the environment is built
    command: tuple[str, ...] = ()  # the words that start it, its port in place; none for a service that is not run
    port: Setting | None = None  # the port that it listens at
    env_file: Setting | None = None  # the absolute path of a file of variables
    after: tuple[Setting, ...] = ()  # the units that are started before it
    memory: Setting | None = None  # the most memory that it may use, as `200M`
    health: tuple[str, ...] = ()  # what proves that it is well: a URL, or the words of a command; none for that it runs
    start_timeout: int = START_TIMEOUT  # how many seconds a release has to become healthy
    settle: int = SETTLE  # how many seconds it must stay so
    persistent: tuple[Setting, ...] = ()  # paths in the service that outlive its releases
    check: tuple[
        str, ...
    ] = ()  # the words of what is run in a new release before it is switched to; nothing for nothing
    before: tuple[
        str, ...
    ] = ()  # the words of what has to be done after that, such as a migration; nothing for nothing
    socket: Setting | None = None  # the address at which systemd listens for it, at its port; None for that it listens
    from_index: bool = False  # whether it takes the library from an index, and so has no copy


class DeploySettings(NamedTuple):
    """What holds for all services that are set up."""

    min_free: int  # how many bytes must be free before an environment is built
    prefix: Setting | None = None  # what the name of each unit begins with; None for the root folder's name
    user: Setting | None = None  # who runs the services; None for the owner of each one's folder
    to: Setting | None = None  # the absolute path of the folder that releases are in; None where nothing is deployed
    keep: int = KEEP  # how many releases of a service are kept
    clean: Setting | None = None  # how often systemd runs `env clean`, as `weekly`; None for never
    scope: Setting | None = None  # whose units are, one of `SCOPES`; None for the machine's


def read_services(reader: Reader) -> tuple[ServiceSettings, ...]:
    """Return how services are set up, one for each that has a table.

    Args:
        reader: Reads the tool's own table.
    """
    readers = reader.tables("service")
    services = tuple(_read_service(name, one) for name, one in readers.items())
    holders: dict[str, str] = {}
    for one in services:
        name = one.service.value
        if one.port is not None and holders.setdefault(one.port.value, name) != name:
            message = f'"port" is {one.port.value}, and so is the port of {holders[one.port.value]}'
            readers[name].complain("port", message, "give each a port of its own")
    return services


def _read_service(name: str, reader: Reader) -> ServiceSettings:
    reader.check_keys(SERVICE_KEYS)
    requirements = reader.setting("requirements", ".+", '"requirements.txt"')
    if requirements is not None and (reason := why_no_folder(requirements.value)):
        reader.complain(
            "requirements", f'"requirements" is {requirements.value!r}, which {reason}', "name a file in the service"
        )
    installer = reader.setting("installer", ".*", '"auto"')
    if installer is not None and installer.value not in INSTALLERS:
        remedy = nearest(installer.value, INSTALLERS) or f"the words are {', '.join(INSTALLERS)}"
        reader.complain("installer", f'"installer" cannot be {installer.value!r}', remedy)
    system = reader.flag("system-site-packages", default=False)
    if system and installer is not None and installer.value == "uv":
        message = "uv does not see the system's packages, and would install them again"
        reader.complain("installer", message, 'installer = "pip"')
    port = _read_port(reader)
    return ServiceSettings(
        Setting(name, reader.line),
        reader.setting("name", SERVICE_NAME, '"api"'),
        reader.setting("python", PYTHON, '"3.12"'),
        requirements,
        INSTALLERS.get(installer.value, "auto") if installer is not None else "auto",
        system,
        reader.flag("pip-config", default=True),
        reader.flag("compile", default=True),
        _read_command(reader, "command", port, '"uvicorn main:app --port {port}", without backslashes'),
        port,
        _read_env_file(reader),
        _read_after(reader),
        _read_memory(reader),
        _read_health(reader, port),
        _read_number(reader, "start-timeout", SECONDS, START_TIMEOUT),
        _read_number(reader, "settle", SECONDS, SETTLE),
        _read_persistent(reader),
        _read_command(reader, "check", port, "\"python -c 'import main'\", without backslashes"),
        _read_command(reader, "before", port, '"alembic upgrade head", without backslashes'),
        _read_socket(reader, port),
        _read_library(reader),
    )


def _read_library(reader: Reader) -> bool:
    """Return whether a service takes the library from an index."""
    library = reader.setting("library", ".+", f'"{INDEX}"')
    if library is not None and library.value != INDEX:
        remedy = f'library = "{INDEX}"; without the key, the service has a copy'
        reader.complain("library", f'"library" cannot be {library.value!r}', remedy)
    return library is not None


def _read_port(reader: Reader) -> Setting | None:
    port = reader.number("port", "8000")
    if port is not None and int(port.value) not in PORTS:
        reader.complain("port", f'"port" cannot be {port.value}', f"a port is {PORTS[0]} to {PORTS[-1]}")
        return None
    return port


def _read_socket(reader: Reader, port: Setting | None) -> Setting | None:
    socket = reader.setting("socket", ADDRESS, '"127.0.0.1", or "0.0.0.0" for all of this machine\'s addresses')
    if socket is not None and port is None:
        reader.complain("socket", '"socket" is given, and there is no port', "port = 8000")
    return socket


def _read_command(reader: Reader, key: str, port: Setting | None, example: str) -> tuple[str, ...]:
    """Return the words of a command, with the port in place."""
    command = reader.setting(key, COMMAND, example)
    if command is None:
        return ()
    try:
        words = shlex.split(command.value)
    except ValueError as error:
        reader.complain(key, f'"{key}" cannot be split into words: {error}'.lower(), f"{key} = {example}")
        return ()
    if not is_readable(command.value):
        reader.complain(key, f'"{key}" holds a character that systemd does not read', f"{key} = {example}")
        return ()
    if not words or not re.fullmatch(_FIRST_WORD, words[0]) or not is_nameable(words[0]):
        message = f'"{key}" begins with {words[0] if words else ""!r}, which is no program'
        reader.complain(key, message, "begin it with a name in the environment's bin, or with an absolute path")
        return ()
    return tuple(_fill_port(reader, key, word, port) for word in words)


def _fill_port(reader: Reader, key: str, word: str, port: Setting | None) -> str:
    if port is None and PORT in word:
        reader.complain(key, f'"{key}" holds {PORT}, and there is no port', "port = 8000")
    return word.replace(PORT, port.value) if port is not None else word


def _read_health(reader: Reader, port: Setting | None) -> tuple[str, ...]:
    """Return what proves that a service is well: a URL, or the words of a command."""
    example = '"http://127.0.0.1:{port}/health", or a command'
    health = reader.setting("health", COMMAND, example)
    if health is None or not health.value.startswith(URL):
        return _read_command(reader, "health", port, example) if health is not None else ()
    if not re.fullmatch(_URL, health.value):
        reader.complain("health", f'"health" cannot be {health.value!r}', f"health = {example}")
        return ()
    return (_fill_port(reader, "health", health.value, port),)


def _read_number(reader: Reader, key: str, allowed: range, default: int) -> int:
    number = reader.number(key, str(default))
    if number is not None and int(number.value) not in allowed:
        reader.complain(key, f'"{key}" cannot be {number.value}', f"it is {allowed[0]} to {allowed[-1]}")
        return default
    return int(number.value) if number is not None else default


def _read_persistent(reader: Reader) -> tuple[Setting, ...]:
    """Return the paths in a service that outlive its releases; none of them is inside another."""
    paths = tuple(one._replace(value=tidy_path(one.value)) for one in reader.strings("persistent"))
    for one in paths:
        above = [other.value for other in paths if f"{one.value}/".startswith(f"{other.value}/")]
        reason = why_no_folder(one.value) or (f"is, or is inside, {above[0]!r}" if above[1:] else None)
        if reason:
            reader.complain(
                "persistent", f'"persistent" holds {one.value!r}, which {reason}', "name a path of the service"
            )
    return paths


def _read_env_file(reader: Reader) -> Setting | None:
    path = reader.setting("env-file", "/.+", '"/etc/api.env", an absolute path')
    if path is not None and not is_nameable(path.value):
        message = f'"env-file" is {path.value!r}, which no unit can name'
        reader.complain("env-file", message, r"name a path without quotes, \, $, wildcards and control characters")
        return None
    return path


def _read_after(reader: Reader) -> tuple[Setting, ...]:
    units = reader.strings("after")
    for one in units:
        if not re.fullmatch(UNIT, one.value):
            reader.complain("after", f'"after" holds {one.value!r}, which is no unit', 'after = ["mosquitto.service"]')
    return units


def _read_memory(reader: Reader) -> Setting | None:
    memory = reader.setting("memory", SIZE, '"200M"')
    if memory is not None and parse_size(memory.value) < _LEAST_MEMORY:
        reader.complain("memory", f'"memory" is {memory.value}: no Python starts in that', "16M is the least")
    return memory


def read_deploy(reader: Reader, default: int) -> DeploySettings:
    """Return what holds for all services that are set up.

    Args:
        reader: Reads the tool's own table.
        default: How many bytes must be free, where it says nothing.
    """
    deploy = reader.table("deploy")
    if deploy is None:
        return DeploySettings(default)
    deploy.check_keys(DEPLOY_KEYS)
    size = deploy.setting("min-free", SIZE, '"150M"')
    user, scope = deploy.setting("user", USER, '"pi"'), deploy.setting("scope", "|".join(SCOPES), '"system", or "user"')
    if user is not None and scope is not None and scope.value == "user":
        message = '"user" is given, and units of a user (`scope`) run as the one who runs common-sync'
        deploy.complain("user", message, 'take it out, or scope = "system"')
    return DeploySettings(
        default if size is None else parse_size(size.value),
        deploy.setting("prefix", PREFIX, '"autocore-"'),
        user,
        _read_to(deploy),
        _read_number(deploy, "keep", KEPT, KEEP),
        deploy.setting("clean", HOW_OFTEN, '"weekly", or "daily" or "monthly"'),
        scope,
    )


def _read_to(reader: Reader) -> Setting | None:
    to = reader.setting("to", "/.+", '"/opt/autocore", an absolute path')
    if to is None:
        return None
    tidy = tidy_path(to.value)
    if ".." in tidy.split("/") or tidy == "/" or not is_nameable(tidy):
        message = f'"to" is {to.value!r}, which no unit can name'
        reader.complain("to", message, r"name a folder without .., quotes, \, $, wildcards and control characters")
        return None
    return to._replace(value=tidy)


def is_nameable(path: str) -> bool:
    """Tell whether a unit can name a path: systemd gives some characters a meaning, and has no escape for all."""
    return _UNNAMEABLE.search(path) is None and is_readable(path)


def is_readable(text: str) -> bool:
    """Tell whether systemd reads a text: it takes the code points that are no characters for a fault of the encoding."""
    return _UNREADABLE.search(text) is None


def parse_size(text: str) -> int:
    """Return bytes.

    Args:
        text: A number with `K`, `M`, `G` or nothing after it.
    """
    return int(text.rstrip("KMG")) << _UNITS.get(text[-1], 0)
