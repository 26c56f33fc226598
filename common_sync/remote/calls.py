"""How the agent starts git and Docker, and what its job is: the standard library alone, Python 3.7 or newer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import NamedTuple, NoReturn

from common_sync.remote.look import LIMIT, keep_environment, run

_ALONE = {"core.fsmonitor": "false", "gc.auto": "0", "maintenance.auto": "false"}
"""Git's settings by which it leaves no process behind: that would hold the lock."""


class RefusalError(Exception):
    """It is not begun: nothing was changed."""


class StepError(Exception):
    """A step has failed."""


def refuse(why: str) -> NoReturn:
    """Say why nothing is begun.

    Raises:
        RefusalError: Always.
    """
    raise RefusalError(why)


def fail(why: str) -> NoReturn:
    """Say why a step has failed.

    Raises:
        StepError: Always.
    """
    raise StepError(why)


class Job(NamedTuple):
    """What is to be done.

    Attributes:
        action: `prepare` and then `switch`; `back` and then `switch`; or `undo`.
        run: The run's own word; the second action must have that of the first.
        path: The folder of the repository on the machine.
        service: The service's path from there.
        commit: The commit's full id.
        tree: Git's id of the service's folder in that commit.
        branch: The branch that the clone must be at; nothing where any will do.
        compose: The compose files' paths from the root; none for the service's own.
        env_file: The file of variables for Compose, or nothing.
        health: What to ask, or nothing.
        timeout: How many seconds a command may take.
        health_timeout: In how many seconds the service must be well.
        health_times: How many times in a row.
        settle: For how many seconds it must stay so.
        library: The library's folder in the image, or what stands for it in messages.
        token: What the probe's answer begins with.
        probe: A program that tells what that folder holds.
        of: The run that `undo` takes back.
        kind: Who runs the service: `compose`, or `release` where `common-sync deploy` makes releases.
        place: The folder of the releases, or nothing.
        program: What the machine's own common-sync is called.
        image: The image's name in a registry, without a tag; nothing where it is built there.
        to: The full id of the commit of the release to go back to; nothing for the one before.
        anew: The units whose containers are made anew although their images stay: something was changed in them.
    """

    action: str
    run: str
    path: str
    service: str
    commit: str
    tree: str
    branch: str
    compose: list[str]
    env_file: str
    health: str
    timeout: int
    health_timeout: int
    health_times: int
    settle: int
    library: str
    token: str
    probe: str
    of: str = ""
    kind: str = "compose"
    place: str = ""
    program: str = "common-sync"
    image: str = ""
    to: str = ""
    anew: list[str] = []  # noqa: RUF012 - it is a tuple, and no field is ever changed in its place


class Caller:
    """Starts commands in a service's clone.

    Args:
        job: What is to be done.
        lock: The descriptors of the lock; what is started holds it, too.
    """

    def __init__(self, job: Job, lock: tuple[int, ...] = ()) -> None:
        self.job, self._lock = job, lock

    def do(self, *words: str, given: str = "", limit: float = 0) -> str:
        """Run a command; what it writes goes to the log."""
        return self._call(words, given, sys.__stderr__.fileno() if sys.__stderr__ else subprocess.DEVNULL, limit)

    def ask(self, *words: str, given: str = "", limit: float = LIMIT) -> str:
        """Return what a command writes."""
        return self._call(words, given, subprocess.PIPE, limit)

    def find(self, *words: str) -> str | None:
        """Return what a command writes, or None where it fails: that is an answer, and no complaint for the log."""
        try:
            return self._call(words, "", subprocess.PIPE, LIMIT, subprocess.DEVNULL)
        except StepError:
            return None

    def succeeds(self, *words: str) -> bool:
        """Tell whether a command succeeds."""
        return self.find(*words) is not None

    def prove_by(self, what: str, *words: str, probe: str = "") -> None:
        """See that the library's folder holds what is wanted, by a command that runs the probe.

        Args:
            what: What the folder is in, in words.
            words: The command.
            probe: The probe, where it is not the job's as it is.

        Raises:
            StepError: It does not, or that cannot be told.
        """
        said = self.ask(*words, given=probe or self.job.probe, limit=self.job.timeout)
        lines = [line for line in said.splitlines() if line.startswith(self.job.token)]
        found = json.loads(lines[0][len(self.job.token) :]) if len(lines) == 1 else []
        for told in found or [{"gone": True}]:
            if "gone" in told or "error" in told:
                fail(f"{what} has no readable folder {self.job.library}")
            if told["changed"] or told["missing"] or told["extra"]:
                fail(f"{what} holds another library in {self.job.library} than is wanted")

    def _call(self, words: tuple[str, ...], given: str, out: int, limit: float, err: int | None = None) -> str:
        """Run a command in the clone; without a limit it has as long as anything may take.

        Raises:
            StepError: It has failed.
        """
        done = self.launch(words, given, out, limit, err)
        if done.returncode:
            fail(f"{_show(words)} has ended with {done.returncode}")
        return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def launch(
        self,
        words: tuple[str, ...],
        given: str = "",
        out: int = subprocess.PIPE,
        limit: float = 0,
        err: int | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Return how a command in the clone has ended; without a limit it has as long as anything may take.

        Raises:
            StepError: It cannot be started, or took too long.
        """
        shell = os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
        env = dict(keep_environment(), GIT_TERMINAL_PROMPT="0", GIT_SSH_COMMAND=shell)
        is_fetch = words[:2] == ("git", "fetch")  # an interrupted one harms nothing, and may leave a process behind
        held, limit = () if is_fetch else self._lock, limit or self.job.timeout
        env.update({} if is_fetch else _make_settings(int(env.get("GIT_CONFIG_COUNT") or 0)))
        data = given.encode("utf-8", "surrogateescape")
        try:
            return run(words, limit, data, out=out, err=err, cwd=self.job.path, env=env, held=held)
        except subprocess.TimeoutExpired:
            return fail(f"{_show(words)} took more than {limit:g} s")
        except OSError as error:
            return fail(f"{words[0]}: {error.strerror}")


def _make_settings(first: int) -> dict[str, str]:
    """Return the variables that have `_ALONE`, after so many settings that are there."""
    made = {"GIT_CONFIG_COUNT": str(first + len(_ALONE))}
    for number, (key, value) in enumerate(_ALONE.items(), first):
        made.update({f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value})
    return made


def _show(words: tuple[str, ...]) -> str:
    """Return how a command is called in a message: Compose by its verb, which comes after its options."""
    if words[:2] != ("docker", "compose"):
        return " ".join(words[: 2 + (words[0] == "git")])
    rest = words[2:]
    while rest and rest[0].startswith("-"):
        rest = rest[2:]
    return " ".join([*words[:2], *rest[:1]])
