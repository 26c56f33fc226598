"""Bring one service from release to release on its machine: the standard library alone, Python 3.7 or newer.

`common-sync fleet deploy` sends it, with its modules and its job, by standard input. What it does goes on when the
connection ends: it works in a process of its own, holds a lock, and notes each step in a journal before it goes on. The next
run that finds a journal which is not at its end, and a lock that nobody holds, goes back first.
"""

from __future__ import annotations

import fcntl
import json
import os
import time

from common_sync.remote.calls import Job
from common_sync.remote.compose import Compose
from common_sync.remote.look import explain, find_state
from common_sync.remote.releases import Releases

_KINDS = {"compose": Compose, "release": Releases}

_PATIENCE = 2.0
"""Seconds for somebody who only looks whether the lock is free."""


_MOST_LOGGED = 1 << 20
"""Bytes of a log to which a further job adds its own; a larger one is put aside, and the one that was aside before is gone."""


def work(mark: str, job: dict[str, object]) -> int:
    """Do a job in a process of its own; print how it has ended: one line of JSON behind a mark.

    Args:
        mark: What tells the line from what else a shell prints when it starts.
        job: The fields of `Job`.
    """
    wanted = Job(**job)  # type: ignore[arg-type] # the sender has them from the same class
    state = find_state(wanted.path, wanted.service)
    is_new = not os.path.lexists(state)
    try:
        os.makedirs(state, 0o700, exist_ok=True)
        lock = os.open(os.path.join(state, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:  # where it is new, nothing was ever deployed
        why = f"nothing can be noted there: {explain(error)}"
        print(mark + json.dumps({"end": "refused" if is_new else "lost", "why": why}))
        return 0
    if not _take(lock):
        print(mark + json.dumps({"end": "busy", "why": "another deploy is at work there"}))
        return 0
    ears, mouth = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ears)
        _work_apart(wanted, state, lock, mouth)
    os.close(lock)  # the child holds it, and what it starts: these may live on where it is killed
    os.close(mouth)
    with open(ears, "rb") as file:
        told = file.read()
    os.waitpid(child, 0)
    print(mark + (told.decode() or json.dumps({"end": "lost", "why": "the process that did it was killed"})))
    return 0


def _take(lock: int) -> bool:
    """Take the lock, or tell that another one works."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def _work_apart(job: Job, state: str, lock: int, mouth: int) -> None:
    """Work apart from whoever has asked, tell how it has ended, and end; whoever has asked may have gone."""
    try:
        os.setsid()
        path = os.path.join(state, "log")
        if os.path.exists(path) and os.path.getsize(path) > _MOST_LOGGED:
            os.replace(path, path + ".1")
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for own, there in ((null, 0), (log, 1), (log, 2)):
            os.dup2(own, there)
        result = _KINDS[job.kind](job, state, (lock,)).run()
        with open(mouth, "wb") as file:
            file.write(json.dumps(result).encode())
    finally:
        os._exit(0)
