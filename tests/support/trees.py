"""Trees that Hypothesis makes up: names of every kind that a file system takes, and no file inside a file."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from hypothesis import settings
from hypothesis import strategies as st

from common_sync.core.model import Entry, File, Symlink
from common_sync.core.paths import MANIFEST_NAME, ancestors
from support.depth import ALL

thorough = settings(max_examples=150 if ALL else 30)
"""How often a property of the core is tried."""

ODD_NAMES = [
    'a"b',
    "a\\b",
    "a\nb",
    "a:b",
    "a\tb",
    "a\x01b",
    "a\x7fb",
    "a\u2028b",
    " a",
    "ä",
    "a\u0308",
    "😀",
    "\ufeff",
    "\udcff",
    "\udcc3",
    "…",
    "...",
    "3:a",
    "\\u0041",
    "__pycache__",
]
"""Names that somebody's encoding, quoting or sorting gets wrong."""

SIMPLE_NAMES = ["a", "b", "ab", "a.b", "A", "a b"]


def file(content: bytes = b"", *, executable: bool = False) -> File:
    """Return the entry of a file with these bytes."""
    return File(sha256(content).hexdigest(), executable)


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _is_part(name: str) -> bool:
    return name not in {"", ".", ".."} and name.lower() != ".git" and "/" not in name and "\0" not in name


names = st.one_of(
    st.sampled_from(SIMPLE_NAMES),
    st.sampled_from(ODD_NAMES),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4).filter(_is_part),
    st.binary(max_size=4).map(_decode).filter(_is_part),
)
"""One part of a path."""

paths = st.lists(names, min_size=1, max_size=3).map("/".join).filter(lambda path: path != MANIFEST_NAME)

targets = st.one_of(paths, paths.map("../".__add__), st.just("/"))
"""What a symlink leads to."""

files = st.builds(file, st.sampled_from([b"", b"1", b"2"]), executable=st.booleans())
entries: st.SearchStrategy[Entry] = st.one_of(files, st.builds(Symlink, targets))


def without_conflicts(tree: Mapping[str, Entry], others: Iterable[str] = ()) -> dict[str, Entry]:
    """Leave out each path that leads through a file, or that is a folder of one of the others."""
    folders = {folder for path in (*tree, *others) for folder in ancestors(path)}
    taken = set(others)
    return {
        path: entry
        for path, entry in tree.items()
        if path not in folders and path not in taken and taken.isdisjoint(ancestors(path))
    }


def trees(
    of: st.SearchStrategy[str] = paths, holding: st.SearchStrategy[Entry] = entries
) -> st.SearchStrategy[dict[str, Entry]]:
    """Return a strategy for what a tree holds."""
    return st.dictionaries(of, holding, max_size=8).map(without_conflicts)
