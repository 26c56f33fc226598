"""A machine on which `common-sync deploy` makes releases, as the agent asks and changes it: the standard library alone, Python 3.7 or newer.

All that is done to releases is done by the machine's own common-sync: one mechanism, by hand and from afar.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import NamedTuple

from common_sync.remote.calls import Caller, fail, refuse
from common_sync.remote.waiting import find_ill, wait_until_well

_EVIDENCE = ("CS304", "CS314")
"""The codes of what `ps` says where another release runs than the current one, or nobody has proven that."""

_PROPERTIES = "ActiveState,MainPID,NRestarts"


class Standing(NamedTuple):
    """The releases of a service."""

    current: int  # the one that is meant to run; 0 for none
    settled: bool  # whether that was proven since it was switched to
    commits: dict[int, str]  # the commit of each
    unit: str  # the unit that systemd runs it by; nothing where it has no command
    is_of_user: bool  # whether that is the user's own systemd


class Machine(Caller):
    """Asks and changes a service's releases."""

    def read(self) -> Standing:
        """Return how the releases stand.

        Raises:
            StepError: They cannot be read, or are elsewhere.
        """
        told = self.tell("rollback", "--list")
        place, meant = os.path.realpath(str(told["place"])), os.path.realpath(self.job.place)
        if place != meant:
            fail(f"the configuration in {self.job.path} has its releases in {place}, and not in {meant}")
        releases = told["releases"]
        assert isinstance(releases, list)
        commits = {int(one["number"]): str(one["commit"] or "").rstrip("+") for one in releases}
        return Standing(
            _number(told["former"]), told["settled"] is True, commits, str(told["unit"] or ""), told["scope"] == "user"
        )

    def make(self) -> int:
        """Make a release of the commit, aside; return its number."""
        told = self._deploy("--prepare-only")
        if told["stays"]:
            fail(f"it would not be restarted: {told['stays']}")
        return _number(told["release"])

    def deploy(self, number: int) -> None:
        """Switch to the release that was made of the commit.

        Raises:
            StepError: It is not healthy, or another release was made.
        """
        told = self._deploy()
        if _number(told["release"]) != number:
            fail(f"release {told['release']} was made, and release {number} was prepared")
        _check_outcome(told["outcome"], number)

    def _deploy(self, *words: str) -> dict[str, object]:
        """Have the commit deployed; return what came of it."""
        told = self.tell("deploy", "--rev", self.job.commit, *words)
        services, findings = told["services"], told["findings"]
        assert isinstance(services, list)
        assert isinstance(findings, list)
        (one,) = services
        if one["action"] == "refused":
            fail("; ".join(f"{found['code']} {found['message']}" for found in findings[:1]) or "it was refused")
        return dict(one)

    def choose(self, number: int) -> int:
        """Return the release to go back to.

        Args:
            number: The one that is meant; 0 for the newest proven one before the current.

        Raises:
            RefusalError: There is none, or it cannot run any more.
        """
        done = self._run("rollback", *(("--to", str(number)) if number else ()), "--dry-run")
        if done.document is None:
            refuse(done.why)
        return _number(done.document["release"])

    def go_back(self, number: int) -> None:
        """Go to a release that is kept.

        Raises:
            StepError: It is not healthy.
        """
        _check_outcome(self.tell("rollback", "--to", str(number))["outcome"], number)

    def prove(self, number: int) -> None:
        """See that the copies in a release hold what is wanted."""
        named = self.job.probe.replace(f"release-{self.job.token}", f"{number:04}")
        self.prove_by(f"release {number}", sys.executable, "-I", "-", probe=named)

    def wait_until_well(self, number: int) -> None:
        """Wait until the service is well, and see that its processes are of a release."""
        standing = self.read()
        if (standing.current, standing.settled) != (number, True):
            fail(f"release {standing.current} is current, and not release {number}, proven")
        self._see_processes(standing.unit)
        if self.job.health:
            wait_until_well(self.job, lambda: self._see("" if standing.is_of_user else standing.unit))
            self._see_processes(standing.unit)

    def _see_processes(self, unit: str) -> None:
        """See that the unit runs what is current."""
        if not unit:
            return
        findings = self.tell("ps")["findings"]
        assert isinstance(findings, list)
        for one in findings:
            if one["code"] in _EVIDENCE:
                fail(f"{one['code']} {one['message']}")

    def _see(self, unit: str) -> tuple[str, str]:
        """Return why the service is not well, or nothing, and its starts."""
        words = ("systemctl", "show", f"--property={_PROPERTIES}", "--", unit)
        starts = self.find(*words) or "" if unit else ""
        ill = "" if not unit or "ActiveState=active" in starts.split() else f"{unit} is not active"
        return ill or find_ill(self.job.health), starts

    def tell(self, verb: str, *words: str) -> dict[str, object]:
        """Return what a command of common-sync says of the service, whatever its exit code.

        Raises:
            StepError: It says nothing.
        """
        done = self._run(verb, *words)
        return done.document if done.document is not None else fail(done.why)

    def _run(self, verb: str, *words: str) -> _Told:
        """Run a command of common-sync about the service; what it complains of goes to the log, too."""
        program = self.job.program
        more = ("--root", self.job.path, "--output-format", "json")
        with tempfile.TemporaryFile() as file:  # a pipe would end it in its middle, where this process is killed
            done = self.launch((program, verb, self.job.service, *words, *more), err=file.fileno())
            file.seek(0)
            complaints = file.read().decode("utf-8", "replace").splitlines()
        for line in complaints:
            print(line, file=sys.stderr, flush=True)
        said = [line for line in complaints if line.startswith("error: ")] or complaints or ["no word of why"]
        try:
            document = json.loads(done.stdout)
        except ValueError:
            document = None
        why = f"common-sync {verb}: {said[-1][:_LONGEST].replace('error: ', '', 1)}"
        return _Told(document if isinstance(document, dict) else None, why)


_LONGEST = 300


class _Told(NamedTuple):
    document: dict[str, object] | None
    why: str  # why there is none


def _number(value: object) -> int:
    return int(str(value or 0))


def _check_outcome(outcome: object, number: int) -> None:
    """See that a release was proven; nothing came of it where that was so before."""
    if isinstance(outcome, dict) and outcome["proven"] is not True:
        trouble = f"; then the way back: {outcome['trouble']}" if outcome["trouble"] else ""
        fail(f"release {number} is not healthy: {outcome['reason']}{trouble}")
