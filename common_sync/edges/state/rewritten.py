"""What was rewritten, kept where it belongs to no commit, so that `eject` can put it back byte for byte.

It is a help, and not needed: where there is none, as in a fresh clone, git's history has the files from before.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import NamedTuple

from common_sync.core.copies.manifest import why_unsafe
from common_sync.core.model import FileEdit
from common_sync.core.references.undoing import Hunk, find_hunks, put_back
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.files.writing import replace_bytes

Record = Mapping[str, list[Hunk]]
"""A file's path from the root → what was rewritten in it, the oldest first."""

_NAME = "rewritten.json"
_SCHEMA = 1


class _Undone(NamedTuple):
    """What was put back in a file: of use again where somebody takes that back, as with `git reset --hard`."""

    digest: str  # SHA-256 of what the file held before
    hunks: list[Hunk]  # what was rewritten in it


def recall(state: str, root: str) -> Record:
    """Return what was rewritten; nothing where there is no record, or none that can be read.

    Args:
        state: The repository's state folder.
        root: The absolute path of the folder that the files' paths are from.
    """
    record, undone = _read(state)
    again = {}
    for file, (digest, hunks) in undone.items():
        with suppress(OSError), open(os.path.join(root, file), "rb") as stream:
            if digest == sha256(stream.read()).hexdigest():
                again[file] = hunks
    return {**record, **again}


def _read(state: str) -> tuple[Record, Mapping[str, _Undone]]:
    import json  # only where something is rewritten or put back

    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        with open(os.path.join(state, _NAME), encoding="utf-8") as file:
            document = json.load(file)
        if document["schema"] == _SCHEMA:
            record = {file: _parse(hunks) for file, hunks in document["files"].items() if why_unsafe(file) is None}
            undone = {
                file: _Undone(str(digest), _parse(hunks))
                for file, (digest, hunks) in document.get("undone", {}).items()
                if why_unsafe(file) is None
            }
            return record, undone
    return {}, {}


def _parse(hunks: Iterable[tuple[int, Iterable[object], Iterable[object]]]) -> list[Hunk]:
    return [Hunk(int(line), tuple(map(str, was)), tuple(map(str, now))) for line, was, now in hunks]


def add_to_record(state: str, edits: Iterable[FileEdit]) -> None:
    """Write down what is about to be rewritten.

    Args:
        state: The repository's state folder, which is there.
        edits: What is about to be done, of files that are there.

    Raises:
        TreeError: It cannot be written; nothing should be rewritten then.
    """
    known, undone = _read(state)
    record = dict(known)
    for edit in edits:
        before, after = os.fsdecode(edit.before or b""), os.fsdecode(edit.after or b"")
        again = undone.get(edit.path)
        same = again is not None and again.digest == sha256(edit.before or b"").hexdigest()
        said = again.hunks if again is not None and same else record.get(edit.path, ())
        record[edit.path] = find_hunks(put_back(before, said), after)
    _write(state, record, undone)


def take_out(state: str, recalled: Record, edits: Mapping[FileEdit, list[Hunk]]) -> None:
    """Take out of the record what was put back, and keep it for whoever takes that back.

    Args:
        state: The repository's state folder, which is there.
        recalled: What was known of the files.
        edits: What was done, with what is rewritten in each file still.

    Raises:
        TreeError: It cannot be written.
    """
    known, undone = _read(state)
    done = {edit.path: left for edit, left in edits.items() if edit.path in recalled}
    kept = {
        edit.path: _Undone(sha256(edit.before or b"").hexdigest(), recalled[edit.path])
        for edit in edits
        if edit.path in done
    }
    if done:
        _write(state, {**known, **done}, {**undone, **kept})


def _write(state: str, record: Record, undone: Mapping[str, _Undone]) -> None:
    """Replace the record; a file of which nothing is known any more is left out."""
    import json  # as above

    files = {file: hunks for file, hunks in sorted(record.items()) if hunks}
    document = {"schema": _SCHEMA, "files": files, "undone": dict(sorted(undone.items()))}
    try:
        with opened(state) as folder:
            replace_bytes(folder, _NAME, (json.dumps(document, indent=1) + "\n").encode("ascii"))
    except OSError as error:
        raise explain_os_error(error, os.path.join(state, _NAME), "write down what is rewritten") from error
