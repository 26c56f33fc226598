"""A workspace for one of its members, without a disk: who stays, and what the root's two files say then."""

import re
import tomllib
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.workspaces import Project, make_files, workspace_of, write_root

from common_sync.core.errors import TreeError
from common_sync.core.workspace.pruning import Pruned, prune

API = Project("services/api", ("common",))
COMMON = Project("libs/common")
WORKER = Project("services/worker", ("common", "extra"))
EXTRA = Project("libs/extra")
PLAIN = (API, COMMON, WORKER, EXTRA)


def pruned(files: Mapping[str, str], member: str = "services/api") -> Pruned:
    """Return a workspace for one member."""
    return prune(workspace_of(files), member)


def locked(text: str) -> list[str]:
    """Return the names of what a lock holds."""
    return [one["name"] for one in tomllib.loads(text)["package"]]


MEMBERS = [
    pytest.param(projects, {}, stays, held, id=reason)
    for reason, projects, stays, held in (
        ("what it asks for", PLAIN, ["libs/common", "services/api"], ["api", "common"]),
        ("nothing", (API._replace(needs=()), COMMON), ["services/api"], ["api"]),
        ("over others", (API, COMMON._replace(needs=("extra",)), WORKER, EXTRA), ["libs/common", "libs/extra", "services/api"], ["api", "common", "extra"]),
        ("by an extra", (API._replace(extras={"x": ("extra",)}), COMMON, EXTRA), ["libs/common", "libs/extra", "services/api"], ["api", "common", "extra"]),
        ("by a group", (API._replace(groups={"dev": ("extra",)}), COMMON, EXTRA), ["libs/common", "libs/extra", "services/api"], ["api", "common", "extra"]),
        ("an extra of its own", (API._replace(extras={"all": ("api",)}), COMMON), ["libs/common", "services/api"], ["api", "common"]),
        ("each other", (API, COMMON._replace(needs=("api",)), EXTRA), ["libs/common", "services/api"], ["api", "common"]),
        ("to be built", (API, COMMON._replace(build='[build-system]\nrequires = ["Extra>=1"]\nbuild-backend = "extra"\n'), EXTRA, WORKER), ["libs/common", "libs/extra", "services/api"], ["api", "common", "extra"]),
        ("the root", (API._replace(needs=("mono",)), COMMON, Project("")), ["", "services/api"], ["api", "mono"]),
        ("one inside another", (API, Project("services/api/common"), EXTRA), ["services/api", "services/api/common"], ["api", "common"]),
    )
]  # fmt: skip


@pytest.mark.parametrize(("projects", "others", "stays", "held"), MEMBERS)
def test_who_stays(
    projects: tuple[Project, ...], others: dict[str, tuple[str, ...]], stays: list[str], held: list[str]
) -> None:
    """An image would lack a library that its service needs, or be built anew for one that it does not need."""
    found = pruned(make_files(projects, others))
    named = tomllib.loads(found.root)["tool"]["uv"]["workspace"]["members"]
    assert (list(found.members), named, locked(found.lock)) == (stays, [one for one in stays if one], held)
    assert set(found.members).isdisjoint(found.others)
    assert {*found.members, *found.others} == {one.path for one in projects}
    assert tomllib.loads(found.lock)["manifest"]["members"] == held


def test_the_two_files_of_the_root() -> None:
    """A person who looks into the image would not know his own file again, and uv would not take the lock."""
    found = pruned(make_files(PLAIN))
    assert found.root == (
        "# all of it\n[tool.uv]\nno-index = true\n\n[tool.uv.workspace]\n"
        'members = ["libs/common", "services/api"] # by folder\n'
    )
    assert found.lock == make_files((API, COMMON))["uv.lock"]


def test_remarks_in_the_list_of_members() -> None:
    """What a person has written beside the members would be gone in the image, where the next one looks for it."""
    files = make_files(PLAIN)
    listed = '[ # by folder: "a" # b\r\n    # the libraries\n    "libs/*", # "#1"\n    "services/*"\n    # no more\n] # by folder'
    files["pyproject.toml"] = re.sub(r"members = .*", f"members = {listed}", files["pyproject.toml"])
    assert pruned(files).root.partition("members = ")[2] == (
        '[\n    # by folder: "a" # b\n    # the libraries\n    # "#1"\n    # no more\n'
        '    "libs/common",\n    "services/api",\n] # by folder\n'
    )


def test_packages_of_an_index() -> None:
    """An image would be built anew for a package that its service does not have, or lack one that it needs."""
    projects = (API._replace(needs=("common", "a")), COMMON, WORKER._replace(needs=("z",)))
    found = pruned(make_files(projects, {"a": ("b",), "b": ("a",), "z": ("b",)}))
    assert locked(found.lock) == ["a", "api", "b", "common"]
    assert found.local == ("wheels",)


API_FILE = "services/api/pyproject.toml"

LOCK = """version = 1
requires-python = ">=3.11"
conflicts = [[
    { package = "api", extra = "x" },
    { package = "api", extra = "y" },
    { package = "worker", extra = "z" },
], [
    { package = "api", extra = "x" },
    { package = "worker", extra = "z" },
]]

[manifest]
members = ["api", "worker", "mono"]

[manifest.dependency-groups]
lint = [{ name = "three" }]

[[package]]
name = "api"
source = { editable = "services/api" }
dependencies = [{ name = "one", version = "2", extra = ["b"] }]

[[package]]
name = "mono"
source = { virtual = "." }
dependencies = [{ name = "api" }, { name = "worker" }]

[[package]]
name = "one"
version = "1"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "one"
version = "2"
source = { registry = "https://pypi.org/simple" }

[package.optional-dependencies]
a = [{ name = "two" }]
b = [{ name = "three" }]

[[package]]
name = "three"
source = { path = "vendor/three.whl" }

[package.optional-dependencies]
c = [{ name = "two" }]

[[package]]
name = "two"

[[package]]
name = "worker"
source = { editable = "services/worker" }
dependencies = [{ name = "one", version = "1" }, { name = "one", version = "2", extra = ["a"] }]
"""

ROOT = """# the monorepo
[project]
name = "mono"
dependencies = ["api", "worker"]

[project.scripts]
x = "y"

[build-system] # how it is built
requires = []

[tool.uv]
find-links = ["wheels", "https://example.org/"]
index = [{ url = "./more", format = "flat" }, { url = "https://example.org/simple" }]
conflicts = [
  [{ package = "api", extra = "x" }, { package = "api", extra = "y" }, { package = "worker", extra = "z" }],
  [{ package = "api", extra = "x" }, { package = "worker", extra = "z" }], # the second
]
default-groups = ["lint"]

# who belongs to it
[tool.uv.workspace]
members = ["services/*"]
exclude = ["services/old"]

[tool.uv.sources]
api = { workspace = true }
worker = { workspace = true } # goes
other = { path = "other" }

[tool.ruff]
line-length = 100

[dependency-groups]
lint = ["three"]
"""

FILES = {
    "pyproject.toml": ROOT,
    "uv.lock": LOCK,
    "services/api/pyproject.toml": '[project]\nname = "api"\nrequires-python = ">=3.11"\ndynamic = ["dependencies"]\n',
    "services/worker/pyproject.toml": '[project]\nname = "worker"\nrequires-python = ">=3.10"\ndynamic = ["dependencies"]\n',
}


def test_extras_versions_and_conflicts() -> None:
    """Uv would refuse the lock, or install what nobody has asked for."""
    found = pruned(FILES)
    said = tomllib.loads(found.lock)
    assert [(one["name"], one.get("version")) for one in said["package"]] == [
        ("api", None),
        ("one", "2"),
        ("three", None),
    ]
    assert [one.get("optional-dependencies") for one in said["package"]] == [None, {"b": [{"name": "three"}]}, None]
    assert said["conflicts"] == [[{"package": "api", "extra": "x"}, {"package": "api", "extra": "y"}]]
    assert said["manifest"] == {"members": ["api"]}
    assert found.local == ("more", "vendor/three.whl", "wheels")


def test_a_root_that_nobody_needs_is_no_project_any_more() -> None:
    """Uv would look for members that are not in the image, since the root asks for them."""
    assert pruned(FILES).root == (
        "# the monorepo\n"
        "[tool.uv]\n"
        'find-links = ["wheels", "https://example.org/"]\n'
        'index = [{ url = "./more", format = "flat" }, { url = "https://example.org/simple" }]\n'
        "conflicts = [\n"
        '  [{ package = "api", extra = "x" }, { package = "api", extra = "y" }], # the second\n'
        "]\n"
        "# who belongs to it\n"
        "[tool.uv.workspace]\n"
        'members = ["services/api"]\n'
        "[tool.uv.sources]\n"
        "api = { workspace = true }\n"
        'other = { path = "other" }\n\n'
        "[tool.ruff]\n"
        "line-length = 100\n\n"
    )


def test_no_conflict_is_left() -> None:
    """Uv refuses a list of conflicts that is empty, or a set of one."""
    pair = 'conflicts = [[{ package = "worker", extra = "a" }, { package = "worker", extra = "b" }]]\n'
    files = make_files(PLAIN)
    files["pyproject.toml"] = files["pyproject.toml"].replace("[tool.uv]\n", f"[tool.uv]\n{pair}")
    files["uv.lock"] = files["uv.lock"].replace("\n[manifest]", f"{pair}\n[manifest]")
    assert "conflicts" not in pruned(files).root + pruned(files).lock


def test_the_pythons_of_the_lock() -> None:
    """Another Python than the lock is for would be taken, as the member that rules it out is not there."""
    projects = (
        API._replace(python=">=3.10"),
        COMMON._replace(python=">= 3.9"),
        WORKER,
        Project("services/zoo", python=""),
    )
    found = pruned(make_files(projects))
    said = tomllib.loads(found.root)["project"]
    assert said == {"name": "workspace", "version": "0", "requires-python": ">=3.11"}
    assert locked(found.lock) == ["api", "common", "workspace"]
    assert tomllib.loads(found.lock)["manifest"]["members"] == ["api", "common", "workspace"]
    assert locked(pruned(make_files((*projects, Project("libs/workspace"))), "services/zoo").lock) == [
        "workspace-root",
        "zoo",
    ]
    before = pruned(
        make_files((API._replace(python=""), COMMON._replace(python=""), Project("services/zoo")), {"zz": ()})
    )
    assert 'requires-python = ">=3.11"' in before.root


def test_the_pythons_of_a_root_that_stays() -> None:
    """Another Python than the lock is for would be taken, as the member that rules it out is not there."""
    root = Project("", python=">=3.9")
    files = make_files((API._replace(needs=("mono",), python=">=3.10"), root, WORKER, COMMON, EXTRA))
    assert tomllib.loads(pruned(files).root)["project"]["requires-python"] == ">=3.11"
    files["pyproject.toml"] = files["pyproject.toml"].replace('requires-python = ">=3.9"\n', "")
    with pytest.raises(TreeError, match=r'pyproject.toml:1: write `requires-python = ">=3.11"`'):
        pruned(files)


def test_a_lock_for_any_python() -> None:
    """A lock that names no Pythons would be taken for one that does."""
    files = make_files(PLAIN)
    files["uv.lock"] = files["uv.lock"].replace('requires-python = ">=3.11"\n', "")
    assert "requires-python" not in pruned(files).root


def test_the_root_itself() -> None:
    """A workspace whose root is the service could not be built without the rest."""
    found = pruned(make_files((Project("", ("common",)), COMMON, EXTRA, WORKER)), "")
    assert found.members == ("", "libs/common")
    assert tomllib.loads(found.root)["project"]["dependencies"] == ["common"]
    alone = pruned(make_files((Project(""), EXTRA)), "")
    assert tomllib.loads(alone.root)["tool"]["uv"]["workspace"]["members"] == []


@pytest.mark.parametrize(
    ("build", "kind"),
    [("", "virtual"), ("[tool.uv]\npackage = true\n", "editable"), ("[build-system]\nrequires = []\n", "editable")],
    ids=["nothing builds it", "it says that it is a package", "something builds it"],
)
def test_a_member_that_only_others_have_installed(build: str, kind: str) -> None:
    """Uv would refuse the lock: a project that nothing builds and nobody asks for is not installed."""
    api = API._replace(build=build)
    found = pruned(make_files((api, COMMON, Project("services/zoo", ("api",)))))
    assert tomllib.loads(found.lock)["package"][0]["source"] == {kind: "services/api"}
    asked = pruned(make_files((api, COMMON._replace(groups={"test": ("api",)}))))
    assert tomllib.loads(asked.lock)["package"][0]["source"] == {"editable": "services/api"}


def test_a_group_that_takes_in_another() -> None:
    """A line that names no package would be taken for one."""
    files = make_files((API._replace(groups={"dev": ("extra",)}), COMMON, EXTRA))
    files[API_FILE] = files[API_FILE].replace('dev = ["extra"]', 'all = [{ include-group = "dev" }]\ndev = ["extra"]')
    assert pruned(files).members == ("libs/common", "libs/extra", "services/api")


def test_names_that_are_patterns() -> None:
    """Uv would look for other folders than the member's."""
    found = pruned(make_files((Project("a[1]/b*"), EXTRA), root=write_root("*/*")), "a[1]/b*")
    assert tomllib.loads(found.root)["tool"]["uv"]["workspace"]["members"] == ["a[[]1]/b[*]"]


REFUSED = [
    pytest.param(file, change, said, id=reason)
    for reason, file, change, said in (
        ("no lock", "uv.lock", None, r"^uv.lock: is not there.*\(uv lock\)$"),
        ("a broken lock", "uv.lock", ("version = 1", "version = "), r"^uv.lock:1: cannot be parsed"),
        ("a lock of another version", "uv.lock", ("version = 1", "version = 2"), r"^uv.lock:1: is of version 2, and common-sync knows version 1"),
        ("a lock without a version", "uv.lock", ("version = 1\n", ""), r"^uv.lock: is of version None"),
        ("a member that the lock does not have", "uv.lock", ("services/api", "services/old"), r"^pyproject.toml:5: `services/api` is no member .*, which has libs/common, libs/extra, services/old, services/worker"),
        ("a lock of one project", "uv.lock", ("members", "others"), r"`services/api` is no member of the workspace by its uv.lock \("),
        ("a broken root", "pyproject.toml", ("[tool.uv]", "[tool.uv"), r"^pyproject.toml:2: cannot be parsed"),
        ("no members", "pyproject.toml", ("members", "others"), r"^pyproject.toml:5: the workspace has no `members`"),
        ("a member that is not there", "libs/common/pyproject.toml", None, r"^libs/common/pyproject.toml: uv.lock has a member here"),
        ("a broken member", API_FILE, ("[project]", "[project"), rf"^{API_FILE}:1: cannot be parsed"),
        ("a member with another name", API_FILE, ('"api"', '"app"'), rf'^{API_FILE}:2: is named "app", and the lock has "api" there'),
        ("more than the lock knows", API_FILE, ('["common"]', '["common", "new>=1"]'), rf"^{API_FILE}:5: asks for `new`, and the lock does not know that \(run `uv lock`\)$"),
        ("less than the lock knows", API_FILE, ('["common"]', "[]"), rf"^{API_FILE}:1: does not ask for `common` any more, and the lock still says so"),
        ("a member that nobody has", API_FILE, ('["common"]\n', '["common", "comon"]\n[tool.uv.sources.comon]\nworkspace = true\n[project.scripts]\n#'), rf"^{API_FILE}:6: takes `comon` from the workspace, which has no such member \(did you mean common\?\)"),
        ("a folder above", "uv.lock", ('source = { editable = "libs/common" }', 'source = { editable = "libs/common" }\ndependencies = [{ name = "up" }]\n\n[[package]]\nname = "up"\nsource = { directory = "../up" }'), r"^uv.lock:30: `up` comes from `../up`, which is not inside the workspace"),
        ("a folder of packages above", "pyproject.toml", ("no-index = true", 'find-links = ["/wheels"]'), r"^pyproject.toml:3: `/wheels` is not inside the workspace"),
    )
]  # fmt: skip


@pytest.mark.parametrize(("file", "change", "said"), REFUSED)
def test_what_cannot_be_understood_is_said(file: str, change: tuple[str, str] | None, said: str) -> None:
    """A person would get a context that builds something else, or an error without a place to look at."""
    files = make_files(PLAIN)
    if change is None:
        del files[file]
    else:
        assert change[0] in files[file]
        files[file] = files[file].replace(*change)
    with pytest.raises(TreeError, match=said):
        pruned(files)


_NAMES = ("a", "b", "c", "d", "e")
_SOME = st.lists(st.sampled_from((*_NAMES, "x", "y", "z")), max_size=2, unique=True).map(tuple)
_LISTS = st.dictionaries(st.sampled_from(("one", "two")), _SOME, max_size=2)
_WORKSPACES = st.lists(
    st.builds(lambda *lists: lists, _SOME, _LISTS, _LISTS), min_size=len(_NAMES), max_size=len(_NAMES)
).map(lambda rows: [Project(f"m/{name}", *lists) for name, lists in zip(_NAMES, rows, strict=True)])


@given(_WORKSPACES, st.sampled_from(_NAMES))
def test_any_workspace(projects: list[Project], name: str) -> None:
    """A service of a workspace that nobody has thought of would lack a library, or a version would be another one."""
    others = {"x": ("y",), "y": (), "z": ("x",)}
    files = make_files(projects, others)
    found = pruned(files, f"m/{name}")
    needs = {one.name: one.all_needs for one in projects} | {key: set(some) for key, some in others.items()}
    closure = {name}
    while more := {need for one in closure for need in needs[one]} - closure:
        closure |= more
    assert locked(found.lock) == sorted(closure)
    assert list(found.members) == [f"m/{one}" for one in sorted(closure.intersection(_NAMES))]
    before = {one["name"]: one for one in tomllib.loads(files["uv.lock"])["package"]}
    assert all(before[one["name"]] == one for one in tomllib.loads(found.lock)["package"])
    again = pruned({**files, "pyproject.toml": found.root, "uv.lock": found.lock}, f"m/{name}")
    assert (again.root, again.lock, again.members, again.others) == (found.root, found.lock, found.members, ())
