"""The text of the hook, imported only where there is some."""

import os
from collections.abc import Iterator, Sequence

from common_sync.commands.hook import HookRun
from common_sync.commands.steps.commit_check import Commit
from common_sync.commands.steps.commit_comparison import Lack
from common_sync.core.errors import shell_word
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.edges.git.repository import users_folder
from common_sync.interface.show.options import Options
from common_sync.interface.show.sections import section_lines
from common_sync.interface.show.terminal import Terminal, printable
from common_sync.interface.show.text import count, finding_lines

_MOST_FILES = 10


def hook_lines(run: HookRun, pushed: str | None, *, check: bool) -> Iterator[str]:
    """Yield what the hook prints: its work, the findings, the commit's lacks.

    Args:
        run: What the run came to.
        pushed: The commit that is about to be pushed, or None when one is about to be made.
        check: Whether nothing was to be written.
    """
    options = Options()
    if run.done is not None:
        from common_sync.interface.show.distribute import outcome_lines  # only after a change

        yield from outcome_lines(run.done, run.done.outcomes, options)
    root, here = run.found.project.root, users_folder()
    yield from _unknown_lines([_spell(file, root, here) for file in run.unknown], options.terminal)
    told = [lack for lack in run.commit.lacks if check or not lack.is_plain]
    yield from section_lines(run.findings(), run.found, options)
    yield from finding_lines(
        [_make_finding(lack, _spell(lack.place, root, here)) for lack in told], options.terminal, everything=False
    )
    yield from _clone_lines(run.commit, options.terminal, pushed)
    if not check:
        places = dict.fromkeys(lack.place for lack in run.commit.lacks if lack.is_plain)
        yield from _add_lines([_spell(place, root, here) for place in places])


def _spell(place: str, root: str, here: str) -> str:
    """Return the place to mend as a word for a shell."""
    return shell_word(os.path.relpath(os.path.join(root, place), here))


def _make_finding(lack: Lack, place: str) -> Finding:
    return make_finding("CS009", lack.service, lack.path, None, lack.message, f"{lack.command} {place}")


def _unknown_lines(files: Sequence[str], terminal: Terminal) -> Iterator[str]:
    if files:
        what = f"{count(len(files), 'file')} of the library, so no copy in this commit has {'it' if len(files) == 1 else 'them'}"
        yield f"{terminal.mark('!')} git does not know {what}: {_add_command(files)}"


def _add_command(files: Sequence[str]) -> str:
    return f"git add {printable(' '.join(files[:_MOST_FILES]))}{' …' if len(files) > _MOST_FILES else ''}"


def _add_lines(places: Sequence[str]) -> Iterator[str]:
    if places:
        yield "the commit would lack what is in sync on the disk; add it and commit again:"
        yield f"  git add {printable(' '.join(places))}"


def _clone_lines(commit: Commit, terminal: Terminal, pushed: str | None) -> Iterator[str]:
    if not commit.clone:
        return
    if pushed is not None:
        yield "a fresh clone of what is pushed would not be in sync; commit what is on the disk:"
        yield from finding_lines(commit.clone, terminal, everything=False)
        return
    yield "a fresh clone of this commit would not be in sync, because git changes bytes on the way in or out:"
    remedy = "give the master and its copies `-text` in .gitattributes, and then check the master's files out anew"
    findings = [finding._replace(remedy=remedy) for finding in commit.clone]
    yield from finding_lines(findings, terminal, everything=False)
