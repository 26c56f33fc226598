"""What came of a switch to a release, as text."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from common_sync.interface.show.options import Options
from common_sync.interface.show.table import elapsed
from common_sync.interface.show.terminal import printable

if TYPE_CHECKING:
    from common_sync.commands.steps.environments.releases import Outcome, Site


def lasting_lines(site: "Site", options: Options) -> Iterator[str]:
    """Yield what is not undone by going back to a former release.

    Args:
        site: Where the releases are.
        options: The options of every command.
    """
    if site.settings.before and not options.quiet:
        yield "  what `before` has done is not undone: the former release has to run with it"


def outcome_lines(outcome: "Outcome", number: int, site: "Site", options: Options) -> Iterator[str]:
    """Yield what came of a switch.

    Args:
        outcome: It.
        number: The release that was wanted.
        site: Where the releases are.
        options: The options of every command.
    """
    if outcome.proven:
        if not options.quiet:
            how = f"and healthy; that took {elapsed(outcome.seconds)}"
            yield f"  release {number} is current{f', {how}' if site.settings.command else '; there is nothing to restart'}"
        return
    failed = bool(outcome.log or outcome.undone or outcome.trouble)
    if not failed:
        if not options.quiet:
            yield f"  release {number} is current, and not proven: {printable(outcome.reason)}"
        return
    yield f"{options.terminal.mark('✗')} release {number} is not healthy: {printable(outcome.reason)}"
    yield from (f"  | {printable(line)}" for line in outcome.log)
    if outcome.undone:
        how = f"which is not healthy either: {printable(outcome.trouble)}" if outcome.trouble else "which is healthy"
        yield f"it was undone: release {outcome.current} is current again, {how}"
    else:
        yield f"release {outcome.current} stays current: {printable(outcome.trouble)}"
