"""`diff`: unified diffs of what would change, copy → master, and of the references.

It is the direction of a tool that writes: what goes has a minus, what comes a plus. So a line that a person wrote into a copy has a
minus, and each head says which side it is.
"""

import difflib
import io
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Literal, NamedTuple

from common_sync.commands.steps.survey import Survey
from common_sync.core import limits
from common_sync.core.copies.plan import Operation
from common_sync.core.model import Entry, File, FileEdit, Symlink
from common_sync.core.service_plan import CopySurvey
from common_sync.edges.files.folders import explain_os_error


class DiffLine(NamedTuple):
    """A line of a unified diff.

    Attributes:
        kind: What it is: about a file, the place in it, a line that goes, one that comes, or one that stays.
        text: The line, without its end.
    """

    kind: Literal["file", "place", "-", "+", " "]
    text: str


def diff_lines(found: Survey, *, everything: bool = True, force: bool = True) -> Iterator[DiffLine]:
    """Yield the lines of unified diffs: of files that people write, then from the copies to the master.

    Args:
        found: What was read and planned.
        everything: Also show the files of new copies; else such a copy is one line.
        force: Also show what only `--force` would discard; else such a file is one line.

    Raises:
        TreeError: A file cannot be read.
    """
    for edit in found.edits():
        yield from _edit_lines(edit)
    for copy in (copy for plan in found.plans for copy in plan.copies):
        if copy.exists or everything:
            yield from _copy_lines(found, copy, force=force)
        else:
            number = len(copy.plan.operations)
            files = f"{number:,} file{'' if number == 1 else 's'}"
            yield DiffLine("file", f"New copy {copy.path}: {files} (-v shows them)")
    for former in (former for plan in found.plans for former in plan.former):
        yield DiffLine("file", f"Former copy {former.path}: {'goes' if former.goes(force=False) else 'stays'}")


def _copy_lines(found: Survey, copy: CopySurvey, *, force: bool) -> Iterator[DiffLine]:
    for operation in copy.plan.operations:
        if force or not operation.guarded:
            yield from operation_lines(found, copy, operation)
        else:
            yield DiffLine("file", f"Stays as it is: {copy.path}/{operation.path}")
    if copy.plan.behind and not copy.plan.operations:
        yield DiffLine("file", f"Only the manifest of {copy.path} and that of {copy.source} differ")


def _edit_lines(edit: FileEdit) -> Iterator[DiffLine]:
    before = "/dev/null" if edit.before is None else edit.path
    yield from compare_bytes(edit.before or b"", edit.after or b"", before, edit.path, _NOW_AND_THEN)


_NOW_AND_THEN, _COPY_AND_MASTER = ("now", "as distribute writes it"), ("the copy", "the master")
"""Which sides a difference has."""


def operation_lines(found: Survey, survey: CopySurvey, operation: Operation) -> Iterator[DiffLine]:
    """Yield how one file of a copy differs from what it should be.

    Args:
        found: What was read and planned.
        survey: How the copy stands.
        operation: What would bring the file in sync.

    Raises:
        TreeError: A file cannot be read.
    """
    copy, master = f"{survey.path}/{operation.path}", f"{survey.source}/{operation.path}"
    yield from _mode_lines(operation.before, operation.after, copy, master)
    if _same_bytes(operation.before, operation.after):
        return
    before = _read(operation.before, partial(_open, os.path.join(found.project.root, copy)))
    after = _read(operation.after, partial(found.targets[survey.target].content.read, operation.path))
    if before == after == b"":
        yield DiffLine("file", f"Only in {'the master' if operation.before is None else 'the copy'}: empty file {copy}")
    yield from compare_bytes(before, after, copy, master, _COPY_AND_MASTER)


def _same_bytes(before: Entry | None, after: Entry | None) -> bool:
    return isinstance(before, File) and isinstance(after, File) and before.sha256 == after.sha256


def _mode_lines(before: Entry | None, after: Entry | None, copy: str, master: str) -> Iterator[DiffLine]:
    old, new = _mode(before), _mode(after)
    if before is not None and after is not None and old != new:
        yield DiffLine("file", f"{copy}: mode {old}, in {master} mode {new}")


def _mode(entry: Entry | None) -> str:
    """Return the mode as git writes it."""
    if isinstance(entry, Symlink):
        return "120000"
    return "100755" if entry is not None and entry.executable else "100644"


def _open(path: str) -> IO[bytes]:
    try:
        return open(path, "rb")
    except OSError as error:
        raise explain_os_error(error, path, "read it") from error


def _read(entry: Entry | None, read: Callable[[], IO[bytes]]) -> bytes | None:
    """Return what to compare: the bytes of a file, the target of a symlink, None for what is not there or too large."""
    if entry is None:
        return b""
    if isinstance(entry, Symlink):
        return os.fsencode(entry.target)
    with read() as file:
        data = file.read(limits.TEXT + 1)
    return None if len(data) > limits.TEXT or b"\0" in data else data


def compare_bytes(
    before: bytes | None, after: bytes | None, copy: str, master: str, sides: tuple[str, str] | None = None
) -> Iterator[DiffLine]:
    """Yield the unified diff of two files.

    Args:
        before: The bytes of one; None where it is too large or binary.
        after: Those of the other.
        copy: The path of the one.
        master: The path of the other.
        sides: What each of them is, for a person; programs that read diffs take the name before the tab.
    """
    if before is None or after is None:
        yield DiffLine("file", f"Binary or large files {copy} and {master} differ")
        return
    lines = list(difflib.unified_diff(_split(before), _split(after)))
    if lines:
        old, new = (f"\t({side})" for side in sides) if sides is not None else ("", "")
        yield from (DiffLine("file", f"--- {copy}{old}"), DiffLine("file", f"+++ {master}{new}"))
    for line in lines[2:]:  # the first two are the heads of the files
        yield DiffLine(_KINDS[line[0]], line.removesuffix("\n"))
        if not line.endswith("\n"):
            yield DiffLine("place", "\\ No newline at end of file")


_KINDS: dict[str, Literal["place", "-", "+", " "]] = {"@": "place", "-": "-", "+": "+", " ": " "}


def _split(data: bytes) -> list[str]:
    """Split into lines at line feeds only, keeping them, as `diff` does."""
    return [line.decode("utf-8", "backslashreplace") for line in io.BytesIO(data)]
