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
import signal
import subprocess
import time
import urllib.error
import urllib.request

_SECONDS = 5
"""For one answer to be there."""

_MOST_EDITS = 20
_LONGEST = 200
_LARGEST = 1 << 20
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
            is asked for; `service` the service's path from there; `project` Compose's name of what runs, where it is known.
    """
    told: dict[str, object] = {"health": ask(target["health"]) if target["health"] else None}
    if target["path"]:
        journal = _read_journal(find_state(target["path"], target["service"]))
        told["checkout"] = read_checkout(target["path"], target["service"])
        told["journal"] = journal
        project = target.get("project") or (journal or {}).get("project")
        told["running"] = list_running(str(project)) if project else []
    return told


def ask(url: str) -> dict[str, object]:
    """Return the status of an answer and how many milliseconds it took, or why there is none."""
    began = time.monotonic()
    try:
        with _OPENER.open(url, timeout=_SECONDS) as reply:
            reply.read(_LARGEST)
            status = reply.status
    except urllib.error.HTTPError as error:
        error.close()
        status = error.code
    except (OSError, ValueError, http.client.HTTPException) as error:
        return {"error": _printable(str(getattr(error, "reason", error)) or type(error).__name__)}
    return {"status": status, "ms": int((time.monotonic() - began) * 1000)}


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
    try:
        with open(os.path.join(state, "journal.json"), encoding="utf-8") as file:
            kept = json.loads(file.read(_LARGEST))
        told = {key: kept.get(key) for key in ("step", "run", "commit", "why", "project")}
        history = kept.get("history") or [None]
        told.update(release=history[0], earlier=len(history) - 1, busy=is_busy(state))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError, TypeError) as error:
        return {"step": "unreadable", "why": _printable(str(error))}
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
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        return {"error": _printable((said.strip().splitlines() or ["git failed"])[-1])}
    return told


def _git(path: str, *words: str, fails: str | None = None) -> str:
    """Return what git says; `fails` where it fails."""
    env = dict(keep_environment(), GIT_OPTIONAL_LOCKS="0", LC_ALL="C")  # `status` would write the index
    done = subprocess.run(
        ["git", "-C", path, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        env=env,
        check=fails is None,
    )
    return done.stdout.rstrip("\n") if done.returncode == 0 else str(fails)


def keep_environment() -> dict[str, str]:
    """Return the variables that git and Docker get: none that leads git to another repository."""
    leading = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")
    return {name: value for name, value in os.environ.items() if name not in leading}


def list_running(project: str) -> list[dict[str, object]]:
    """Return the containers of a project of Compose, started or not: unit, id, image, state, restarts and health."""
    listed = _docker("ps", "-aq", "--no-trunc", "--filter", f"label={_PROJECT}={project}").split()
    found: list[dict[str, object]] = []
    for one in json.loads(_docker("inspect", *listed)) if listed else []:
        labels, state = one["Config"]["Labels"], one["State"]
        if labels.get("com.docker.compose.oneoff") != "True":
            health = (state.get("Health") or {}).get("Status", "")
            told = {
                "unit": labels.get(_UNIT, ""),
                "id": one["Id"],
                "image": one["Image"],
                "started": state["StartedAt"],
            }
            told.update(state=state["Status"], restarts=one["RestartCount"], health=health)
            found.append(told)
    return found


def _docker(*words: str) -> str:
    try:
        done = subprocess.run(["docker", *words], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _printable(text: str) -> str:
    """Return a text in ASCII without control characters, and not too much of it."""
    return (text if text.isascii() and text.isprintable() else ascii(text))[:_LONGEST]
