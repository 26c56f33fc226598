"""The text of `watch`: a line a round."""

import time
from collections.abc import Collection, Iterator

from common_sync.commands.distribute import Distribution
from common_sync.core.model import Finding
from common_sync.interface.show.distribute import outcome_lines
from common_sync.interface.show.options import Options
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import count, finding_lines


def name_cause(paths: Collection[str]) -> str:
    """Return what has changed, in a few words.

    Args:
        paths: The paths, or none where they are not known.
    """
    if not paths:
        return "a change"
    first, *more = sorted(path.rpartition("/")[2] for path in paths)
    return printable(f"{first} and {len(more)} more" if more else first)


def round_lines(
    cause: str | None, distribution: Distribution, seconds: float, said: Collection[Finding], options: Options
) -> Iterator[str]:
    """Yield the line of a round, and what is still to be said.

    Args:
        cause: What has changed, or None where there is a line only if something was written.
        distribution: What the round came to.
        seconds: How long it took.
        said: The findings that were said before.
        options: The options of every command; with `quiet`, only what is still to be said.
    """
    if not options.quiet and (cause or distribution.changed):
        text = f"{time.strftime('%H:%M:%S')} {cause or 'a change'} → {_result(distribution)}, {seconds:.2f} s"
        yield options.terminal.spell(text)
    if options.verbose:
        changed = [outcome for outcome in distribution.outcomes if outcome.changed]
        yield from (f"  {line}" for line in outcome_lines(distribution, changed, options))
    new = [finding for finding in distribution.findings() if finding not in said]
    yield from finding_lines(new, options.terminal, everything=options.verbose)


def _result(distribution: Distribution) -> str:
    changed = sum(outcome.changed for outcome in distribution.outcomes)
    files = len(distribution.survey.root.edits)
    left = sum(not outcome.in_sync for outcome in distribution.outcomes)
    parts = [count(changed, "service")] if changed else [count(files, "file")] if files else ["nothing to write"]
    return ", ".join([*parts, *([f"{left} left to you"] if left else [])])
