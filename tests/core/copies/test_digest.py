"""The tree digest: held against a second implementation, written from docs/manifest.md alone."""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import ODD_NAMES, file, paths, thorough, trees

from common_sync.core.copies.digest import Digests, digest_tree, path_bytes
from common_sync.core.model import Entries, Entry, Symlink

PAGE = Path(__file__).parents[3].joinpath("docs/manifest.md").read_bytes().decode()


# The second implementation: it shares no code with the first, and takes a tree as a disk holds it.


def second_digest(tree: Iterable[tuple[bytes, str, bytes]]) -> str:
    """Return the digest of a tree: of each file or link its path, its kind, and its contents or target."""
    text = b"common-sync tree 1\n"
    for path, kind, held in sorted(tree):
        value = held if kind == "l" else hashlib.sha256(held).hexdigest().encode("ascii")
        text += str(len(path)).encode("ascii") + b":" + path + kind.encode("ascii")
        text += str(len(value)).encode("ascii") + b":" + value + b"\n"
    return "cs1:" + hashlib.sha256(text).hexdigest()


# End of the second implementation.


def blocks(kind: str) -> list[str]:
    """Return the page's test vectors of a kind, each with its last line end."""
    return re.findall(rf"^```json {kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def raw(tree: Iterable[dict[str, str]]) -> list[tuple[bytes, str, bytes]]:
    """Return a test vector's tree as the second implementation takes it."""
    return [
        (to_bytes(item["path"]), "l", to_bytes(item["symlink"]))
        if "symlink" in item
        else (to_bytes(item["path"]), "x" if item.get("exec") else "f", item["file"].encode())
        for item in tree
    ]


def to_bytes(text: str) -> bytes:
    """Return the bytes of a path or target, as the page says."""
    return text.encode("utf-8", "surrogateescape")


def first_form(tree: Iterable[tuple[bytes, str, bytes]]) -> Entries:
    """Return a tree as the first implementation takes it."""
    return {
        path.decode("utf-8", "surrogateescape"): Symlink(held.decode("utf-8", "surrogateescape"))
        if kind == "l"
        else file(held, executable=kind == "x")
        for path, kind, held in tree
    }


@pytest.mark.parametrize(
    ("tree", "manifest"), list(zip(blocks("tree"), blocks("manifest"), strict=True)), ids=["plain", "odd names"]
)
def test_vectors_of_the_page(tree: str, manifest: str) -> None:
    """A verifier that a stranger wrote from the page would refuse every copy."""
    held = raw(json.loads(tree))
    assert second_digest(held) == digest_tree(first_form(held)) == json.loads(manifest)["tree"]


def test_bytes_of_the_page() -> None:
    """The page would show another encoding than the one that is hashed."""
    (encoded,) = re.findall(r"^```text\n(common-sync tree 1\n.+?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert "cs1:" + hashlib.sha256(encoded.encode()).hexdigest() == json.loads(blocks("manifest")[0])["tree"]


def test_empty_tree_of_the_page() -> None:
    """The page would state a digest for the empty tree that no copy has."""
    assert f"`{digest_tree({})}`" in PAGE
    assert second_digest([]) == digest_tree({})


contents = st.one_of(st.sampled_from([b"", b"1", b"\n", b"64:"]), st.binary(max_size=8))
raw_trees = st.lists(
    st.tuples(paths.map(to_bytes), st.sampled_from("fxl"), contents), max_size=8, unique_by=lambda item: item[0]
)


@thorough
@given(raw_trees)
def test_agrees_with_the_second_implementation(tree: list[tuple[bytes, str, bytes]]) -> None:
    """The digest of some tree would be another one than its specification says."""
    assert digest_tree(first_form(tree)) == second_digest(tree)


@thorough
@given(trees(), st.data())
def test_the_order_does_not_matter(tree: dict[str, Entry], data: st.DataObject) -> None:
    """The same copy would have another digest on another disk."""
    shuffled = data.draw(st.permutations(list(tree.items())))
    assert digest_tree(dict(shuffled)) == digest_tree(tree)


few = trees(st.sampled_from(["a", "b", "a:", "a\n"]), st.sampled_from([file(), file(executable=True), Symlink("a")]))


@thorough
@given(few, few)
def test_two_trees_have_the_same_digest_only_if_they_are_the_same(
    one: dict[str, Entry], other: dict[str, Entry]
) -> None:
    """Two copies that a build can tell apart would pass for the same."""
    assert (digest_tree(one) == digest_tree(other)) == (one == other)


BEGINNING: Entries = {"a": file(b"12"), "b": file(b"3"), "folder/c": file(b""), "link": Symlink("a")}

MUTATIONS: dict[str, Entries] = {
    "as it was": {},
    "a changed byte": {"a": file(b"13")},
    "bytes shifted over a file's end": {"a": file(b"1"), "b": file(b"23")},
    "contents swapped": {"a": file(b"3"), "b": file(b"12")},
    "an executable bit": {"a": file(b"12", executable=True)},
    "the executable bit of another": {"b": file(b"3", executable=True)},
    "a file that became a link": {"a": Symlink("12")},
    "a file that became a link to its digest": {"a": Symlink(file(b"12").sha256)},
    "a link that became a file": {"link": file(b"a")},
    "another target": {"link": Symlink("b")},
    "a target with a slash": {"link": Symlink("a/")},
    "a new empty file": {"d": file()},
    "a new empty file in a folder": {"folder/d": file()},
}

MOVED: dict[str, tuple[str, str]] = {
    "a moved file": ("a", "folder/a"),
    "a renamed file": ("a", "aa"),
    "a file in another case": ("a", "A"),
    "a renamed folder": ("folder/c", "folder2/c"),
    "a folder that became part of a name": ("folder/c", "folder:c"),
    "a name that takes in what follows it": ("a", "af64:"),
    "a composed letter": ("a", "ä"),
    "the same letter in two": ("a", "a\u0308"),
} | {f"the name {name!r}": ("a", name) for name in ODD_NAMES if name not in {"ä", "a\u0308"}}


def move(old: str, new: str) -> Entries:
    """Return the tree with one file under another path."""
    return {(new if path == old else path): entry for path, entry in BEGINNING.items()}


def test_every_change_changes_the_digest() -> None:
    """A copy that differs would pass: four public tools that hash trees miss one of these."""
    variants: dict[str, Entries] = {reason: {**BEGINNING, **changed} for reason, changed in MUTATIONS.items()}
    variants |= {reason: move(*names) for reason, names in MOVED.items()}
    variants["a file that is gone"] = {path: entry for path, entry in BEGINNING.items() if path != "b"}
    variants["nothing left"] = {}
    digests: dict[str, str] = {}
    for reason, tree in variants.items():
        assert digests.setdefault(digest_tree(tree), reason) == reason


def test_path_bytes_are_those_on_the_disk() -> None:
    """A file whose name is not UTF-8 could not be copied, or would be copied under another name."""
    assert path_bytes("ä/\udcff") == b"\xc3\xa4/\xff"


def test_the_last_tree_is_known_again() -> None:
    """A copy would be told by the digest of the one before it."""
    known, one, other = Digests(), {"a": file(b"1")}, {"a": file(b"2")}
    for tree in (one, one, other, {}, one):
        assert known.digest(tree) == digest_tree(tree)
