"""What other machines answer: verdicts of folders, or why there are none. Nothing that a host says is trusted.

A folder is `current` only where the one whole answer says so. Whatever else comes back is `unknown`.
"""

import json
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, TypeVar

from common_sync.core.errors import shell_word
from common_sync.core.fleet.inventory import LOCAL
from common_sync.core.fleet.processes import Process, read_process

State = Literal["current", "other", "differs", "gone", "unknown"]
"""Of a folder: as wanted; another state of the library, by its own manifest; neither of these; not there; cannot be told."""

_COUNTED = ("changed", "missing", "extra")
SSH_FAILED = 255
"""The exit code of `ssh` where it has not reached a host."""

_NOT_STARTED = (126, 127)
_NEEDED = "it needs Python 3.7 or newer as `python3`, and for containers the right to use `docker`"
_SHELL = "see what its shell prints when it starts"
_LONGEST, _MOST_NAMED = 200, 20
"""Letters of what a host says that are shown, and files of a folder."""

_KEY_CHANGED = "REMOTE HOST IDENTIFICATION HAS CHANGED"
_KEY_REFUSED = ("host key is known for", "Host key verification failed")

Told = TypeVar("Told")
Answer = TypeVar("Answer")


class Reply(NamedTuple):
    """What came back from a host.

    Attributes:
        code: The exit code of `ssh`, or of what ran there; None where it was ended from here.
        out: The beginning of standard output.
        err: The beginning of standard error.
        ended: Whether it was ended from here: `slow` took too long, `long` wrote too much; else nothing.
    """

    code: int | None
    out: bytes
    err: bytes
    ended: Literal["", "slow", "long"] = ""


class Verdict(NamedTuple):
    """How a folder stands.

    Attributes:
        state: The verdict.
        counts: How many files are changed, missing and extra.
        named: Some of them, each with one of these words.
        own: What it holds by its own manifest: a library's name, its version or nothing, and a digest; or nothing.
        reason: Why it cannot be told, or nothing.
        mount: The mount that its files come from, or nothing.
        process: What runs from it; None where that was not asked.
    """

    state: State
    counts: tuple[int, ...] = ()
    named: tuple[tuple[str, str], ...] = ()
    own: tuple[str, ...] = ()
    reason: str = ""
    mount: str = ""
    process: Process | None = None


class Trouble(NamedTuple):
    """Why there is no answer."""

    code: str  # of `CODES`
    message: str
    remedy: str


def read_reply(reply: Reply, mark: str, places: int, host: str, seconds: int) -> tuple[Verdict, ...] | Trouble:
    """Return a verdict of each folder that was asked about, or why there is none.

    Args:
        reply: What came back.
        mark: What the answer's line begins with.
        places: How many folders were asked about.
        host: Who was asked.
        seconds: How long it had.
    """
    return read_answer(reply, mark, host, seconds, each(_read_verdict, places))


def read_answer(reply: Reply, mark: str, host: str, seconds: int, read: Callable[[Told], Answer]) -> Answer | Trouble:
    """Return the one answer in what came back, or why there is none.

    Args:
        reply: What came back.
        mark: What the answer's line begins with.
        host: Who was asked.
        seconds: How long it had.
        read: Reads the answer's JSON; an exception of JSON's wrong form says that it is none.
    """
    line = _find_line(reply, mark, host, seconds)
    if isinstance(line, Trouble):
        return line
    try:
        return read(json.loads(line))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return _unreadable(reply, host, 1)


def each(read: Callable[[Told], Answer], number: int) -> Callable[[Iterable[Told]], tuple[Answer, ...]]:
    """Return what reads an answer of so many parts, and raises ValueError where there are more or fewer.

    Args:
        read: Reads one part.
        number: How many there must be.
    """

    def read_all(told: Iterable[Told]) -> tuple[Answer, ...]:
        found = tuple(map(read, told))
        if len(found) != number:
            raise ValueError
        return found

    return read_all


def _find_line(reply: Reply, mark: str, host: str, seconds: int) -> bytes | Trouble:
    """Return the one line that is an answer, without its mark, or why there is none."""
    attempt = _attempt(host)
    trouble = _explain_end(reply, attempt, seconds) or _explain_code(reply, attempt)
    if trouble is not None:
        return trouble
    lines = [line for line in reply.out.split(b"\n")[:-1] if line.startswith(mark.encode())]
    return lines[0][len(mark) :] if len(lines) == 1 else _unreadable(reply, host, len(lines))


def _unreadable(reply: Reply, host: str, lines: int) -> Trouble:
    """Return that an answer has not the form of one."""
    message = f"its answer cannot be read: {len(reply.out):,} bytes, in which {lines} lines are an answer"
    return Trouble("CS407", message, f"{_SHELL}: {_attempt(host)}")


def _attempt(host: str) -> str:
    """Return what a person types to see what is wrong with a host."""
    return "python3 --version" if host == LOCAL else f"ssh {shell_word(host)} true"


def _read_verdict(told: dict[str, object]) -> Verdict:
    """Return a verdict.

    Raises:
        Exception: What was told has not the form of an answer.
    """
    if told.get("gone") is True:
        return Verdict("gone")
    if "error" in told:
        return Verdict("unknown", reason=str(told["error"])[:_LONGEST])
    counts, named, own = tuple(map(_number, map(told.__getitem__, _COUNTED))), told["named"], told["own"]
    mount, process = str(told["mount"])[:_LONGEST], read_process(_table(told.get("process")))
    files = tuple((str(path), str(word)) for path, word in _list(named)[:_MOST_NAMED])
    if not any(counts):
        if files or own is not None:
            raise ValueError
        return Verdict("current", counts, mount=mount, process=process)
    if own is None:
        return Verdict("differs", counts, files, mount=mount, process=process)
    name, version, digest = (str(word)[:_LONGEST] for word in _list(own))
    return Verdict("other", counts, files, (name, version, digest), mount=mount, process=process)


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _table(value: object) -> dict[str, object] | None:
    if value is not None and not isinstance(value, dict):
        raise TypeError
    return value


def _list(value: object) -> list[list[object]]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _explain_end(reply: Reply, attempt: str, seconds: int) -> Trouble | None:
    """Return why an asking was ended from here, or None where it ended by itself."""
    if reply.ended == "slow":
        return Trouble("CS407", f"gave no answer within {seconds} s", f"see how long this takes: {attempt}")
    if reply.ended == "long":
        return Trouble("CS407", f"wrote more than {len(reply.out) + len(reply.err):,} bytes", f"{_SHELL}: {attempt}")
    return None


def _explain_code(reply: Reply, attempt: str) -> Trouble | None:
    """Return why what ran has failed, or None where it has not."""
    if reply.code == 0:
        return None
    said = (reply.err.strip() or reply.out).decode("utf-8", "replace")  # Docker says on the other one why it failed
    last = next((line.strip()[:_LONGEST] for line in reversed(said.splitlines()) if line.strip()), "no word of why")
    if reply.code == SSH_FAILED and _KEY_CHANGED in said:
        remedy = f"find out why its key is another one; this names the line of known_hosts: {attempt}"
        return Trouble("CS408", "its host key is another one than known_hosts has", remedy)
    if reply.code == SSH_FAILED and any(words in said for words in _KEY_REFUSED):
        return Trouble("CS408", "its host key is not in known_hosts", f"compare the key that this shows: {attempt}")
    if reply.code == SSH_FAILED:
        return Trouble("CS407", f"cannot be reached: {last}", attempt)
    if reply.code in _NOT_STARTED:
        return Trouble("CS407", f"nothing could be started there: {last}", _NEEDED)
    return Trouble("CS407", f"what was started there ended with {reply.code}: {last}", _NEEDED)
