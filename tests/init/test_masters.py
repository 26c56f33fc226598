"""Discovery: which folder is the master, what is said for each, and what is not taken for one."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.detection import BESIDE, BOTH, SERVICES, Found, check
from support.repositories import DOCKERFILE, PACKAGE, PROJECT, Files, below, build, service

from common_sync.commands.init import find_candidates, propose
from common_sync.core.errors import ConfigurationError
from common_sync.edges.detection.repository import Candidate

MESSAGES = [
    pytest.param({}, "no master found", id="nothing at all"),
    pytest.param(
        {**service("a"), **service("b", "requests"), "a/util.py": "x = 1\n", "b/util.py": "x = 1\n"},
        "no master found",
        id="services that share nothing",
    ),
    pytest.param(
        {**service("a"), **service("b"), **below("a/common", PACKAGE), **below("b/common", PACKAGE)},
        "no master found",
        id="copies without a master",
    ),
    pytest.param(
        {**service("a", "-e ../../elsewhere"), **service("b", "-e /nowhere"), **service("c", "-e ./gone")},
        "no master found",
        id="references that lead nowhere",
    ),
    pytest.param(
        {**service("a", "-e ../data"), "data/numbers.csv": ""}, "no master found", id="a reference to no Python"
    ),
    pytest.param(
        {**service("a", "-e ./common"), **service("b"), **below("b/common", PACKAGE)},
        "no master found",
        id="a copy that only another service has",
    ),
    pytest.param(
        {**service("a", dockerfile="FROM python\nCOPY scripts /scripts\n"), "scripts/wait.py": "", "scripts/x.py": ""},
        "no master found",
        id="scripts that are copied into an image",
    ),
    pytest.param(
        {**below("a", {"main.py": "", "requirements.txt": ""}), **service("b", "-r ../a/requirements.txt")},
        "no master found",
        id="the requirements of another service",
    ),
    pytest.param(
        {"docs/requirements.txt": "-e ../common\n", **below("common", PROJECT)},
        "no master found",
        id="a library that only documents refer to",
    ),
]


@pytest.mark.parametrize(("files", "message"), MESSAGES)
def test_nothing_found(tmp_path: Path, files: Files, message: str) -> None:
    """A user whose repository is not understood would get a wrong configuration, or would not know what to do."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        propose(str(build(tmp_path, files)))
    assert str(tmp_path) in str(caught.value)
    assert "common-sync init --master PATH" in str(caught.value)
    assert find_candidates(str(tmp_path)) == ()


TWO = {
    **below("common", PROJECT),
    **below("events", {"setup.py": "from setuptools import setup\nsetup(name='events')\n", "events.py": ""}),
    **service("services/api", "-e ../../common\n-e ../../events"),
    **service("services/worker", "-e ../../common"),
}


def test_several_masters_are_asked_about(tmp_path: Path) -> None:
    """A user at a terminal could not say which libraries he means."""
    build(tmp_path, TWO)
    offered: list[Candidate] = []

    def choose(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        offered.extend(candidates)
        return candidates[1:]

    proposal = propose(str(tmp_path), choose=choose)
    assert tuple(offered) == find_candidates(str(tmp_path))
    assert [one.master for one in offered] == ["common", "events"]
    assert [(one.master, [service.path for service in one.services]) for one in proposal.libraries] == [
        ("events", ["services/api"])
    ]
    assert [one.master for one in proposal.others] == ["common"]


def test_named_master_is_not_guessed(tmp_path: Path) -> None:
    """A user who names the master would be asked, or get another one."""
    build(tmp_path, TWO)
    check(tmp_path, Found("events", ["services/api"]), "./events/")


def test_several_libraries_may_be_what_is_asked_for(tmp_path: Path) -> None:
    """A service that asks for a name that nothing has would get a library by chance."""
    files = {**service("services/api", "-e ./common"), "one/setup.py": "", "one/one.py": "", "one/two/__init__.py": ""}
    files |= {"two/three/__init__.py": "", "docs/__init__.py": "", "plain/x.py": ""}
    files |= {"built/__init__.py": "", "built/Dockerfile": DOCKERFILE}
    candidates = find_candidates(str(build(tmp_path, files)))
    assert [(one.master, one.copy) for one in candidates] == [("one", "common"), ("two/three", "common")]


def test_a_master_that_was_moved_away_is_none(tmp_path: Path) -> None:
    """A user who has just renamed the master would get a configuration for a folder that is gone."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES, **service("gone", "-e ../common")})
    (tmp_path / "common").rename(tmp_path / "shared")
    (tmp_path / "gone").rename(tmp_path / "here")
    with pytest.raises(ConfigurationError, match="no master found"):
        propose(str(tmp_path))
    (tmp_path / "shared").rename(tmp_path / "common")
    check(tmp_path, Found("common", ["here", "services/*"], services=["here", *BOTH]))


def test_less_likely_libraries_are_reported(tmp_path: Path) -> None:
    """A user would not learn that there is a second library, which is only imported."""
    files = {**TWO, **service("services/api", "-e ../../common"), "services/api/bus.py": "import events\n"}
    proposal = check(build(tmp_path, files), BESIDE)
    assert [(one.master, one.weight) for one in proposal.others] == [("events", 1)]


def test_every_service_has_its_reasons(tmp_path: Path) -> None:
    """A user could not tell why a folder is taken for a service."""
    files = {
        **below("common", PROJECT),
        **service("services/api", "-e ../../common # shared", "FROM python\nCOPY common /app/common\n"),
        **service("services/mail"),
        **below("services/mail/common", {**PROJECT, "extra.py": "x = 1\n"}),
        **service("services/old"),
        **service("services/web", "media.common"),
    }
    proposal = propose(str(build(tmp_path, files)))
    assert {one.path: one.reasons for one in proposal.first.services} == {
        "services/api": (
            ("services/api/requirements.txt", 2, "-e ../../common # shared"),
            ("services/api/Dockerfile", 2, "COPY common /app/common"),
        ),
        "services/mail": (("services/mail/common", None, "a copy: 6 of the 6 modules of common"),),
        "services/web": (
            ("services/web/requirements.txt", 2, "asks for media-common by its name, which no copy can answer"),
        ),
    }
    assert proposal.notes == (("services/old", None, "looks like a service, but nothing in it uses common: left out"),)


def test_notes(tmp_path: Path) -> None:
    """A user would learn only from a refused distribution that something is in a copy's place already."""
    files = {
        **below("common", PACKAGE),
        **SERVICES,
        "services/api/common/other.py": "",
        "tests/requirements.txt": "-e ../common\n",
        "tests/test_all.py": "",
    }
    assert propose(str(build(tmp_path, files))).notes == (
        ("tests/requirements.txt", 1, "tests uses common, too, but does not look like a service"),
        (
            "services/api/common",
            None,
            "is a package of the service's own, and no copy: copies go to libs/common instead",
        ),
    )


def test_copies_that_are_not_where_the_others_are(tmp_path: Path) -> None:
    """A user would end up with two copies in one service, and would not know which one counts."""
    files = {**below("common", PACKAGE), **service("a"), **service("b"), **service("c")}
    files |= {**below("a/common", PACKAGE), **below("b/common", PACKAGE), **below("c/lib/common", PACKAGE)}
    proposal = check(build(tmp_path, files), Found("common", ["a", "b", "c"]))
    assert proposal.notes == (("c/lib/common", None, "is a copy, too, but the copy of c will be c/common"),)


def test_a_service_where_a_copy_will_be(tmp_path: Path) -> None:
    """A service would be overwritten by another one's copy; such a configuration does not load."""
    files = {**below("common", PACKAGE), **service("a", "-e ../common"), **service("a/common/b", "-e ../../../common")}
    proposal = check(build(tmp_path, files), Found("common", ["a"]))
    assert proposal.notes == (
        ("a/common/b", None, "is where a copy will be, and no service"),
        ("a/common", None, "is there already, and differs from common"),
    )


ASKED = [
    pytest.param("requirements.txt", "media_common", 1, id="alone"),
    pytest.param("requirements.txt", "# media-common\n  media.common [redis] ; x", 2, id="with extras and a marker"),
    pytest.param("requirements.txt", "media-common-utils\nnot-media-common\nx media-common", None, id="other names"),
    pytest.param("pyproject.toml", '[project]\ndependencies = ["a", "Media-Common>=1"]\n', 2, id="in a list"),
    pytest.param("pyproject.toml", "[project]\ndependencies = [\n  'media-common',\n]\n", 3, id="in a list of lines"),
    pytest.param("pyproject.toml", '[tool.poetry.dependencies]\nmedia-common = "^1"\n', 2, id="as a key"),
    pytest.param("pyproject.toml", '[project]\nname = "media-common"\n# "media-common"\n', None, id="its own name"),
]


@pytest.mark.parametrize(("name", "text", "line"), ASKED)
def test_asked_for_by_name(tmp_path: Path, name: str, text: str, line: int | None) -> None:
    """A service that installs the library from an index would be left out, or one that has nothing to do with it not."""
    files = {**below("common", PROJECT), **service("a", "-e ../common"), f"b/{name}": text, "b/run.py": ""}
    services = {one.path: one.reasons for one in propose(str(build(tmp_path, files))).first.services}
    assert [reason.line for reason in services.get("b", ())] == ([] if line is None else [line])


NAMED = [
    pytest.param(
        {**below("common", PACKAGE), **service("services/api"), **service("services/worker")},
        "common",
        BESIDE,
        id="nothing refers to it",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **service("api"),
            **service("api/jobs"),
            "tests/main.py": "",
            "web/Dockerfile": "",
        },
        "common",
        Found("common", ["api"]),
        id="nothing refers to it, and some folders are no services",
    ),
    pytest.param(
        {
            **below("vendor/common", PROJECT),
            **service("a", "-e ../vendor/common"),
            **service("b", "-e ../lib"),
            "lib/x.py": "",
        },
        "vendor/common",
        Found("vendor/common", ["a"]),
        id="a master where nobody looks for one",
    ),
    pytest.param(
        {"proto/api.proto": "", **service("a", dockerfile="FROM python\nCOPY proto/ /app/proto/\n")},
        "proto",
        Found("proto", ["a"]),
        id="a master without modules",
    ),
]


@pytest.mark.parametrize(("files", "master", "found"), NAMED)
def test_named_master(tmp_path: Path, files: Files, master: str, found: Found) -> None:
    """A user whose master is not found could not name it either."""
    check(build(tmp_path, files), found, master)


REFUSED = [
    pytest.param("comon", 'master "comon" is no folder', id="no folder"),
    pytest.param("common/store.py", 'master "common/store.py" is no folder', id="a file"),
    pytest.param(".", 'master "." is the whole repository', id="everything"),
    pytest.param("..", 'master ".." is outside', id="above"),
    pytest.param("/", 'master "/" is outside', id="elsewhere"),
    pytest.param(".git", 'master ".git" is a git directory', id="git's own folder"),
    pytest.param("no\u2028name", 'master "no\u2028name" cannot be written down', id="a name that no file should hold"),
    pytest.param("common", "no service found", id="without services"),
]


@pytest.mark.parametrize(("master", "message"), REFUSED)
def test_named_master_is_refused(tmp_path: Path, master: str, message: str) -> None:
    """A user would get a configuration that no other command takes."""
    build(tmp_path, {**below("common", PACKAGE), "no\u2028name/x.py": ""})
    with pytest.raises(ConfigurationError) as caught:
        propose(str(tmp_path), [master])
    assert message in str(caught.value)


def test_named_from_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who stands in a service and names the master from there would be told that there is none."""
    build(tmp_path, {**below("common", PACKAGE), **SERVICES})
    monkeypatch.chdir(tmp_path / "services" / "api")
    assert propose(str(tmp_path), ["../../common"]).first.master == "common"


def test_named_through_a_symlink(tmp_path: Path) -> None:
    """A user would get a master that no other command takes, as none follows a symlink there."""
    build(tmp_path, {**below("libs/common", PACKAGE), **service("a", "-e ../common")})
    (tmp_path / "common").symlink_to("libs/common")
    assert propose(str(tmp_path), ["common"]).first.master == "libs/common"
    assert propose(str(tmp_path)).first.master == "libs/common"


@pytest.mark.parametrize("git", [True, False], ids=["git", "plain"])
def test_symlinks_instead_of_copies(tmp_path: Path, *, git: bool) -> None:
    """A team that links to the library, which no image can hold, would get nothing."""
    build(tmp_path, {**below("libs/shared", PACKAGE), **service("a"), **service("b")}, git=False)
    (tmp_path / "a" / "common").symlink_to("../libs/shared")
    (tmp_path / "b" / "common").symlink_to("../libs/shared")
    (tmp_path / "b" / "gone").symlink_to("../nowhere")
    (tmp_path / "b" / "self").symlink_to(".")
    (tmp_path / "latest").symlink_to("b")
    if git:
        build(tmp_path, {})
    proposal = check(tmp_path, Found("libs/shared", ["a", "b"], "common"))
    assert proposal.first.services[0].reasons == (("a/common", None, "a symlink to libs/shared"),)
