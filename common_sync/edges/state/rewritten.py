"""What was rewritten, kept where it belongs to no commit, so that `eject` can put it back byte for byte.

It is a help, and not needed: where there is none, as in a fresh clone, git's history has the files from before.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress

from common_sync.core.copies.manifest import why_unsafe
from common_sync.core.model import FileEdit
from common_sync.core.references.undoing import Hunk, find_hunks, put_back
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.files.writing import replace_bytes

Record = Mapping[str, list[Hunk]]
"""A file's path from the root → what was rewritten in it, the oldest first."""

_NAME = "rewritten.json"
_SCHEMA = 1


def read_record(state: str) -> Record:
    """Return what was rewritten; nothing where there is no record, or none that can be read."""
    import json  # only where something is rewritten or put back

    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        with open(os.path.join(state, _NAME), encoding="utf-8") as file:
            document = json.load(file)
        if document["schema"] == _SCHEMA:
            return {
                file: [Hunk(int(line), tuple(map(str, was)), tuple(map(str, now))) for line, was, now in hunks]
                for file, hunks in document["files"].items()
                if why_unsafe(file) is None
            }
    return {}


def add_to_record(state: str, edits: Iterable[FileEdit]) -> None:
    """Write down what is about to be rewritten.

    Args:
        state: The repository's state folder, which is there.
        edits: What is about to be done, of files that are there.

    Raises:
        TreeError: It cannot be written; nothing should be rewritten then.
    """
    record = dict(read_record(state))
    for edit in edits:
        before, after = os.fsdecode(edit.before or b""), os.fsdecode(edit.after or b"")
        record[edit.path] = find_hunks(put_back(before, record.get(edit.path, ())), after)
    write_record(state, record)


def write_record(state: str, record: Record) -> None:
    """Replace the record.

    Args:
        state: The repository's state folder, which is there.
        record: What was rewritten; a file of which nothing is known any more is left out.

    Raises:
        TreeError: It cannot be written.
    """
    import json  # as above

    document = {"schema": _SCHEMA, "files": {file: hunks for file, hunks in sorted(record.items()) if hunks}}
    try:
        with opened(state) as folder:
            replace_bytes(folder, _NAME, (json.dumps(document, indent=1) + "\n").encode("ascii"))
    except OSError as error:
        raise explain_os_error(error, os.path.join(state, _NAME), "write down what is rewritten") from error
