"""What the page shows of versions."""

from collections.abc import Iterator

from benchmarks.objects import PLUMBING
from benchmarks.objects import SHAPE as READ_SHAPE
from benchmarks.past import COMMITS, FILES, RAW
from benchmarks.pinned import REFS, SHAPE
from benchmarks.rivals import VERIFY
from benchmarks.tables import show_table
from benchmarks.versions import TITLE, VersionsResult


def show_versions(result: VersionsResult) -> Iterator[str]:
    """Yield the lines about versions.

    Args:
        result: What was measured.
    """
    yield from ("", f"## {TITLE}", "")
    yield (
        f"In repositories of {SHAPE.title}, with everything in sync and committed. The services are pinned to earlier states of the "
        f"master: to one tag, or to {REFS} tags in turn. The goals are of the column CPU."
    )
    yield ""
    yield from show_table(result.many, VERIFY, "verify")
    yield from ("", "| | processes of git |", "|---|--:|")
    yield from (f"| {title}, nothing to do | {count} |" for title, count in result.processes.items())
    yield ""
    yield f"A library of {FILES} files and {COMMITS:,} commits, each of which changes it, and three services:"
    yield ""
    yield from show_table(result.past, RAW, "git log")
    yield ""
    yield f"A library of {READ_SHAPE.title} as a commit has it, read by a Python program of its own each:"
    yield ""
    yield from show_table(result.reading, PLUMBING, "git's own")
    yield ""
    yield (
        f"This tool's own package as a library of another repository: {result.came / 1e6:.2f} MB come for the first copy, and "
        f"{result.packed / 1e6:.2f} MB is what git packs that folder into."
    )
