"""Ask a service whether it is healthy: by a URL, or by a command that runs as the service's user."""

import http.client
import os
import subprocess
from collections.abc import Collection, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from common_sync.core.service_settings import URL
from common_sync.edges.environments.program import keep_variables

_PATIENCE = 5.0
"""Seconds in which it must answer."""

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
        return f"{url} does not answer: {getattr(error, 'strerror', None) or error or type(error).__name__}"
    finally:
        connection.close()
    return "" if status in _WELL else f"{url} answers {status}"


def run_command(words: Sequence[str], folder: str, identity: Identity | None, patience: float) -> Failure | None:
    """Run a command of a release; return how it has failed, or None where it ended with 0.

    Args:
        words: Its words; the program is an absolute path.
        folder: Where it runs; nothing is compiled there.
        identity: The user who runs it; None for this process's own.
        patience: Seconds in which it must end.
    """
    user, group, groups = identity if identity is not None else (None, None, None)
    try:
        done = subprocess.run(  # noqa: S603 - what the user has configured
            words,
            cwd=folder,
            env=keep_variables(PYTHONDONTWRITEBYTECODE="1"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=patience,
            user=user,
            group=group,
            extra_groups=groups,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Failure(f"{os.path.basename(words[0])} has not ended after {patience:.0f} s")
    except OSError as error:
        return Failure(f"{words[0]} does not start: {error.strerror}")
    return (
        Failure(f"{os.path.basename(words[0])} has ended with {done.returncode}", done.stdout)
        if done.returncode
        else None
    )
