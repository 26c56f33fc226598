"""The states that the program is killed and hindered in, and what must hold afterwards whatever happened.

The oracle compares trees byte by byte; it shares no code with the program.
"""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from support.monorepo import Monorepo

SERVICES = ("services/api", "services/worker")
MANIFEST = ".common-sync.json"
LEFTOVERS = frozenset({".common-sync.tmp", ".common-sync.new", ".common-sync.next"})
LARGE = 300_000
"""Bytes; more than the program holds in memory, so that it streams the file."""


class Item(NamedTuple):
    """What stands at a path: `file` or `link`, its bytes or target, and whether it may be executed."""

    kind: str
    data: bytes
    executable: bool


Tree = Mapping[str, Item]


def read_tree(top: Path) -> dict[str, Item]:
    """Return all that is below a folder, but for git's own."""
    found = {}
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name != ".git"]
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in [*files, *links]:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, top)] = read_item(path)
    return found


def read_item(path: str) -> Item:
    """Return what stands at a path."""
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return Item("link", os.fsencode(os.readlink(path)), executable=False)
    with open(path, "rb") as file:
        return Item("file", file.read(), bool(mode & 0o100))


def below(tree: Tree, folder: str) -> dict[str, Item]:
    """Return the part of a tree below a folder."""
    return {path[len(folder) + 1 :]: item for path, item in tree.items() if path.startswith(folder + "/")}


def is_leftover(path: str) -> bool:
    """Tell whether a path is of a run that was killed."""
    return not LEFTOVERS.isdisjoint(path.split("/"))


class Scenario(NamedTuple):
    """A state of a repository, and the run that is hindered in it.

    Attributes:
        name: What the run does.
        prepare: Brings a synced repository into the state.
        edits: What a person wrote in the copies; the run is forced to discard it.
        adopts: Whether the copies have no manifest.
        fresh: Whether nothing is distributed at first.
        git: Whether it is a git repository.
    """

    name: str
    prepare: Callable[[Monorepo], None]
    edits: tuple[str, ...] = ()
    adopts: bool = False
    fresh: bool = False
    git: bool = True

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command line of the run."""
        return ("distribute", "--force") if self.edits else ("distribute",)


def make_repository(root: Path, *, git: bool = True) -> Monorepo:
    """Return a repository with a small master that has one of each kind of file, and two services."""
    root.mkdir(parents=True)
    repo = Monorepo(root)
    configuration = 'master = "common"\nservices = ["services/*"]\n'
    repo.write("common-sync.toml", configuration if git else configuration + NO_BLOCKS)
    repo.write("common/pyproject.toml", '[project]\nname = "our-common"\nversion = "1.2.3"\n')
    repo.write("common/ours/__init__.py", '"""The library."""\n')
    repo.write("common/ours/models/base.py", "class Base: ...\n")
    repo.write("common/wait.sh", "#!/bin/sh\n", executable=True)
    repo.write("common/large.bin", bytes(range(256)) * (LARGE // 256))
    (root / "common/link").symlink_to("ours/__init__.py")
    for service in SERVICES:
        repo.write(f"{service}/requirements.txt", "fastapi\n-e ../../common\n")
        repo.write(f"{service}/app.py", "import ours\n")
    if git:
        repo.git("init", "-q", "--template=")
    return repo


def _nothing(_: Monorepo) -> None:
    """Leave everything as it is."""


def _update(repo: Monorepo) -> None:
    repo.write("common/ours/__init__.py", '"""The library, changed."""\n', executable=True)
    repo.write("common/large.bin", b"\0" + bytes(range(256)) * (LARGE // 256))
    repo.write("common/new/folder/module.py", "NEW = True\n")
    (repo.root / "common/link").unlink()
    (repo.root / "common/link").symlink_to("wait.sh")
    (repo.root / "common/wait.sh").unlink()
    repo.write("common/wait.sh/__init__.py", "a file that became a folder\n")
    repo.write("services/api/common/ours/__pycache__/base.pyc", b"\0cache")


def _deletion(repo: Monorepo) -> None:
    for path in ("wait.sh", "link", "large.bin"):
        (repo.root / "common" / path).unlink()
    shutil.rmtree(repo.root / "common/ours/models")


def _forced(repo: Monorepo) -> None:
    _update(repo)
    repo.write("services/worker/common/pyproject.toml", "my own as well\n")
    repo.write("services/api/common/pyproject.toml", "my own\n", executable=True)
    repo.write("services/api/common/ours/__init__.py", "my own, and the master has changed too\n")
    repo.write("services/api/common/mine/notes.txt", "mine alone\n")
    repo.write("services/api/common/mine/large.bin", b"mine" * (LARGE // 4))
    (repo.root / "services/api/common/mine/link").symlink_to("notes.txt")
    (repo.root / "services/api/common/ours/models/base.py").unlink()


EDITS = (
    "services/worker/common/pyproject.toml",
    *(
        f"services/api/common/{path}"
        for path in ("pyproject.toml", "ours/__init__.py", "mine/notes.txt", "mine/large.bin", "mine/link")
    ),
)


NO_BLOCKS = "managed = []\n"
START = b"# >>> common-sync >>>"


def _requirements(repo: Monorepo) -> None:
    repo.write("services/worker/.dockerignore", b"*.md\r\n").chmod(0o640)
    for service in SERVICES:
        repo.write(f"{service}/Dockerfile", "FROM scratch\n")
        repo.write(f"{service}/requirements.txt", b"# ours\r\n-e ../../common # keep\r\nfastapi\r\n").chmod(0o640)
        repo.write(f"{service}/requirements/dev.in", "pytest\n-r ../requirements.txt\n../../common\n")


def _adoption(repo: Monorepo) -> None:
    for service in SERVICES:
        (repo.root / service / "common" / MANIFEST).unlink()
    (repo.root / "services/api/common/ours/models/base.py").unlink()
    (repo.root / "services/api/common/link").unlink()


SCENARIOS = (
    Scenario("first copy", _nothing, fresh=True),
    Scenario("first copy outside git", _nothing, fresh=True, git=False),
    Scenario("update", _update),
    Scenario("deletion", _deletion),
    Scenario("forced overwrite", _forced, edits=EDITS),
    Scenario("requirements rewrite", _requirements),
    Scenario("adoption", _adoption, adopts=True),
)


def listed(manifest: Item | None) -> dict[str, object]:
    """Return what a manifest lists."""
    return dict(json.loads(manifest.data)["files"]) if manifest is not None else {}


def stated(item: Item) -> dict[str, object]:
    """Return how a manifest states a file."""
    if item.kind == "link":
        return {"symlink": os.fsdecode(item.data)}
    return {"exec": item.executable, "sha256": hashlib.sha256(item.data).hexdigest()}


def out_of_sync(tree: Tree) -> Iterator[str]:
    """Yield each service that is not in sync, by comparing bytes: with the master, and with the manifest's own words."""
    blocks = NO_BLOCKS.encode() not in tree["common-sync.toml"].data
    attributes = tree[".gitattributes"].data if ".gitattributes" in tree else b""
    if blocks and not all(
        f"/{service}/common/** linguist-generated -text\n".encode() in attributes for service in SERVICES
    ):
        yield ".gitattributes"
    master = {path: item for path, item in below(tree, "common").items() if "__pycache__" not in path}
    for service in SERVICES:
        copy = {
            path: item
            for path, item in below(tree, f"{service}/common").items()
            if not is_leftover(path) and "__pycache__" not in path
        }
        manifest = copy.pop(MANIFEST, None)
        truly_listed = {path: stated(item) for path, item in master.items()}
        pointing = [
            path
            for path, item in below(tree, service).items()
            if "requirements" in path and b"../common" in item.data and not path.startswith("common/")
        ]
        ignored = tree.get(f"{service}/.dockerignore")
        unblocked = blocks and f"{service}/Dockerfile" in tree and (ignored is None or START not in ignored.data)
        if copy != master or listed(manifest) != truly_listed or pointing or unblocked:
            yield service
