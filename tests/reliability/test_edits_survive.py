"""Any master, any manifest, any copy, on a real disk: what a person wrote in the copy is still there, all else is the master's."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reliability.scenarios import MANIFEST, Item, read_tree, stated
from support.depth import ALL, FULL, deep

from common_sync.commands.distribute import Distribution, distribute
from common_sync.commands.restore import restore
from common_sync.core.copies.manifest import format_manifest, make_manifest
from common_sync.core.errors import TreeError
from common_sync.core.model import Entry, File, Origin, Symlink
from common_sync.edges.project.load import load_project

EXAMPLES = 3000 if FULL else 150 if ALL else 25
thorough = settings(max_examples=EXAMPLES, derandomize=True)

COPY = "services/api/common"
PATHS = ("a", "d", "d/a", "d/b", "d/e", "d/e/a", "x", "x/y", "x/y/z", "-n", "odd\nname", "é", "\udcff", ".gitignore")
"""Names that get in each other's way, as file and as folder, and names that somebody's quoting gets wrong."""

IGNORED = (".venv/lib.py", "d/e/.venv/bin", "x/common.egg-info/PKG-INFO")
"""What the built-in excludes leave alone."""

CACHES = ("__pycache__/a.pyc", "d/__pycache__/b.pyc", "x/y/__pycache__/c.pyc", ".common-sync.tmp")


Tree = Mapping[str, Item]

files = st.builds(Item, st.just("file"), st.sampled_from([b"", b"one\n", b"two\n", b"three\n"]), st.booleans())
links = st.builds(Item, st.just("link"), st.sampled_from([b"a", b"d/a", b"nowhere"]), st.just(value=False))
strange_links = st.builds(Item, st.just("link"), st.sampled_from([b"/etc", b"../../..", b"d"]), st.just(value=False))


def above(path: str) -> Iterator[str]:
    """Yield the folders above a path."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def without_conflicts(tree: Tree) -> dict[str, Item]:
    """Leave out what would stand inside a file."""
    return {path: item for path, item in tree.items() if not any(folder in tree for folder in above(path))}


def trees(items: st.SearchStrategy[Item], paths: tuple[str, ...] = PATHS) -> st.SearchStrategy[dict[str, Item]]:
    """Return a strategy for what a folder holds."""
    return st.dictionaries(st.sampled_from(paths), items, max_size=8).map(without_conflicts)


class State(NamedTuple):
    """What is on the disk before a run.

    Attributes:
        master: What the master holds.
        base: What the copy's manifest lists, or None when there is none.
        copy: What the copy holds, with caches and what is ignored; None when there is no copy.
        folders: Empty folders in the copy.
    """

    master: dict[str, Item]
    base: dict[str, Item] | None
    copy: dict[str, Item] | None
    folders: list[str]

    def own(self) -> dict[str, Item]:
        """Return what a person wrote in the copy: it is neither what was distributed nor what the master holds now."""
        known = self.base if self.base is not None else {}
        return {
            path: item
            for path, item in (self.copy or {}).items()
            if path in PATHS and item not in (known.get(path), self.master.get(path))
        }

    def ignored(self) -> dict[str, Item]:
        """Return what the built-in excludes leave alone."""
        return {path: item for path, item in (self.copy or {}).items() if path in IGNORED}


@st.composite
def states(draw: st.DrawFn) -> State:
    """Return a strategy for states; the copy is often what the manifest says, or what the master holds."""
    master = draw(trees(st.one_of(files, links)))
    master = without_conflicts({"lib.py": Item("file", b"lib\n", executable=False)} | master)
    if draw(st.booleans()) and draw(st.booleans()):
        return State(master, None, None, [])
    base = draw(st.one_of(st.none(), st.just(master), trees(st.one_of(files, links))))
    copy = dict(draw(st.sampled_from([master, base or {}])))
    copy |= draw(trees(st.one_of(files, links, strange_links)))
    for path in draw(st.lists(st.sampled_from(PATHS), max_size=3)):
        copy.pop(path, None)
    copy |= draw(trees(files, IGNORED + CACHES))
    copy = without_conflicts(copy)
    folders = [
        path
        for path in draw(st.lists(st.sampled_from(["a", "d/e", "x/y", "empty/folder", "é"]), max_size=2))
        if path not in copy and not any(folder in copy for folder in above(path))
    ]
    return State(master, base, copy, folders)


def entry(item: Item) -> Entry:
    """Return how the program itself states a file."""
    known = stated(item)
    return Symlink(str(known["symlink"])) if "symlink" in known else File(str(known["sha256"]), item.executable)


def put(root: Path, tree: Tree) -> None:
    """Write a tree."""
    for path, item in tree.items():
        file = os.path.join(root, path)
        os.makedirs(os.path.dirname(file), exist_ok=True)
        if item.kind == "link":
            os.symlink(item.data, file)
            continue
        Path(file).write_bytes(item.data)
        os.chmod(file, 0o755 if item.executable else 0o644)


@contextmanager
def on_disk(state: State) -> Iterator[Path]:
    """Have a state on the disk, outside git."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", f"{folder}/state")
        root = Path(folder, "repo")
        (root / "services/api").mkdir(parents=True)
        (root / "services/api/main.py").touch()  # a folder of nothing but ignored files is no service
        (root / "common-sync.toml").write_text('master = "common"\nservices = ["services/*"]\n')
        put(root / "common", state.master)
        if state.copy is not None:
            (root / COPY).mkdir()
            put(root / COPY, state.copy)
        for path in state.folders:
            (root / COPY / path).mkdir(parents=True, exist_ok=True)
        if state.base is not None:
            listed = make_manifest(
                Origin("common", "common", None), {path: entry(item) for path, item in state.base.items()}
            )
            (root / COPY / MANIFEST).write_bytes(format_manifest(listed))
        yield root


def run(root: Path, *, force: bool = False) -> Distribution:
    """Run `distribute` in this process."""
    return distribute(load_project(str(root)), force=force)


def in_the_way(path: str, stays: Tree) -> bool:
    """Tell whether something that stays is above a path, or below it."""
    return any(folder in stays for folder in above(path)) or any(path in above(other) for other in stays)


def copied(state: State, stays: Tree) -> dict[str, Item]:
    """Return what of the master belongs into a copy in which something stays."""
    return {path: item for path, item in state.master.items() if path not in stays and not in_the_way(path, stays)}


@thorough
@given(states())
def test_edits_stay(state: State) -> None:
    """A person's edit in a copy would be overwritten or deleted by a run that nobody forced."""
    with on_disk(state) as root:
        master = read_tree(root / "common")
        done = run(root)
        after = read_tree(root / COPY)
        manifest = after.pop(MANIFEST)
        stays = state.own() | state.ignored()
        assert after == copied(state, stays) | stays
        assert read_tree(root / "common") == master
        assert done.in_sync == (not state.own() and after == state.master | state.ignored())
        if done.in_sync:
            listed = make_manifest(Origin("common", "common", None), {p: entry(i) for p, i in state.master.items()})
            assert manifest.data == format_manifest(listed)
        left = {f"{COPY}/{path}" for path in state.own()}
        assert left <= {finding.file for finding in done.findings()}
        again = run(root)
        assert (again.changed, again.in_sync) == (False, done.in_sync)
        assert {**read_tree(root / COPY)} == {**after, MANIFEST: manifest}


@deep("runs of the whole program that take long")
@thorough
@given(states())
def test_forced_edits_are_kept(state: State) -> None:
    """What `--force` discards would be gone for good, or the command that is to bring it back would not."""
    with on_disk(state) as root:
        done = run(root, force=True)
        after = read_tree(root / COPY)
        del after[MANIFEST]
        own, stays = state.own(), state.ignored()
        assert after == copied(state, stays) | stays
        if done.kept is None:
            assert own == {}
            return
        assert {path.removeprefix(f"{COPY}/"): item for path, item in read_tree(Path(done.kept)).items()} == own
        back = {path: item for path, item in own.items() if not in_the_way(path, after)}
        if back == own:
            restored = restore(load_project(str(root)), 1, print)
            assert (len(restored.restored), restored.kept) == (len(own), None)
        else:
            with pytest.raises(TreeError):
                restore(load_project(str(root)), 1, print, force=True)
        now = read_tree(root / COPY)
        assert {path: now.get(path) for path in own} == (
            own if back == own else {path: after.get(path) for path in own}
        )
