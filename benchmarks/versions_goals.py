"""The goals of versions, in processor time: of all processes, since most of them wait for git."""

from collections.abc import Iterator

from benchmarks.judging import Goal, processor
from benchmarks.objects import GITPYTHON, PLUMBING, READ
from benchmarks.objects import SHAPE as READ_SHAPE
from benchmarks.past import ADOPT, COMMITS, LOG, MERGED, PROMOTE, RAW, SAME
from benchmarks.pinned import AFFECTED, FEW, HOOK, HOOK_PINNED, PINNED, REFS, SHAPE, SPREAD, TWO
from benchmarks.rivals import VERIFY
from benchmarks.rounds import Table
from benchmarks.versions import VersionsResult

REASONS = {
    "versions-pinned": (
        "Each pin is a line of the configuration to parse, and the lock is read; what is locked is looked for among the copies, "
        "and proven by its sha256 beside the master."
    ),
    "versions-refs": "What is locked is proven for each tag anew: a manifest is parsed, and each file is read and hashed.",
    "versions-two": (
        "Twice the files are listed, opened and compared, which is most of it; start-up, the services' own files and what they refer to are "
        "the same. The less these take, the higher is the ratio."
    ),
    "versions-affected": (
        "git compares the work tree with a commit, and lists what is new, which takes a third. What a build reads outside each service is "
        "asked of the service's files; no copy is read. `verify` took twice as long when the goal was set."
    ),
    "versions-read-plumbing": "To parse the configuration and to hash each file comes to it; git itself is asked for the attributes, too.",
    "versions-read-gitpython": (
        "The goal was set by a library of 37 files, where GitPython's import is most of it. With thousands of files git's own `cat-file` takes "
        "the most, whoever asks it."
    ),
    "versions-log": "Python's start takes 60 ms, the survey of a library of 300 files and six questions to git the rest; of the history little is read.",
    "versions-adopt": "Python's start and the survey of a library of 300 files take half as long as git's look at its history; to read what git says of each commit comes to it.",
}
"""Why a goal was missed, by its key, as profiling had it (two cores, Python 3.11)."""


def judge_versions(result: VersionsResult) -> Iterator[Goal]:
    """Yield every goal of versions.

    Args:
        result: What was measured.
    """
    for key, text, ours, theirs, most in _OF_MANY:
        yield _within(key, f"{text}, {SHAPE.title}, within {most:g} times", result.many, (ours, theirs), most)
    one, more = (processor(result.many[title]) for title in (PINNED, SPREAD))
    each = (more / one - 1) / (REFS - FEW)
    text = f"verify of {SHAPE.title}, each further tag that services are pinned to, at most {_MOST_EACH:.0%}"
    yield Goal("versions-refs", text, f"{each:.1%}", each <= _MOST_EACH)
    plain, pinned = (result.processes[title] for title in (HOOK, HOOK_PINNED))
    text = "the hook with pins and nothing to do starts no more processes of git than without"
    yield Goal("versions-hook-processes", text, f"{pinned} against {plain}", pinned <= plain)
    yield from _read(result)
    yield from _look_back(result)
    text = "the first copy of a library of another repository within twice the bytes of its subtree, packed"
    measured = f"{result.came / result.packed:.2f} times, {result.came / 1e6:.1f} MB"
    yield Goal("versions-foreign", text, measured, result.came <= 2 * result.packed)


_MOST_EACH = 0.05
_OF_MANY = (
    ("versions-pinned", "verify with all pinned to one tag", PINNED, VERIFY, 1.1),
    ("versions-hook", "the hook with all pinned and nothing to do", HOOK_PINNED, HOOK, 1.1),
    ("versions-two", "verify of two libraries instead of one", TWO, VERIFY, 1.6),
    ("versions-affected", "affected, where all are, of verify", AFFECTED, VERIFY, 1.0),
)


def _within(key: str, text: str, table: Table, titles: tuple[str, str], most: float) -> Goal:
    ours, theirs = (processor(table[title]) for title in titles)
    return Goal(key, text, f"{ours / theirs:.2f} times", ours <= theirs * most)


def _read(result: VersionsResult) -> Iterator[Goal]:
    for key, rival, most in (("plumbing", PLUMBING, 1.3), ("gitpython", GITPYTHON, 0.4)):
        text = f"reading a library of {READ_SHAPE.title} as a commit has it within {most:g} times {rival}"
        yield _within(f"versions-read-{key}", text, result.reading, (READ, rival), most)


def _look_back(result: VersionsResult) -> Iterator[Goal]:
    for key, text, ours in (("log", "log of a copy", LOG), ("adopt", "adoption of a copy", ADOPT)):
        whole = f"{text}, {COMMITS:,} commits of the library, within {_OF_RAW:g} times one {RAW}"
        yield _within(f"versions-{key}", whole, result.past, (ours, RAW), _OF_RAW)
    promote, same, raw = (processor(result.past[title]) for title in (PROMOTE, SAME, RAW))
    most = same + raw + MERGED * _EACH_MERGE
    text = (
        f"promote of {MERGED} files that are merged within distribute of the same change, one {RAW}, and 10 ms a file"
    )
    yield Goal("versions-promote", text, f"{promote * 1000:.0f} ms against {most * 1000:.0f} ms", promote <= most)


_OF_RAW, _EACH_MERGE = 1.5, 0.01
