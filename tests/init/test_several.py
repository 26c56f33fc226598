"""Several libraries: which folders get a table each, who gets them and where, and what is asked instead."""

import builtins
import json
from pathlib import Path
from typing import NamedTuple

import pytest
from support.detection import BOTH, compose
from support.monorepo import Monorepo
from support.repositories import DOCKERFILE, PACKAGE, PROJECT, Files, below, build, service

from common_sync.commands.init import find_candidates, propose, write_configuration
from common_sync.commands.steps.proposing import Proposal
from common_sync.core.errors import ConfigurationError
from common_sync.edges.project.load import load_project
from common_sync.interface.run.init import _ask
from common_sync.interface.show.terminal import Terminal

OTHER = {"__init__.py": "", "bus.py": "def send(event):\n    return event\n", "topics.py": "TOPICS = ['a', 'b']\n"}
EVENTS = {"pyproject.toml": '[project]\nname = "events"\nversion = "2"\n', **below("events", OTHER)}
NEEDS = '[project]\nname = "events"\nversion = "2"\ndependencies = ["media-common"]\n[tool.uv.sources]\nmedia-common = {{ path = "{}" }}\n'
LIBS = {**below("libs/common", PROJECT), **below("libs/events", EVENTS)}
API, WORKER = BOTH


class Table(NamedTuple):
    """A table that is to be written."""

    master: str
    services: tuple[str, ...]
    copy: str = ""
    name: str = ""
    guess: bool = False


def dockerfile(*folders: str) -> str:
    """Return a Dockerfile that is built from the root and copies some folders."""
    return "FROM python\n" + "".join(f"COPY {folder} /app/{folder}\n" for folder in folders)


SEVERAL = [
    pytest.param(
        {**LIBS, **service(API, "-e ../../libs/common\n-e ../../libs/events"), **service(WORKER, "-e ../../libs/common")},
        [Table("libs/common", BOTH), Table("libs/events", (API,))],
        id="requirements",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **below("events", OTHER),
            **{path: text for one in BOTH for path, text in {**service(one), **below(f"{one}/common", PACKAGE), **below(f"{one}/events", OTHER)}.items()},
        },
        [Table("common", BOTH), Table("events", BOTH)],
        id="copies made by hand",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **below("events", OTHER),
            **service(API),
            **service(WORKER),
            f"{API}/jobs.py": "import common\nfrom events import bus\n",
            f"{WORKER}/jobs.py": "from common import store\n",
        },
        [Table("common", BOTH, guess=True), Table("events", (API,), guess=True)],
        id="imports",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **below("events", OTHER),
            **service(API),
            **service(WORKER),
            "Makefile": "all:\n\tcp -r common events services/api/\n\tcp -r events services/worker/\n",
        },
        [Table("events", BOTH), Table("common", (API,))],
        id="a script",
    ),
    pytest.param(
        {
            **below("libs/common", PACKAGE),
            **below("libs/events", OTHER),
            **service(API, dockerfile=dockerfile("libs/common", "libs/events", API)),
            **service(WORKER, dockerfile=dockerfile("libs/common", WORKER)),
            **service("services/all", dockerfile=dockerfile("libs", "services/all")),
        },
        [Table("libs/common", BOTH), Table("libs/events", (API,))],
        id="a folder of libraries that one service takes as a whole",
    ),
    pytest.param(
        {
            **below("libs/common", PROJECT),
            **below("libs/events", EVENTS),
            **service(API, dockerfile="FROM python\n" + "".join(f"COPY libs/{one}/pyproject.toml /b/libs/{one}/\nCOPY libs/{one}/{package} /b/libs/{one}/\n" for one, package in (("common", "media_common"), ("events", "events")))),
        },
        [Table("libs/common", (API,)), Table("libs/events", (API,))],
        id="images that take the files of each apart",
    ),
    pytest.param(
        {
            **below("tools_a/common", PACKAGE),
            **below("tools_b/common", OTHER),
            **service(API, dockerfile=dockerfile("tools_a/common", "tools_b/common", API)),
            **service(WORKER, dockerfile=dockerfile("tools_a/common", WORKER)),
        },
        [Table("tools_a/common", BOTH), Table("tools_b/common", (API,), "tools_b/common", "tools_b-common")],
        id="two of the same name",
    ),
    pytest.param(
        {
            **below("mcp/shared", PACKAGE),
            "mcp/__init__.py": "",
            **service("mcp/chem", dockerfile=dockerfile("mcp/shared", "mcp/chem")),
            **service("mcp/bio", dockerfile=dockerfile("mcp/shared", "mcp/bio")),
            **below("events", OTHER),
            **service("queue", dockerfile=dockerfile("events", "mcp", "queue")),
        },
        [Table("mcp/shared", ("mcp/bio", "mcp/chem")), Table("events", ("queue",))],
        id="a package that holds services, and is named as a whole",
    ),
    pytest.param(
        {
            **LIBS,
            "libs/events/pyproject.toml": NEEDS.format("../common"),
            **service(API, "-e ../../libs/events"),
            **service(WORKER, "-e ../../libs/common"),
        },
        [Table("libs/common", BOTH), Table("libs/events", (API,))],
        id="a library that needs another",
    ),
    pytest.param(
        {
            **below("common", PROJECT),
            **below("packages/py/events", EVENTS),
            "packages/py/events/pyproject.toml": NEEDS.format("../../../common"),
            **service(API, "-e ../../packages/py/events"),
            **service(WORKER, "-e ../../common"),
        },
        [Table("common", BOTH), Table("packages/py/events", (API,), "packages/py/events")],
        id="a library that needs another, which is not beside it",
    ),
    pytest.param(
        {
            **LIBS,
            "libs/events/pyproject.toml": NEEDS.format("../../libs/common"),
            **service(API, "-e ../../libs/events"),
            **service(WORKER, "-e ../../libs/common"),
        },
        [Table("libs/common", BOTH, "libs/common"), Table("libs/events", (API,), "libs/events")],
        id="a library that names another by the folder above both",
    ),
    pytest.param(
        {
            **below("libs/common", PACKAGE),
            **below("libs/events", OTHER),
            **service(API),
            f"{API}/main.py": "from common import store\nfrom events import bus\n",
            **service(WORKER),
            f"{WORKER}/main.py": "from common import store\n",
            "Dockerfile.deps": dockerfile("libs/common", "libs/events", f"{API}/main.py", f"{WORKER}/main.py"),
        },
        [Table("libs/common", BOTH), Table("libs/events", (API,))],
        id="one image of what all services need",
    ),
    pytest.param(
        {
            **LIBS,
            **service(API, "-e ../../libs/common"),
            f"{API}/jobs/requirements.txt": "-e ../../../libs/events\n",
            f"{API}/jobs/job.py": "",
            **service(WORKER, "-e ../../libs/common"),
        },
        [Table("libs/common", BOTH), Table("libs/events", (API,))],
        id="a part of a service that takes one more",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("files", "tables"), SEVERAL)
def test_several_libraries(tmp_path: Path, files: Files, tables: list[Table]) -> None:
    """A team with several libraries would have to write the tables by hand, or would get one library of them."""
    proposal = propose(str(build(tmp_path, files)))
    found = [
        Table(one.master, tuple(service.path for service in one.services), one.copy, one.name, one.guess)
        for one in proposal.libraries
    ]
    last = [one.master.rpartition("/")[2] for one in tables]
    assert found == [
        one._replace(copy=one.copy or name, name=one.name or name) for one, name in zip(tables, last, strict=True)
    ]
    check_loads(tmp_path, proposal)


def check_loads(root: Path, proposal: Proposal) -> None:
    """Write the configuration, and hold what it comes to against what was proposed."""
    write_configuration(proposal)
    project = load_project(str(root))
    assert project.services == proposal.services
    assert [(one.master, one.name, one.copy, one.services) for one in project.libraries] == [
        (one.master, one.name, one.copy, frozenset(service.path for service in one.services))
        for one in proposal.libraries
    ]


def test_what_takes_all_of_them_is_noted(tmp_path: Path) -> None:
    """A service that copies the folder of all libraries would be left out without a word."""
    proposal = propose(str(build(tmp_path, SEVERAL[4].values[0])))  # type: ignore[arg-type] # a table of anything
    assert proposal.notes == (
        (
            "services/all",
            None,
            "takes libs as a whole, services/all/Dockerfile:2: add it to the `services` of the libraries that it needs",
        ),
    )


def test_what_is_written_and_printed(tmp_path: Path) -> None:
    """A user would not see which service gets which library, or get tables that distribute does not take."""
    files = {**SEVERAL[0].values[0], **service("services/old")}  # type: ignore[dict-item] # a table of anything
    repo = Monorepo(build(tmp_path, files))
    done = repo.run("init", "--yes")
    assert done.code == 0
    assert done.out.startswith(
        "✓ master   libs/common\n"
        "✓ service  services/api     requirements.txt:2: -e ../../libs/common\n"
        "✓ service  services/worker  requirements.txt:2: -e ../../libs/common\n"
        "✓ master   libs/events\n"
        "✓ service  services/api  requirements.txt:3: -e ../../libs/events\n"
        "note: services/old: looks like a service, but nothing in it uses any of the libraries: left out\n"
    )
    assert (tmp_path / "common-sync.toml").read_text() == (
        "# common-sync distribute brings every service's copy in sync.\n# common-sync verify checks them.\n"
        'services = ["services/api", "services/worker"]\n'
        "\n"
        "[[library]]\n"
        'master = "libs/common"\n'
        'services = ["services/*"]\n'
        "\n"
        "[[library]]\n"
        'master = "libs/events"\n'
        'services = ["services/api"]\n'
    )
    assert [repo.run(command).code for command in ("distribute", "verify")] == [0, 0]
    assert (tmp_path / "services/api/requirements.txt").read_text().endswith("-e ./common\n-e ./events\n")


def test_json_names_each_library(tmp_path: Path) -> None:
    """A script that sets repositories up would see one library of several."""
    repo = Monorepo(build(tmp_path, SEVERAL[2].values[0]))  # type: ignore[arg-type] # a table of anything
    document = json.loads(repo.run("init", "--yes", "--output-format", "json").out)
    assert (document["master"], document["guess"]) == ("common", True)
    assert [(one["name"], one["master"], one["copy"], one["guess"]) for one in document["libraries"]] == [
        ("common", "common", "common", True),
        ("events", "events", "events", True),
    ]


def test_pyproject_gets_the_tables(tmp_path: Path) -> None:
    """A user with a pyproject.toml would get tables that nothing reads."""
    files = {**SEVERAL[0].values[0], "pyproject.toml": "[project]\nname = 'x'\n"}  # type: ignore[dict-item] # as above
    check_loads(tmp_path, propose(str(build(tmp_path, files))))
    assert "[[tool.common-sync.library]]\nmaster = " in (tmp_path / "pyproject.toml").read_text()


UNCERTAIN = [
    pytest.param(
        {**below("base", PACKAGE), **below("base/inner", EVENTS), **service("a", "-e ../base\n-e ../base/inner")},
        ["base", "base/inner"],
        id="one inside the other",
    ),
    pytest.param(
        {
            **below("x/common", PACKAGE),
            **below("y/common", OTHER),
            **service("a", "-e ./common"),
        },
        ["x/common", "y/common"],
        id="two that one line may mean",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **below("events", OTHER),
            **service("a"),
            "a/compose.yml": compose(".", "../common:/app/common", "../events:/app/events"),
        },
        ["common", "events"],
        id="two that are only mounted",
    ),
]


@pytest.mark.parametrize(("files", "masters"), UNCERTAIN)
def test_what_is_not_certain_is_listed(tmp_path: Path, files: Files, masters: list[str]) -> None:
    """A user would get tables of which some are wrong, silently."""
    build(tmp_path, files)
    assert [one.master for one in find_candidates(str(tmp_path))] == masters
    with pytest.raises(ConfigurationError) as caught:
        propose(str(tmp_path))
    assert [one.remedy for one in caught.value.problems] == [f"common-sync init --master {one}" for one in masters]
    assert all("may be the master, as 1 folder uses it: a" in one.message for one in caught.value.problems)
    assert not (tmp_path / "common-sync.toml").exists()


def test_several_are_named(tmp_path: Path) -> None:
    """A user of what is not certain could not have several libraries written down."""
    files = {
        **LIBS,
        **service("a", "-e ../libs/common"),
        "a/compose.yml": compose(".", "../libs/events:/app/events"),
    }
    repo = Monorepo(build(tmp_path, files))
    first = repo.run("init", "--yes")
    command = "common-sync init --master libs/common --master libs/events"
    assert (
        f"note: libs/events may be a library, too: 1 folder uses it: a (delete what was written, then: {command})"
        in (first.out)
    )
    (tmp_path / "common-sync.toml").unlink()
    check_loads(tmp_path, propose(str(tmp_path), ["libs/common", "libs/events"]))
    assert "? master" not in first.out


def test_a_library_that_only_another_one_needs(tmp_path: Path) -> None:
    """A user who names the library below the others would get it in services that have nothing to do with them."""
    files = {
        **LIBS,
        "libs/events/pyproject.toml": NEEDS.format("../common"),
        **service("a", "-e ../libs/events"),
        **service("b"),
    }
    proposal = propose(str(build(tmp_path, files)), ["libs/events", "libs/common"])
    assert [[service.path for service in one.services] for one in proposal.libraries] == [["a"], ["a"]]


REFUSED = [
    pytest.param(["libs/common", "libs/common"], 'master "libs/common" is given twice', id="twice"),
    pytest.param(["libs/events", "libs/events/events"], '"libs/events" and "libs/events/events" overlap', id="nested"),
    pytest.param(["libs/common", "libs/comon"], 'master "libs/comon" is no folder', id="no folder"),
]


@pytest.mark.parametrize(("masters", "message"), REFUSED)
def test_named_masters_are_refused(tmp_path: Path, masters: list[str], message: str) -> None:
    """A user would get a configuration that no other command takes."""
    build(tmp_path, {**LIBS, **service("a", "-e ../libs/common")})
    with pytest.raises(ConfigurationError) as caught:
        propose(str(tmp_path), masters)
    assert message in str(caught.value)


ANSWERS = [
    pytest.param(["2"], ["libs/events"], id="a number"),
    pytest.param(["9", "x 1", "2, libs/common/"], ["libs/events", "libs/common"], id="numbers and folders, at last"),
    pytest.param(["1 1"], ["libs/common"], id="one twice"),
    pytest.param(["all"], ["libs/common", "libs/events"], id="all"),
]


@pytest.mark.parametrize(("answers", "masters"), ANSWERS)
def test_a_person_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[str], masters: list[str]
) -> None:
    """A user at a terminal could choose one library only, or not say what he means."""
    candidates = find_candidates(str(build(tmp_path, SEVERAL[0].values[0])))  # type: ignore[arg-type] # as above
    given = iter(answers)
    monkeypatch.setattr(builtins, "input", lambda _: next(given))
    assert [one.master for one in _ask(Terminal(colors=False, marks=True), candidates)] == masters


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who leaves with Ctrl-D would get a configuration all the same."""
    candidates = find_candidates(str(build(tmp_path, SEVERAL[0].values[0])))  # type: ignore[arg-type] # as above

    def leave(_: str) -> str:
        raise EOFError

    monkeypatch.setattr(builtins, "input", leave)
    with pytest.raises(ConfigurationError, match="nothing was chosen"):
        _ask(Terminal(colors=False, marks=True), candidates)


def test_a_name_that_nothing_may_have(tmp_path: Path) -> None:
    """A library would get a name that the configuration refuses, or that another one has."""
    files = {path: text for folder in ("a b/lib", "a+b/lib", "c/lib") for path, text in below(folder, PACKAGE).items()}
    files |= below("s", {"main.py": "", "Dockerfile": DOCKERFILE})
    proposal = propose(str(build(tmp_path, files)), ["c/lib", "a b/lib", "a+b/lib"])
    assert [one.name for one in proposal.libraries] == ["lib", "a-b-lib", "a-b-lib-2"]
    check_loads(tmp_path, proposal)
