"""The tree digest `cs1`: one hash that tells apart every two trees that a build could tell apart.

Specified in docs/manifest.md, with test vectors; `tests/core/copies/test_digest.py` holds a second implementation against it.
"""

from common_sync.core.expressions import expression
from common_sync.core.model import Entries, Entry, File

PREFIX = "cs1:"
TREE = expression(f"{PREFIX}[0-9a-f]{{64}}")
"""What a tree digest looks like."""

_HEADER = b"common-sync tree 1\n"


def path_bytes(path: str) -> bytes:
    """Return the bytes of a path as the file system holds them; they are also the order in which paths are sorted.

    Args:
        path: A POSIX path, with bytes that are not UTF-8 kept by surrogateescape (PEP 383).
    """
    return path.encode("utf-8", "surrogateescape")


def digest_tree(entries: Entries) -> str:
    """Return the digest of a tree.

    Args:
        entries: Path → entry; the order does not matter.

    Returns:
        `cs1:` and 64 hex digits.
    """
    import hashlib  # takes 2 ms, and who only asks for the names of services hashes nothing

    digest = hashlib.sha256(_HEADER)
    for path in sorted(entries, key=path_bytes):
        digest.update(_encode(path, entries[path]))
    return PREFIX + digest.hexdigest()


def _encode(path: str, entry: Entry) -> bytes:
    """Encode one entry; every field says how long it is, so that no byte can move from one field into the next."""
    name = path_bytes(path)
    if isinstance(entry, File):
        kind, value = (b"x" if entry.executable else b"f"), entry.sha256.encode()
    else:
        kind, value = b"l", path_bytes(entry.target)
    return b"%d:%s%s%d:%s\n" % (len(name), name, kind, len(value), value)
