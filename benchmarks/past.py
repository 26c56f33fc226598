"""A library with a long history: what `log`, an adoption and `promote` need, by what git itself needs for one look at it."""

import os
import shutil
import subprocess
from collections.abc import Iterator

from benchmarks.rivals import MANIFEST, tool
from benchmarks.rounds import Table, WrongResultError, check_status, distribute, take_turns
from benchmarks.running import Command, environment, run
from benchmarks.trees import COPY, MASTER, commit, write_text

COMMITS, FILES, MERGED = 10_000, 300, 5

RAW = "`git log --raw` of the library"
LOG, ADOPT = "**`common-sync log`** of a copy", "**`common-sync distribute --dry-run`** of a copy without a manifest"
PROMOTE = f"**`common-sync promote`**, {MERGED} files are merged"
SAME = "**`common-sync distribute`** of the same change"

_CONFIGURATION = f'master = "{MASTER}"\nservices = ["services/*"]\n'
_FOLDERS, _LINES, _REVISION, _EDITED = 15, 40, 5, 30
_BEHIND = "services/s0"
_LOOK = (
    "git",
    "log",
    "--raw",
    "-z",
    "-c",
    "--full-history",
    "--no-abbrev",
    "--no-renames",
    "--format=%H",
    "--",
    MASTER,
)


def measure_past(folder: str, rounds: int) -> Table:
    """Build a repository with a history and return the runs on it.

    Args:
        folder: Where to build it.
        rounds: How many rounds.

    Raises:
        WrongResultError: A command failed, or did something else than it should.
    """
    root = os.path.join(folder, "past")
    try:
        _build(root)
        contestants = [
            Command(RAW, _LOOK, "git"),
            Command(LOG, tool("common-sync", "log", _BEHIND), "env"),
            Command(ADOPT, tool("common-sync", "distribute", "--dry-run", "services/s1"), "env"),
            Command(PROMOTE, tool("common-sync", "promote", _BEHIND), "env"),
            Command(SAME, tool("common-sync", "distribute"), "env"),
        ]
        table = take_turns([(one, root) for one in contestants], rounds, _prepare)
        _prepare(contestants[3], root)
        check_status(run(contestants[3], root), 0, PROMOTE)
        _check(root)
        return table
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _build(root: str) -> None:
    """Make the history; one copy is some commits behind, and one has lost its manifest."""
    subprocess.run(("git", "init", "-q", "-b", "main", root), env=environment(), check=True)
    words = ("git", "fast-import", "--quiet")
    subprocess.run(words, cwd=root, env=environment(), input="".join(_list_commits()).encode(), check=True)
    _back(root)
    distribute(root, "the first copies")
    os.unlink(os.path.join(root, "services/s1", COPY, MANIFEST))
    commit(root)
    for number in range(MERGED):
        write_text(os.path.join(root, MASTER, _name(number)), _text(number, COMMITS + number))
        commit(root)


def _list_commits() -> Iterator[str]:
    for number in range(COMMITS):
        yield f"commit refs/heads/main\ncommitter b <b@localhost> {1_600_000_000 + number * 600} +0000\ndata 1\nc\n"
        if not number:
            yield _put("common-sync.toml", _CONFIGURATION)
            yield from (_put(f"services/s{service}/main.py", "") for service in range(3))
            yield from (_put(f"{MASTER}/{_name(file)}", _text(file, 0)) for file in range(FILES))
        yield _put(f"{MASTER}/{_name(number % FILES)}", _text(number % FILES, number))


def _put(path: str, text: str) -> str:
    return f"M 100644 inline {path}\ndata {len(text)}\n{text}\n"


def _name(file: int) -> str:
    return f"package_{file % _FOLDERS:02}/module_{file:03}.py"


def _text(file: int, revision: int, edit: str = "") -> str:
    lines = [f"value_{file}_{line} = {line}\n" for line in range(_LINES)]
    lines[_REVISION] = f"revision = {revision}\n"
    lines[_EDITED] = edit or lines[_EDITED]
    return "".join(lines)


_FIX = "fixed = True\n"


def _prepare(command: Command, root: str) -> None:
    """Have the work tree as it is committed, with what a command is to bring home or to distribute.

    Each command: what `distribute` leaves has a manifest in every copy, and is of no commit.
    """
    _back(root)
    if command.title not in (PROMOTE, SAME):
        return
    for number in range(MERGED):
        if command.title == PROMOTE:
            path = os.path.join(root, _BEHIND, COPY, _name(number))
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines(keepends=True)
            lines[_EDITED] = _FIX
            write_text(path, "".join(lines))
        else:
            write_text(os.path.join(root, MASTER, _name(number)), _text(number, COMMITS + number, _FIX))


def _back(root: str) -> None:
    for words in (("reset", "-q", "--hard"), ("clean", "-fdq")):
        subprocess.run(("git", *words), cwd=root, env=environment(), check=True)


def _check(root: str) -> None:
    """Hold what a promotion has left to both changes, the master's and the copy's, in the master and in each copy."""
    for number in range(MERGED):
        wanted = _text(number, COMMITS + number, _FIX)
        for place in (MASTER, *(f"services/s{service}/{COPY}" for service in (0, 2))):
            with open(os.path.join(root, place, _name(number)), encoding="utf-8") as file:
                if file.read() != wanted:
                    message = f"{_name(number)} in {place} is not what the two changes make"
                    raise WrongResultError(message)
