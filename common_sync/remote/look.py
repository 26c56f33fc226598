"""Tell how services stand on this machine: the standard library alone, Python 3.7 or newer; nothing is written.

`common-sync fleet` sends it with what to look at, and reads its answer: whether a service is healthy, what commit its
clone holds, what runs, and what the journal of its last deploy says.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from typing import Sequence  # noqa: UP035 - Python 3.7

_SECONDS = 5
"""For one answer to be there."""

LIMIT = 60
"""Seconds for what git or Docker are asked."""

_STOPS = 10
"""Seconds that Docker gives a container to stop where nothing else is said."""

_GRACE = 5
"""Seconds for what is told to end."""

_MOST_EDITS = 20
_LONGEST = 200
_LARGEST = 1 << 20
_MOST_READ = 1 << 16
"""Bytes of an answer in which a service may tell its library's digest."""

_DIGEST = re.compile(rb"(?<![0-9A-Za-z])cs1:[0-9a-f]{64}(?![0-9A-Za-z])")
RELEASE = "release"
"""What a service with releases has in the place of units and their images: its current release, by its number."""

_UNIT = "com.docker.compose.service"
_PROJECT = "com.docker.compose.project"


def answer(mark: str, seconds: int, targets: list[dict[str, str]]) -> int:
    """Print how services stand: one line of JSON behind a mark.

    Args:
        mark: What tells the line from what else a shell prints when it starts.
        seconds: How long this may take; the asker has gone by then.
        targets: What to look at, each as `look` takes it.
    """
    signal.alarm(seconds)
    print(mark + json.dumps([look(one) for one in targets]))
    return 0


def look(target: dict[str, str]) -> dict[str, object]:
    """Return how a service stands.

    Args:
        target: `health` is what to ask, or nothing; `path` the folder of the repository, or nothing where only the health
            is asked for; `service` the service's path from there; `project` Compose's name of what runs, where it is known;
            `place` the folder of the service's releases, or nothing where Compose runs it.
    """
    told: dict[str, object] = {"health": ask(target["health"], reads=True) if target["health"] else None}
    if target["path"]:
        journal = _read_journal(find_state(target["path"], target["service"]))
        told["journal"] = journal
        if target.get("place"):
            return dict(told, running=_read_release(target["place"]))
        told["checkout"] = read_checkout(target["path"], target["service"])
        project = target.get("project") or (journal or {}).get("project")
        try:
            told["running"] = list_running(str(project)) if project else []
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            told.update(running=[], silent=_printable(explain(error)))
    return told


def explain(error: BaseException) -> str:
    """Return what has gone wrong, in words: of the system's errors without their numbers, which say nothing to people."""
    said = getattr(error, "strerror", None)
    if not isinstance(said, str):
        return str(error) or type(error).__name__
    file = getattr(error, "filename", None)
    return said[:1].lower() + said[1:] + (f": {os.fsdecode(file)}" if isinstance(file, (str, bytes)) else "")


def _read_release(place: str) -> list[dict[str, str]]:
    """Return the current release; nothing where there is none, or it was not proven since it was switched to."""
    folder = os.path.join(place, "releases")
    try:
        number = os.readlink(os.path.join(folder, "current")).lstrip("0")
    except OSError:
        return []
    is_proven = not os.path.lexists(os.path.join(folder, "former"))
    return [{"unit": RELEASE, "image": _printable(number), "state": "running" if is_proven else "unproven"}]


def ask(url: str, *, reads: bool = False) -> dict[str, object]:
    """Return the status of an answer and how many milliseconds it took, or why there is none.

    Args:
        url: What to ask.
        reads: Whether the answer is read for what it tells of the library, too.
    """
    told: dict[str, object] = {}
    # In a thread, as a socket's limit counts for each byte anew.
    asking = threading.Thread(target=_ask, args=(url, told, reads), daemon=True)
    asking.start()
    asking.join(_SECONDS)
    return dict(told) or {"error": "timed out"}


def _ask(url: str, told: dict[str, object], reads: bool) -> None:
    """Note the status as soon as it is there: what comes after it may take for ever."""
    began = time.monotonic()
    try:
        try:
            reply = _OPENER.open(url, timeout=_SECONDS)
        except urllib.error.HTTPError as error:
            reply = error
        with reply:
            told.update(status=reply.getcode(), ms=int((time.monotonic() - began) * 1000))
            if reads:
                told.update(told=find_told(reply.read(_MOST_READ + 1)))
    except (OSError, ValueError, http.client.HTTPException) as error:
        if "status" not in told:
            reason = getattr(error, "reason", error)
            told.update(error=_printable(explain(reason if isinstance(reason, BaseException) else error)))


def find_told(body: bytes) -> str:
    """Return the library's digest that a service tells of itself; nothing where it tells none, or several.

    Args:
        body: Its answer. The one digest in it counts, or else the one under a key `common_sync`.
    """
    found = set(_DIGEST.findall(body)) if len(body) <= _MOST_READ else set()
    if len(found) > 1:
        try:
            found = set(_DIGEST.findall(json.dumps(json.loads(body.decode("utf-8"))["common_sync"]).encode()))
        except (ValueError, LookupError, TypeError, RecursionError):
            found = set()
    return found.pop().decode() if len(found) == 1 else ""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follow nowhere: what answers elsewhere is not the service."""

    def redirect_request(self, *_args: object) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)


def find_state(path: str, service: str) -> str:
    """Return the folder that has what is known of a service's deploys on this machine."""
    place = os.path.realpath(path) + "\0" + service
    name = f"{os.path.basename(service)}-{hashlib.sha256(os.fsencode(place)).hexdigest()[:12]}"
    return os.path.join(os.path.expanduser("~"), ".local", "state", "common-sync", "fleet", name)


def _read_journal(state: str) -> dict[str, object] | None:
    """Return what the journal says, and whether somebody works; None where nothing was ever deployed."""
    path = os.path.join(state, "journal.json")
    try:
        with open(path, encoding="utf-8") as file:
            kept = json.loads(file.read(_LARGEST))
        told = {key: kept.get(key) for key in ("step", "run", "commit", "why", "project")}
        history = kept.get("history") or [None]
        told.update(release=history[0], earlier=len(history) - 1, busy=is_busy(state))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError, TypeError) as error:
        said = explain(error)
        return {"step": "unreadable", "why": _printable(said if path in said else f"{path}: {said}")}
    return told


def is_busy(state: str) -> bool:
    """Tell whether a deploy is at work: it holds the lock."""
    try:
        with open(os.path.join(state, "lock"), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def read_checkout(path: str, service: str) -> dict[str, object]:
    """Return what the clone holds: its commit, its branch, git's id of the service's folder, and what was edited."""
    try:
        commit, branch = _git(path, "rev-parse", "HEAD"), _git(path, "rev-parse", "--abbrev-ref", "HEAD")
        edits = _git(path, "status", "--porcelain", "-uno", "-z", "--no-renames").split("\0")
        told: dict[str, object] = {"commit": commit, "branch": "" if branch == "HEAD" else branch}
        told["edits"] = [_printable(one[3:]) for one in edits if one][:_MOST_EDITS]
        told["tree"] = _git(path, "rev-parse", "--verify", "-q", "HEAD:./" + service, fails="")
    except subprocess.TimeoutExpired:
        return {"error": f"git took more than {LIMIT} s"}
    except OSError as error:
        return {"error": _printable(explain(error))}
    return told


def _git(path: str, *words: str, fails: str | None = None) -> str:
    """Return what git says; `fails` where it fails."""
    env = dict(keep_environment(), GIT_OPTIONAL_LOCKS="0", LC_ALL="C")  # `status` would write the index
    done = run(["git", "-C", path, *words], LIMIT, env=env)
    if done.returncode and fails is None:
        raise ChildProcessError(find_complaint(done.stderr) or f"git {words[0]} failed")
    return str(fails) if done.returncode else done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


def run(
    words: Sequence[str],
    limit: float,
    given: bytes = b"",
    *,
    out: int = subprocess.PIPE,
    err: int | None = subprocess.PIPE,
    cwd: str | None = None,
    env: dict[str, str] | None = None,
    held: Sequence[int] = (),
) -> subprocess.CompletedProcess[bytes]:
    """Run a command; after its time it is ended, with all that it has started.

    Args:
        words: The command.
        limit: How many seconds it may take.
        given: What it reads.
        out: Where its output goes.
        err: Where its complaints go.
        cwd: The folder in which it runs.
        env: Its variables.
        held: Descriptors that it, and what it starts, keep open.

    Raises:
        subprocess.TimeoutExpired: It took longer.
        OSError: It cannot be started.
    """
    with subprocess.Popen(
        [*words], stdin=subprocess.PIPE, stdout=out, stderr=err, cwd=cwd, env=env, pass_fds=held, start_new_session=True
    ) as process:
        try:
            said, complained = process.communicate(given, limit)
        except BaseException:
            _end(process)
            raise
    return subprocess.CompletedProcess(words, process.returncode, said or b"", complained or b"")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it has started: git and Compose take their locks and parts away where they are asked to end."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(_GRACE)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def keep_environment() -> dict[str, str]:
    """Return the variables that git and Docker get: none that leads git to another repository."""
    leading = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")
    return {name: value for name, value in os.environ.items() if name not in leading}


def list_running(project: str) -> list[dict[str, object]]:
    """Return the containers of a project of Compose, started or not: unit, id, image, state, restarts and health.

    Raises:
        OSError: Docker does not tell.
    """
    try:
        return _list_containers(project)
    except ChildProcessError:  # one may have gone between the two questions
        return _list_containers(project)


def _list_containers(project: str) -> list[dict[str, object]]:
    listed = _docker("ps", "-aq", "--no-trunc", "--filter", f"label={_PROJECT}={project}").split()
    found: list[dict[str, object]] = []
    for one in json.loads(_docker("inspect", *listed)) if listed else []:
        labels, state = one["Config"]["Labels"], one["State"]
        if labels.get("com.docker.compose.oneoff") != "True":
            told = {"unit": labels.get(_UNIT, ""), "id": one["Id"], "image": one["Image"]}
            told["name"] = one.get("Name", "").lstrip("/")
            told.update(started=state["StartedAt"], state=state["Status"], restarts=one["RestartCount"])
            told.update(
                stops=one["Config"].get("StopTimeout") or _STOPS, health=(state.get("Health") or {}).get("Status", "")
            )
            found.append(told)
    return found


def _docker(*words: str) -> str:
    """Return what Docker says.

    Raises:
        OSError: It says nothing.
    """
    try:
        done = run(["docker", *words], LIMIT)
    except subprocess.TimeoutExpired:
        message = f"docker {words[0]} took more than {LIMIT} s"
        raise TimeoutError(message) from None
    if done.returncode:
        said = _printable(find_complaint(done.stderr) or "no word of why")
        message = f"docker {words[0]} has ended with {done.returncode}: {said}"
        raise ChildProcessError(message)
    return done.stdout.decode("utf-8", "replace")


def find_complaint(said: bytes) -> str:
    """Return the line that says what is wrong: git adds hints after it, others write theirs before; nothing where there is none."""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return next((line for line in lines if line.startswith("fatal: ")), lines[-1] if lines else "")


def _printable(text: str) -> str:
    """Return a text in ASCII without control characters, and not too much of it."""
    return (text if text.isascii() and text.isprintable() else ascii(text))[:_LONGEST]
