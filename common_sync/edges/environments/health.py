"""Ask a service whether it is healthy: by a URL, or by a command that runs as the service's user."""

import http.client
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from common_sync.core.service_settings import URL
from common_sync.edges.environments.program import keep_variables

_PATIENCE = 5.0
"""Seconds in which it must answer."""

_MOST = 64 << 10
"""How many bytes are kept of what a command prints: the last ones. One that prints without end must not fill the memory."""

_WELL = range(200, 400)
_SHOWN = 200


class Identity(NamedTuple):
    """A user, by numbers: its own, that of its first group, and those of all of its groups."""

    user: int
    group: int
    groups: Collection[int]


class Failure(NamedTuple):
    """A command that has failed: how, and what it has printed."""

    reason: str
    said: str = ""


def why_sick(words: Sequence[str], folder: str, identity: Identity | None) -> str:
    """Say why a service is not healthy, or return nothing where it is.

    Args:
        words: A URL, or the words of a command whose program is an absolute path; nothing for that there is nothing to ask.
        folder: Where the command runs.
        identity: The user who runs it; None for this process's own.
    """
    if not words:
        return ""
    if words[0].startswith(URL):
        return _ask(words[0])
    failure = run_command(words, folder, identity, _PATIENCE)
    if failure is None:
        return ""
    said = " ".join(failure.said.split())[:_SHOWN]
    return f"{failure.reason}{': ' if said else ''}{said}"


def _ask(url: str) -> str:
    parts = urlsplit(url)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    try:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE)
    except (ValueError, http.client.HTTPException) as error:
        return f"{url} cannot be asked: {error}"
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return f"{url} does not answer: {said[:1].lower()}{said[1:]}"
    finally:
        connection.close()
    return "" if status in _WELL else f"{url} answers {status}"


def run_command(
    words: Sequence[str], folder: str, identity: Identity | None, patience: float, program: str = ""
) -> Failure | None:
    """Run a command of a release; return how it has failed, or None where it ended with 0.

    Args:
        words: Its words.
        folder: Where it runs; nothing is compiled there.
        identity: The user who runs it; None for this process's own.
        patience: Seconds in which it must end.
        program: What is named where it fails; nothing for the first word.
    """
    name = os.path.basename(program or words[0])
    try:
        process = _start(words, folder, identity)
    except OSError as error:
        return Failure(f"{words[0]} does not start: {error.strerror}")
    with process:
        try:
            said, has_ended = _listen(process, time.monotonic() + patience)
            if not has_ended:
                which = name if process.poll() is None else f"a process that {name} has started"
                return Failure(f"{which} has not ended after {patience:.0f} s", said)
        finally:
            _end(process.pid)
    return Failure(f"{name} has ended with {process.returncode}", said) if process.returncode else None


def _listen(process: subprocess.Popen[bytes], deadline: float) -> tuple[str, bool]:
    """Return the last of what a command prints, and whether it has ended in time, with all that could print."""
    held, has_ended = b"", False
    with selectors.DefaultSelector() as selector:
        out = selector.register(process.stdout or -1, selectors.EVENT_READ).fd
        while not has_ended and (left := deadline - time.monotonic()) > 0 and selector.select(left):
            said = os.read(out, _MOST)
            held, has_ended = (held + said)[-_MOST:], not said
    if has_ended:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0, deadline - time.monotonic()))
    return held.decode("utf-8", "replace"), has_ended and process.returncode is not None


def _start(words: Sequence[str], folder: str, identity: Identity | None) -> subprocess.Popen[bytes]:
    """Start a command in a group of its own, so that what it starts ends with it."""
    user, group, groups = identity if identity is not None else (None, None, None)
    return subprocess.Popen(  # noqa: S603 - what the user has configured
        words,
        cwd=folder,
        env=keep_variables(PYTHONDONTWRITEBYTECODE="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=user,
        group=group,
        extra_groups=groups,
    )


def _end(group: int) -> None:
    """End all processes of a group: one that goes on would use a release that is removed."""
    with suppress(OSError):
        os.killpg(group, signal.SIGKILL)
