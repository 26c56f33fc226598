"""Files known by their bytes: a copy read with the master's bytes at hand is what a copy read without them is."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.trees import file, thorough

from common_sync.core.copies.rules import Rules
from common_sync.core.model import Snapshot
from common_sync.edges.files import large
from common_sync.edges.files import memory as module
from common_sync.edges.files.folders import BLOCK, opened
from common_sync.edges.files.large import Large
from common_sync.edges.files.memory import Held
from common_sync.edges.files.reading import Expected, read_listed, walk


@pytest.fixture(autouse=True, scope="module")
def old_enough() -> Iterator[None]:
    """Take large files for settled that have just been made: nobody writes to them here while they are read."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("COARSE", "FINE"):
            patch.setattr(large, name, -(1 << 62))
        yield


Tree = dict[str, bytes | tuple[bytes] | str | None]
"""Path → bytes of a file, (bytes,) of one that may be executed, the target of a symlink, or None for an empty folder."""


def make(root: Path, tree: Tree) -> Path:
    """Make a tree where there may have been another one."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for path, what in tree.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(what, str):
            place.symlink_to(what)
        elif what is None:
            place.mkdir(exist_ok=True)
        else:
            place.write_bytes(what if isinstance(what, bytes) else what[0])
            place.chmod(0o644 if isinstance(what, bytes) else 0o755)
    return root


def read(root: Path, held: Held | None = None) -> Snapshot:
    """Read a copy, by the bytes that are held or without."""
    with opened(str(root)) as folder:
        return walk(folder, "copy", Rules(()), Expected(held=held))


def hold(root: Path, paths: list[str], room: int = 1 << 20) -> Held:
    """Read a master."""
    held = Held(room, Large(str(root)))
    with opened(str(root)) as folder:
        read_listed(folder, paths, "master", held)
    return held


FEW = ["x", "y", "d/x", "d/y"]
contents = st.sampled_from([b"", b"a", b"b", b"ab", b"aba", b"a" * 9, b"\0", b"a\n", b"x" * BLOCK, b"x" * (BLOCK - 1)])
things = st.one_of(contents, contents.map(lambda data: (data,)), st.sampled_from(["x", "d/x", "nothing"]), st.none())
few = st.dictionaries(st.sampled_from(FEW), things)


@thorough
@given(master=few, copy=few, room=st.sampled_from([0, 1, 3, 12, 1 << 20]))
@example(master={"x": b"ab", "y": b"ab"}, copy={"x": b"a", "y": b"aba"}, room=1 << 20)
@example(master={"x": b"a", "y": b"b"}, copy={"x": b"ab", "y": b""}, room=1 << 20)
@example(master={"x": b"a"}, copy={"x": (b"a",)}, room=1 << 20)
@example(master={"x": b"x" * BLOCK}, copy={"x": (b"x" * BLOCK,)}, room=1 << 20)
@example(master={"x": b"x" * BLOCK, "y": b"x" * BLOCK}, copy={"x": b"x" * BLOCK, "y": b"y" * BLOCK}, room=1 << 20)
def test_bytes_and_hashes_agree(master: Tree, copy: Tree, room: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An edit would go unseen, or a file that is as it should be would be called modified."""
    base = tmp_path_factory.getbasetemp()
    held = hold(make(base / "master", master), FEW, room)
    for root in (make(base / "copy", copy), base / "master"):
        assert read(root, held)._replace(seen={}) == read(root)._replace(seen={})


@thorough
@given(tree=few, room=st.integers(0, 30))
def test_what_is_held_is_what_was_read(tree: Tree, room: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A copy would be written with the bytes of another file, or of a part of one."""
    root = make(tmp_path_factory.getbasetemp() / "master", tree)
    held = hold(root, FEW, room)
    got = {path: data for path in FEW if (data := held.get(path)) is not None}
    assert got == {path: (root / path).read_bytes() for path in got}
    assert sum(map(len, got.values())) <= room
    assert all(not (root / path).is_symlink() for path in got)


def test_what_is_always_held() -> None:
    """A library whose files fill the memory would have no name and no version."""
    held = Held(3, Large(""), ("pyproject.toml",))
    for path, data in (("a", b"aa"), ("b", b"bb"), ("pyproject.toml", b"name"), ("c", b"")):
        held.keep(path, file(data), data)
    assert [held.get(path) for path in ("a", "b", "pyproject.toml", "c")] == [b"aa", None, b"name", None]


def append(path: Path) -> None:
    """Make a file longer."""
    with path.open("ab") as stream:
        stream.write(b"more")


def truncate(path: Path) -> None:
    """Make a file shorter."""
    os.truncate(path, 1)


def edit(path: Path) -> None:
    """Change a file in place, its length kept."""
    path.write_bytes(b"EDITED!")


def rename_over(path: Path) -> None:
    """Put another file in its place, as editors do."""
    new = path.with_name("new")
    new.write_bytes(b"another")
    new.rename(path)


def link(path: Path) -> None:
    """Put a symlink in its place."""
    path.unlink()
    path.symlink_to("elsewhere")


def remove(path: Path) -> None:
    """Take it away."""
    path.unlink()


def restore(path: Path) -> None:
    """Put back what the master has."""
    path.write_bytes(b"content")


@pytest.mark.parametrize("call", ["open", "fstat", "read"])
@pytest.mark.parametrize("change", [append, truncate, edit, rename_over, link, remove, restore])
@pytest.mark.parametrize("before", [b"content", b"changed", b"cont", b"content and more"])
def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, change: Callable[[Path], None], before: bytes
) -> None:
    """A copy would be called in sync though it was not the master's at any time, neither before the edit nor after."""
    held = hold(make(tmp_path / "master", {"x": b"content"}), ["x"])
    root = make(tmp_path / "copy", {"x": before})
    was = read(root).entries
    real: Callable[..., object] = getattr(os, call)
    calls: list[str] = []

    def changing(*arguments: object, **named: object) -> object:
        result = real(*arguments, **named)
        if not calls:
            calls.append(call)
            change(root / "x")
        return result

    with monkeypatch.context() as patch:
        patch.setattr(module, "os", _Os(call, changing))
        found = read(root, held).entries
    assert calls
    (root / "new").unlink(missing_ok=True)
    assert found in (was, read(root).entries)


class _Os:
    """The module `os`, one of whose calls is another: only for the module under test, so that only its call changes files."""

    def __init__(self, name: str, call: Callable[..., object]) -> None:
        self._name, self._call = name, call

    def __getattr__(self, name: str) -> object:
        return self._call if name == self._name else getattr(os, name)
