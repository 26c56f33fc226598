"""What `promote` remembers: the edits that it is taking over, and merges that a person has to finish.

The journal is written before the first file of the master is. Merging twice is not safe, so a run that was killed must be
known to the next one: where the copy holds what was to be taken, and the master what it was to become, that is done.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

from common_sync.core import limits
from common_sync.core.copies.manifest import why_unsafe
from common_sync.core.copies.promotion import digest_file, has_marks, make_entry
from common_sync.core.model import Entries, Version
from common_sync.edges.files.folders import explained, open_below, opened, read_bytes
from common_sync.edges.files.writing import replace_bytes
from common_sync.edges.state.lock import PROMOTING, opened_state, state_folder


class Take(NamedTuple):
    """An edit that is being taken over; digests of what stands at one path."""

    ours: str  # what the master held before
    theirs: str  # what the copy held
    result: str  # what the master is to hold
    done: str = ""  # `DONE` once it was written, where the copy is locked and does not follow

    def is_done(self, path: str, copy: Entries, master: Entries) -> bool:
        """Tell whether the master has the edit, and the copy does not follow yet."""
        return (digest_file(path, copy.get(path)), digest_file(path, master.get(path))) == (self.theirs, self.result)

    def was_taken(self, theirs: str, master: str) -> bool:
        """Tell whether the master has got the edit, whether or not a copy that is locked follows.

        Args:
            theirs: What the copy holds.
            master: What the master holds.
        """
        return self.theirs == theirs and (master == self.result or bool(self.done and master != self.ours))

    def is_kept(self, path: str, copy: Entries) -> bool:
        """Tell whether a copy that is locked still holds the edit."""
        return digest_file(path, copy.get(path)) == self.theirs

    def is_pending(self, path: str, copy: Entries, master: Entries) -> bool:
        """Tell whether it may still matter: the copy was not touched, nor is the master as it was before."""
        held, has = digest_file(path, copy.get(path)), digest_file(path, master.get(path))
        return held == self.theirs != has and has != self.ours


DONE = "done"

Taken = Mapping[str, Mapping[str, Take]]
"""A copy's path from the root → path in it → the edit that is being taken over."""

_SCHEMA = 1
_FIELDS = (3, 4)
_MERGES, _INPUTS, _OF = "promote", "promote.json", "of"


def read_journal(root: str) -> Taken:
    """Return the edits that a run was taking over when it was stopped; nothing where none was, or the journal is no journal.

    Args:
        root: The absolute path of the configuration's folder.
    """
    path = os.path.join(state_folder(root), PROMOTING)
    return {
        copy: {
            file: Take(*map(str, digests))
            for file, digests in files.items()
            if len(digests) in _FIELDS and why_unsafe(file) is None
        }
        for copy, files in _read(path).items()
    }


def _read(path: str) -> dict[str, dict[str, list[str]]]:
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        with open(path, encoding="utf-8") as file:
            import json  # only where there is something to read

            document = json.load(file)
        if document["schema"] == _SCHEMA:
            return {path: {key: [*value] for key, value in files.items()} for path, files in document["files"].items()}
    return {}


def write_journal(root: str, taken: Taken) -> None:
    """Replace the journal, its bytes on the disk; with nothing to remember, it goes.

    Args:
        root: The absolute path of the configuration's folder.
        taken: The edits.

    Raises:
        TreeError: It cannot be written; nothing should be taken over then.
    """
    state = state_folder(root)
    with explained(os.path.join(state, PROMOTING), "write down what is taken over"), opened_state(state) as folder:
        if any(taken.values()):
            replace_bytes(folder, PROMOTING, _format(taken), flushed=True)
        else:
            with suppress(FileNotFoundError):
                os.unlink(PROMOTING, dir_fd=folder)


def _format(files: object) -> bytes:
    import json  # only where there is something to write

    return (json.dumps({"schema": _SCHEMA, "files": files}, indent=1) + "\n").encode("ascii")


class Merges:
    """Merges that conflict, in the state folder and never in the work tree: a person finishes them there.

    Args:
        root: The absolute path of the configuration's folder.
    """

    def __init__(self, root: str) -> None:
        self._state = state_folder(root)
        known = _read(os.path.join(self._state, _INPUTS))
        self._inputs = {path: (one[_OF][0], one[_OF][-1]) for path, one in known.items() if one.get(_OF)}

    def place(self, path: str) -> str:
        """Return where the merge of a file is.

        Args:
            path: The file's path from the root, in its copy.
        """
        return os.path.join(self._state, _MERGES, path)

    def find_finished(self, path: str, inputs: str, executable: bool) -> Version | None:
        """Return the merge of a file that a person has finished; None where there is none, or of other inputs.

        Args:
            path: The file's path from the root, in its copy.
            inputs: The digest of what was merged.
            executable: Whether the result may be executed.
        """
        data = self._load(path)
        if data is None or self._inputs.get(path, ("", ""))[0] != inputs:
            return None
        found = Version(data, executable)
        return None if has_marks(found) else found

    def _load(self, path: str) -> bytes | None:
        above, _, name = f"{_MERGES}/{path}".rpartition("/")
        with suppress(OSError), opened(self._state) as state, opened(above, state) as folder:
            return read_bytes(name, folder, limits.PROMOTED)
        return None

    def keep(self, path: str, inputs: str, merge: Version) -> None:
        """Write a merge for a person to finish; one that is begun stays, and what was made of other inputs moves aside.

        Args:
            path: The file's path from the root, in its copy.
            inputs: The digest of what was merged.
            merge: The merge, with its marks.

        Raises:
            TreeError: It cannot be written.
        """
        known, written = self._inputs.get(path, ("", ""))
        held = self._load(path)
        if held is not None and known == inputs:
            return
        above, _, name = f"{_MERGES}/{path}".rpartition("/")
        with explained(self.place(path), "write the merge"), opened_state(self._state) as state:
            folder = open_below(state, above, make=True)
            try:
                if held is not None and digest_file(path, make_entry(Version(held))) != written:
                    _move_aside(folder, name)
                replace_bytes(folder, name, merge.data, flushed=True)
            finally:
                os.close(folder)
            self._inputs[path] = (inputs, digest_file(path, make_entry(Version(merge.data))))
            replace_bytes(state, _INPUTS, self._format_inputs(), flushed=True)

    def _format_inputs(self) -> bytes:
        return _format({path: {_OF: digests} for path, digests in self._inputs.items()})

    def drop(self, paths: Iterable[str]) -> None:
        """Forget merges that were taken over.

        Args:
            paths: The files' paths from the root, in their copies.

        Raises:
            TreeError: One cannot be removed.
        """
        known = [path for path in paths if path in self._inputs]
        if not known:
            return
        with explained(self._state, "remove a merge"), opened_state(self._state) as state:
            for path in known:
                above, _, name = f"{_MERGES}/{path}".rpartition("/")
                with suppress(FileNotFoundError), opened(above, state) as folder:
                    os.unlink(name, dir_fd=folder)
                del self._inputs[path]
            replace_bytes(state, _INPUTS, self._format_inputs(), flushed=True)


def _move_aside(folder: int, name: str) -> None:
    """Give what a person has begun another name, which is free."""
    names = set(os.listdir(folder))
    free = next(one for number in range(1, len(names) + 2) if (one := f"{name}.{number}") not in names)
    os.rename(name, free, src_dir_fd=folder, dst_dir_fd=folder)
