"""The text of `log`."""

from collections.abc import Iterator, Sequence

from common_sync.commands.log import CopyHistory, DigestHistory, History
from common_sync.core.copies.ancestry import Commit
from common_sync.core.errors import Problem
from common_sync.core.model import SHOWN_ID
from common_sync.interface.show.options import Options
from common_sync.interface.show.terminal import columns, pad, printable
from common_sync.interface.show.text import count, problem_lines

_CURRENT = "up to date"
_MOST_CURRENT = 5
"""Copies that are up to date, beyond which they are counted where others are not."""

_MOST = 20
"""Commits and files that are named of each copy, unless more is asked for."""


def log_lines(history: History, options: Options) -> Iterator[str]:
    """Yield a line a copy or a digest, and below it the commits that it lacks.

    Args:
        history: What was found.
        options: The options of every command; with `quiet`, only what lacks something is shown.
    """
    current = [copy for copy in history.copies if [*_describe(copy)] == [_CURRENT]]
    is_folded = len(current) > _MOST_CURRENT and len(history.copies) > len(current) and not options.verbose
    shown = [copy for copy in history.copies if not (is_folded and copy in current)]
    width = max((columns(printable(copy.copy)) for copy in shown), default=0)
    for copy in shown:
        if options.quiet and (copy.is_current or not copy.exists):
            continue
        head = f"{pad(printable(copy.copy), width)}  "
        yield from options.terminal.wrap(", ".join(_describe(copy)), width + 2, head)
        yield from _problem_lines(copy.unclear, options)
        if copy.uncommitted:
            yield f"  {'-' * SHOWN_ID} {count(len(copy.uncommitted), 'file')} of {printable(copy.master)} not committed yet"
        yield from commit_lines(copy.behind[::-1], options)
    if is_folded and not options.quiet:
        yield f"{options.terminal.mark('·')} {len(current):,} more copies up to date (-v names them)"
    for digest in history.digests:
        yield from options.terminal.wrap(_describe_digest(digest), 4, f"{digest.digest}  ")
        yield from _problem_lines(digest.unclear, options)
        yield from commit_lines(digest.behind[::-1], options)


def _describe(copy: CopyHistory) -> Iterator[str]:
    if not copy.exists:
        yield "no copy"
        return
    if copy.unclear is not None:
        yield "cannot be told"
    elif copy.is_current and not copy.differs:
        yield _CURRENT
    elif copy.at is not None:
        yield f"{printable(copy.master)} at {copy.at.id[:SHOWN_ID]}{_exceptions(copy)}"
    if not copy.managed:
        yield "no manifest"
    if copy.edited:
        yield f"{_name_files(copy.edited)} edited"
    if copy.behind:
        yield f"{count(len(copy.behind), 'commit')} behind"


def _exceptions(copy: CopyHistory) -> str:
    return f" but for {_name_files(copy.differs)}" if copy.differs else ""


def _name_files(files: Sequence[str]) -> str:
    return printable(files[0]) if len(files) == 1 else count(len(files), "file")


def _describe_digest(digest: DigestHistory) -> str:
    if digest.unclear is not None:
        return "cannot be told"
    now = [f"what {printable(digest.master)} holds now"] if digest.is_now else []
    at = [f"{printable(digest.master)} at {_name_commit(digest.at)}"] if digest.at is not None else []
    behind = [f"{count(len(digest.behind), 'commit')} behind"] if digest.behind else []
    return ", ".join([*now, *at, *behind]) or f"no commit of {printable(digest.master)} that led here has it"


def _name_commit(commit: Commit) -> str:
    return f"{commit.id[:SHOWN_ID]} {commit.date} {printable(commit.subject)}"


def _problem_lines(problem: Problem | None, options: Options) -> Iterator[str]:
    if problem is not None:
        yield from (f"  {line}" for line in problem_lines(problem, options.terminal))


def commit_lines(commits: Sequence[Commit], options: Options) -> Iterator[str]:
    """Yield a line a commit, and how many more there are.

    Args:
        commits: The commits, the newest first.
        options: The options of every command; with `verbose`, all are named.
    """
    most = len(commits) if options.verbose else _MOST
    for commit in commits[:most]:
        text = f"{_name_commit(commit)}{f' ({printable(commit.author)})' if options.verbose else ''}"
        yield from options.terminal.wrap(text, 4, "  ")
    if len(commits) > most:
        yield f"  and {len(commits) - most} more (-v shows them)"
