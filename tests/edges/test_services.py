"""Which configuration counts, and which folders are services."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from support.monorepo import Monorepo

from common_sync.core.errors import CommonSyncError, ConfigurationError
from common_sync.edges.project.load import find_projects, load_project, select_services
from common_sync.edges.project.services import list_names

FOLDERS = (
    "common/our_common/api", "services/api/src", "services/worker", "services/.hidden", "services/web-1", "services/web-2",
    "apps/shop/api", "apps/shop/worker/deep", "apps/admin", "orchestrator", "with space/api", ".github/workflows",
    "ünïcode",
)  # fmt: skip


class Case(NamedTuple):
    """The configured services, and the folders that they are."""

    given: Sequence[str]
    services: Sequence[str]
    master: str = "common"
    copy: str = "common"


CASES = {
    "folders": Case(["services/api", "orchestrator"], ["orchestrator", "services/api"]),
    "untidy": Case(["./services//api/", "orchestrator/."], ["orchestrator", "services/api"]),
    "a star": Case(["services/*"], ["services/api", "services/web-1", "services/web-2", "services/worker"]),
    "a star with a slash": Case(["./services/*/"], ["services/api", "services/web-1", "services/web-2", "services/worker"]),
    "everything": Case(["*"], ["apps", "orchestrator", "services", "with space", "ünïcode"]),
    "a question mark": Case(["services/web-?"], ["services/web-1", "services/web-2"]),
    "a class": Case(["services/web-[!2]"], ["services/web-1"]),
    "inside a name": Case(["services/w*r"], ["services/worker"]),
    "a star in the middle": Case(["apps/*/api"], ["apps/shop/api"]),
    "two stars": Case(["**/api"], ["apps/shop/api", "services/api", "with space/api"]),
    "two stars at the end": Case(["apps/**"], ["apps/admin", "apps/shop", "apps/shop/api", "apps/shop/worker", "apps/shop/worker/deep"]),
    "two stars in the middle": Case(["apps/**/deep"], ["apps/shop/worker/deep"]),
    "hidden, when it is asked for": Case(["services/.*"], ["services/.hidden"]),
    "a glob and a folder": Case(["services/web-*", "services/.hidden"], ["services/.hidden", "services/web-1", "services/web-2"]),
    "two globs that overlap": Case(["services/w*", "services/*1"], ["services/web-1", "services/web-2", "services/worker"]),
    "the master among the services": Case(
        ["services/*"], ["services/web-1", "services/web-2", "services/worker"], "services/api", "lib"
    ),
    "the master's parent": Case(["*"], ["common", "orchestrator", "services", "with space", "ünïcode"], "apps/shop"),
    "below the master": Case(["**/api"], ["common/our_common/api", "services/api", "with space/api"], "apps/shop", "lib"),
    "a service in a service": Case(["services/api", "services/api/src"], ["services/api", "services/api/src"]),
    "a name with a space": Case(["with space/*"], ["with space/api"]),
}  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Monorepo:
    """Return a repository with folders of every kind."""
    repo = Monorepo(tmp_path)
    for folder in FOLDERS:
        repo.write(f"{folder}/x.py")
    repo.write("services/a file")
    (tmp_path / "services/link").symlink_to("api")
    (tmp_path / ".git").mkdir()
    return repo


def configure(repo: Monorepo, services: Sequence[str], *, master: str = "common", copy: str = "common") -> None:
    """Write a configuration."""
    quoted = ", ".join(f'"{service}"' for service in services)
    repo.write("common-sync.toml", f'master = "{master}"\ncopy = "{copy}"\nservices = [{quoted}]\n')


@pytest.mark.parametrize("name", CASES)
def test_which_folders_are_services(tree: Monorepo, name: str) -> None:
    """A service would be forgotten, or something that is no service would get a copy."""
    case = CASES[name]
    configure(tree, case.given, master=case.master, copy=case.copy)
    project = load_project(str(tree.root))
    assert project.services == tuple(case.services)
    assert (project.libraries[0].master, project.libraries[0].copy) == (case.master, case.copy)


@pytest.mark.parametrize(
    "given", [["**/api"], ["services/**"], ["apps/**", "services/*"], ["services/*", "services/*/*/*"]]
)
def test_a_glob_never_means_what_is_in_a_copy(tree: Monorepo, given: list[str]) -> None:
    """The second run would put copies into the copies that the first one made."""
    tree.write("services/api/src/deep/x.py")
    configure(tree, given)
    before = load_project(str(tree.root)).services
    for service in before:
        tree.write(f"{service}/common/our_common/api/x.py")
        tree.write(f"{service}/common/api/common/api/x.py")
    assert load_project(str(tree.root)).services == before


class Choice(NamedTuple):
    """What the user names, and the services that he gets, or the problems."""

    names: Sequence[str]
    services: Sequence[str] = ()
    problems: Sequence[str] = ()


CHOICES = {
    "nothing": Choice([], ["a/api", "b/api", "b/worker", "top"]),
    "a path": Choice(["b/api"], ["b/api"]),
    "the last part": Choice(["worker"], ["b/worker"]),
    "the way it is completed": Choice(["./b/worker/", "top/"], ["b/worker", "top"]),
    "twice": Choice(["worker", "b/worker"], ["b/worker"]),
    "in another order": Choice(["top", "worker", "a/api"], ["a/api", "b/worker", "top"]),
    "not unique": Choice(["api"], problems=["'api' is more than one service (name one of a/api, b/api)"]),
    "a typo": Choice(["wroker"], problems=["'wroker' is no service (did you mean worker?)"]),
    "a part of a name": Choice(["wor"], problems=["'wor' is no service (did you mean worker?)"]),
    "a folder above": Choice(["b"], problems=["'b' is no service (the services are a/api, b/api, b/worker, top)"]),
    "nothing at all": Choice([""], problems=["'' is no service (the services are a/api, b/api, b/worker, top)"]),
    "several": Choice(
        ["x/y", "worker", "tpo"],
        problems=["'x/y' is no service (the services are a/api, b/api, b/worker, top)", "'tpo' is no service (did you mean top?)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHOICES)
def test_which_services_the_user_means(tmp_path: Path, name: str) -> None:
    """A command would work on another service than the user named."""
    repo = Monorepo(tmp_path)
    for folder in ("common", "a/api", "b/api", "b/worker", "top"):
        repo.write(f"{folder}/x.py")
    configure(repo, ["a/*", "b/*", "top"])
    project = load_project(str(tmp_path))
    case = CHOICES[name]
    if not case.problems:
        assert select_services(project, case.names) == tuple(case.services)
        return
    with pytest.raises(ConfigurationError) as caught:
        select_services(project, case.names)
    assert str(caught.value).splitlines() == case.problems


PYPROJECT = '[tool.other]\n[tool.common-sync]\nmaster = "common"\nservices = ["services/*"]\n'
OWN = 'master = "common"\nservices = ["services/api"]\n'


def test_the_nearest_configuration_counts(tree: Monorepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command would follow another configuration than the one beside which it is started."""
    tree.write("pyproject.toml", PYPROJECT)
    tree.write("services/api/pyproject.toml", "[project]\n")
    monkeypatch.chdir(tree.root / "services/api/src")
    project = load_project()
    assert (project.root, len(project.services)) == (str(tree.root), 4)
    assert project.configuration.file == "pyproject.toml"
    inner = Monorepo(tree.root / "apps/shop")
    inner.write("common-sync.toml", 'master = "api"\nservices = ["worker"]\n')
    monkeypatch.chdir(tree.root / "apps/shop/worker/deep")
    assert load_project().root == str(inner.root)
    assert load_project(str(tree.root)).root == str(tree.root)


def test_it_is_not_looked_for_above_the_repository(tree: Monorepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration in somebody's home would be followed."""
    tree.write("common-sync.toml", OWN)
    (tree.root / "apps/shop/.git").mkdir()
    monkeypatch.chdir(tree.root / "apps/shop/api")
    with pytest.raises(ConfigurationError, match=r"and above, up to .*/apps/shop"):
        load_project()


def test_every_project_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook at the top of a repository would pass over the monorepos below it."""
    repo = Monorepo(tmp_path)
    for top in ("one", "two/deep"):
        repo.write(f"{top}/common/x.py")
        repo.write(f"{top}/services/api/x.py")
    repo.write("one/common-sync.toml", OWN)
    repo.write("two/deep/pyproject.toml", PYPROJECT)
    repo.write("two/pyproject.toml", "[project]\n")
    repo.git("init", "-q")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="no configuration"):
        find_projects(str(tmp_path))
    repo.commit()
    assert [project.root for project in find_projects(str(tmp_path))] == [f"{tmp_path}/one", f"{tmp_path}/two/deep"]
    monkeypatch.chdir(tmp_path / "one/services")
    assert [project.root for project in find_projects(str(tmp_path / "one/services"))] == [f"{tmp_path}/one"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('master = "common"\nservices = [\n', 3),
        ("master = \n", 1),
        ("\n\nx = 1\nx = 2\n", 4),
        ('master = "\udcff"\n', 1),
        ('[tool]\ncommon-sync = "common"\n', None),
    ],
)
def test_what_is_no_configuration(tmp_path: Path, text: str, line: int | None) -> None:
    """A broken file would be passed over, and the one above it followed."""
    repo = Monorepo(tmp_path)
    repo.write("pyproject.toml", b"# common-sync\n" + text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError, match="not valid TOML: ") as caught:
        load_project(str(tmp_path))
    assert caught.value.problems[0].file == f"{tmp_path}/pyproject.toml"
    assert caught.value.problems[0].line == (line and line + 1)


def test_a_configuration_that_is_a_folder(tmp_path: Path) -> None:
    """The run would end with a traceback."""
    (tmp_path / "common-sync.toml").mkdir()
    with pytest.raises(CommonSyncError, match=r"common-sync\.toml: cannot read it: is a directory"):
        load_project(str(tmp_path))


def test_many_services_are_not_all_named() -> None:
    """A slip in a repository of three hundred services would fill the terminal with their names."""
    services = [f"services/s{number:02}" for number in range(24)]
    assert list_names(services[:11]).endswith("services/s10")
    assert list_names(services).endswith("services/s09 and 14 more (common-sync status -v)")
