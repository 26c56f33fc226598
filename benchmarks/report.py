"""The page: `docs/benchmarks.md`, in Markdown."""

from collections.abc import Iterator, Sequence

from benchmarks.environments import BARE as ENVIRONMENTS_BARE
from benchmarks.environments import SYNC, EnvironmentsResult
from benchmarks.environments import TITLE as ENVIRONMENTS_TITLE
from benchmarks.fleet_page import show_fleet
from benchmarks.goals import REASONS, UNEXPLAINED, Results, judge
from benchmarks.hook import BARE, TITLE, HookResult
from benchmarks.judging import Goal
from benchmarks.people import BARE as PEOPLE_BARE
from benchmarks.people import COMMITS, PeopleResult
from benchmarks.people import TITLE as PEOPLE_TITLE
from benchmarks.rivals import VERIFY, Work
from benchmarks.rounds import CaseResult, Table
from benchmarks.running import Memory
from benchmarks.tables import show_table
from benchmarks.versions_page import show_versions

_WORKS: dict[Work, str] = {
    "first": "First distribution",
    "nothing": "Nothing to do",
    "changed": "One file of the master changed",
    "verify": "Verify",
}

_METHOD = """\
Every tree is a git repository with the master, the configuration and a program in each service committed, and the \
copies not. The contestants run in turn: in each round each makes the copies, does nothing to do, and follows an edit \
of one file of the master; the order rotates from round to round. What only checks (`verify`, `diff -rq`, `rsync -n`) \
runs on the copies that common-sync made. Times are of whole processes, start-up included, on copies in the page \
cache; removing copies and editing the master is not timed. The loops are run by `sh`. A contestant that takes long \
runs on a share of the services where the row says so: it starts a process for each service, so its time is \
multiplied. After each run one copy, taken by lot, is compared with the master by `diff -rq`, and after each of \
common-sync's `verify` has to exit 0, and 1 before it once the master was edited: no broken run is timed.

A time is the median; IQR is the interquartile range, from a quarter of the runs to three quarters; CPU is the median \
of user and system time, of all processes together. common-sync uses as many processes as there are cores, the loops \
one at a time."""

_SCRIPT = "The shell script is what repositories of this kind hold: for each service `rm -rf`, `cp -r`, `find` and delete caches."

_MEMORY = (
    "In runs of their own, not timed, looked at every few milliseconds. The largest process is its own peak (VmHWM); all "
    "processes at one time count each shared page once (PSS); the bound adds up the peaks of all that lived at "
    "one time, and counts a page that workers share in each of them."
)


def render_page(results: Results, machine: Sequence[tuple[str, str]], note: str) -> str:
    """Return the page.

    Args:
        results: What was measured.
        machine: Pairs of a heading and what is so.
        note: A sentence about this run, or nothing.
    """
    lines = [
        "# Benchmarks",
        "",
        f"`make bench` writes this page; nothing in it was written by hand. {note}".strip(),
        "",
    ]
    lines += ["## Goals", "", *_goals(list(judge(results))), ""]
    lines += ["## Machine", "", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in machine), ""]
    lines += ["## Method", "", _METHOD, "", _SCRIPT]
    for case in results.cases.values():
        lines += _case(case)
    if results.hook is not None:
        lines += _hook(results.hook)
    if results.people is not None:
        lines += _people(results.people)
    if results.environments is not None:
        lines += _environments(results.environments)
    if results.versions is not None:
        lines += show_versions(results.versions)
    if results.fleet is not None:
        lines += show_fleet(results.fleet)
    lines += ["", "## Memory", "", _MEMORY, "", *_memory(results)]
    return "\n".join(lines) + "\n"


def _goals(goals: Sequence[Goal]) -> Iterator[str]:
    yield "| goal | measured | met |"
    yield "|---|---|---|"
    yield from (f"| {goal.text} | {goal.measured} | {'yes' if goal.met else '**no**'} |" for goal in goals)
    missed = [goal for goal in goals if not goal.met]
    if missed:
        yield ""
        yield "Why goals were missed:"
        yield ""
    for goal in missed:
        yield f"- *{goal.text}*: {REASONS.get(goal.key, UNEXPLAINED)}"


def _case(case: CaseResult) -> Iterator[str]:
    yield from ("", f"## {case.shape.title}")
    for work, heading in _WORKS.items():
        table: Table = dict(case.tables[work])
        base = next(iter(table))
        if work == "nothing":
            table[VERIFY] = case.tables["verify"][VERIFY]
        yield from ("", f"### {heading}", "")
        yield from show_table(table, base, base.strip("*`"))


def _hook(result: HookResult) -> Iterator[str]:
    yield from ("", f"## {TITLE}", "")
    yield "On a copy of `examples/media-services`, with everything in sync and committed."
    yield ""
    yield from show_table(result.table, BARE, "bare Python")


def _people(result: PeopleResult) -> Iterator[str]:
    yield from ("", f"## {PEOPLE_TITLE}", "")
    yield f"In a repository of {result.title}, {COMMITS} commits, with everything in sync; git has packed nothing."
    yield ""
    yield from show_table(result.table, PEOPLE_BARE, "bare Python")


def _environments(result: EnvironmentsResult) -> Iterator[str]:
    yield from ("", f"## {ENVIRONMENTS_TITLE}", "")
    yield (
        "Three services with requirements of their own, from nothing, by wheels in a folder; `.pyc` files are written by all. Each service then "
        "has to import what it requires. The first row has nothing in uv's cache, the second all."
    )
    yield ""
    yield from show_table(result.built, SYNC, "env sync")
    yield ""
    yield from ("| | on the disk, uv's cache included |", "|---|--:|")
    yield from (f"| {title} | {size / 1e6:.0f} MB |" for title, size in result.sizes.items())
    yield from ("", "Ten services that are in sync:", "")
    yield from show_table(result.idle, ENVIRONMENTS_BARE, "bare Python")


def _memory(results: Results) -> Iterator[str]:
    yield "| | | largest process | all at one time | bound |"
    yield "|---|---|--:|--:|--:|"
    for case in results.cases.values():
        for work, memory in case.memory.items():
            yield _memory_row(case.shape.title, _WORKS[work].lower(), memory)
    if results.hook is not None:
        yield _memory_row("the hook", "nothing to do", results.hook.memory)


def _memory_row(what: str, work: str, memory: Memory) -> str:
    figures = " | ".join(
        "not told" if figure is None else f"{figure * 1024 / 1e6:.0f} MB"
        for figure in (memory.largest, memory.together, memory.bound)
    )
    return f"| {what} | {work} | {figures} |"
