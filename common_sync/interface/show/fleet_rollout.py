"""What a deploy of many machines came to, in lines and in JSON."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.interface.show.fields import Fields, as_text
from common_sync.interface.show.options import Options
from common_sync.interface.show.presenter import DRIFT, IN_SYNC, find_outputs, jsonl_line, shows_text
from common_sync.interface.show.terminal import flush, printable, say, write
from common_sync.interface.show.text import count

if TYPE_CHECKING:
    from common_sync.commands.steps.fleet.rollout import Event, Rollout
    from common_sync.core.fleet.endings import Ending
    from common_sync.core.fleet.inventory import Site
    from common_sync.core.fleet.waves import Wave

UNKNOWN = 4
"""The exit code where the state of a machine is not known."""

INTERRUPTED = "what is at work on the machines ends by itself; see how: common-sync fleet status"


def ask_person(what: str, options: Options, *, yes: bool) -> bool:
    """Return whether a person agrees.

    Args:
        what: What is to be done.
        options: The options of every command.
        yes: Whether the command line has agreed already.

    Raises:
        ConfigurationError: Nobody is there to be asked.
    """
    if yes:
        return True
    if not (sys.stdin.isatty() and shows_text(options)):
        raise ConfigurationError(Problem(f"nobody is there to be asked: {what}", remedy="--yes"))
    sys.stderr.write(f"{what} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def find_code(rollout: "Rollout", *, only_prepare: bool = False) -> int:
    """Return the exit code of a rollout."""
    if not rollout.is_known:
        return UNKNOWN
    good = all(one.is_good for _, one in rollout.prepared) if only_prepare else rollout.is_done
    return IN_SYNC if good else DRIFT


def rollout_lines(
    rollout: "Rollout", options: Options, *, only_prepare: bool = False, may_go_back: bool = False
) -> Iterator[str]:
    """Yield what it came to: those that failed with their logs, then one line.

    Args:
        rollout: What came of it.
        options: The options of every command.
        only_prepare: Whether nothing was to be switched.
        may_go_back: Whether to name the way back of those that were switched before one failed.
    """
    terminal = options.terminal
    failed = [pair for pair in (*rollout.prepared, *rollout.switched, *rollout.undone) if not pair[1].is_good]
    for site, ending in failed:
        yield from terminal.wrap(f"{terminal.mark('✗')} {site.host} {printable(site.service)}: {_word(ending)}", 2)
        if ending.log and ending.said:  # where nothing was written, it would be looked at for nothing
            yield from terminal.wrap(f"  help: its log there is {printable(ending.log)}", 8)
        if options.verbose:
            yield from (f"    {printable(line)}" for line in ending.said.splitlines())
    if failed and may_go_back and not rollout.undone:
        yield from _name_ways_back(rollout, options)
    code = find_code(rollout, only_prepare=only_prepare)
    if code != IN_SYNC or not options.quiet:
        mark = terminal.mark("✓" if code == IN_SYNC else "?" if code == UNKNOWN else "✗")
        yield from terminal.wrap(f"{mark} {_sum_up(rollout, only_prepare=only_prepare)}", 2)


def _name_ways_back(rollout: "Rollout", options: Options) -> Iterator[str]:
    """Yield how those that were switched go back, each by itself: the others must not go back a release more."""
    switched = [site for site, ending in rollout.switched if ending.is_good]
    if switched:
        yield from options.terminal.wrap("  help: mend it and deploy again. What was switched stays; its way back:", 8)
    for site in switched[:_MOST_NAMED]:
        words = shell_word(printable(site.service)), shell_word(site.host)
        yield from options.terminal.wrap("        common-sync fleet rollback {} --host {}".format(*words), 10)
    if len(switched) > _MOST_NAMED:
        yield f"        and {len(switched) - _MOST_NAMED:,} more"


_MOST_NAMED = 5


def _word(ending: "Ending") -> str:
    word = {"lost": "its state is not known", "failed": "not prepared", "rolled-back": "went back by itself"}.get(
        ending.end, ending.end.replace("-", " ")
    )
    return f"{word}: {printable(ending.why)}" if ending.why else word


def _sum_up(rollout: "Rollout", *, only_prepare: bool) -> str:
    total, good = len(rollout.prepared), sum(one.is_good for _, one in rollout.switched)
    prepared = sum(one.is_good for _, one in rollout.prepared)
    if prepared < total or only_prepare:
        return f"{prepared:,} of {count(total, 'target')} prepared; nothing was switched"
    told = f"{good:,} of {count(total, 'target')} switched"
    left = total - len(rollout.switched)
    told += f", {left:,} not begun" if left else ""
    back = sum(one.is_good for _, one in rollout.undone)
    return told + (f"; {back:,} of {len(rollout.undone):,} taken back" if rollout.undone else "")


def rollout_fields(rollout: "Rollout | None", planned: "Sequence[Wave]" = ()) -> Fields:
    """Return the fields of a rollout; empty lists where nothing was begun.

    Args:
        rollout: What came of it.
        planned: The order in which it would be done.
    """
    waves = _waves_fields(rollout.waves if rollout is not None else planned)
    names = ("prepared", "switched", "undone")
    if rollout is None:
        return {"waves": waves, **{name: [] for name in names}}
    return {"waves": waves, **{name: [_fields(*pair) for pair in getattr(rollout, name)] for name in names}}


def _waves_fields(waves: "Sequence[Wave]") -> list[list[list[list[str]]]]:
    return [[[[one.host, as_text(one.service)] for one in batch] for batch in wave] for wave in waves]


def _fields(site: "Site", ending: "Ending") -> Fields:
    told = {"host": site.host, "service": as_text(site.service), "end": ending.end}
    return {
        **told,
        "why": as_text(ending.why) or None,
        "log": as_text(ending.log) or None,
        "image": as_text(ending.digest) or None,
        "gap_ms": ending.gap,
        "seconds": ending.seconds,
    }


class Telling:
    """Tells what comes to pass: a line for people each, and one of JSON where that is asked for.

    Args:
        command: The command's name.
        options: The options of every command.
    """

    def __init__(self, command: str, options: Options) -> None:
        files = [one.file for one in find_outputs(options) if one.format == "jsonl"]
        self._command, self._writes, self._files = command, None in files, iter(files)
        self._lines: list[str] = []

    def hear(self, event: "Event") -> None:
        """Tell of an event at once."""
        say(printable(event.line))
        fields: Fields = {"waves": _waves_fields(event.waves)}
        if event.site and event.ending:
            fields = _fields(event.site, event.ending)
        self._lines.append(jsonl_line(self._command, event.name, fields))
        if self._writes:
            write(self._lines[-1])
            flush(sys.stdout)

    def show(self, fields: Callable[[], Fields]) -> Iterator[str]:
        """Yield the lines of JSON: the result, and for a file what was told before.

        Args:
            fields: Returns the fields of the result.
        """
        if next(self._files) is not None:
            yield from self._lines
        yield jsonl_line(self._command, "result", fields())
