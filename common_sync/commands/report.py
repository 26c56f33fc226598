"""`report`: all that is known of the copies, in one document."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from common_sync.commands.diff import operation_lines
from common_sync.commands.doctor import Diagnosis, diagnose
from common_sync.commands.steps.doctor.service_check import ServiceCheck
from common_sync.commands.steps.past import Past, read_past
from common_sync.commands.steps.survey import Survey
from common_sync.core.copies.plan import Operation
from common_sync.core.errors import shell_word
from common_sync.core.model import Entry, Finding
from common_sync.core.report.document import Cell, CopyRow, Document, LibraryRow, ServiceRow, limit_rows
from common_sync.core.report.timeline import find_since, letter_of, thin_out, worst_of_services
from common_sync.core.service_plan import CopySurvey, ServicePlan
from common_sync.edges.git.history import read_head
from common_sync.edges.library.targets import Target
from common_sync.edges.processes.workers import Phases, no_progress
from common_sync.edges.project.load import Project

if TYPE_CHECKING:
    from common_sync.core.copies.library import TargetKey

Differences = Literal["none", "short", "full"]
"""How much of a difference is in a report."""


class Report(NamedTuple):
    """What a run of `report` came to."""

    diagnosis: Diagnosis  # how the services stand
    document: Document  # the same for people to look at, with the past


def make_report(
    project: Project,
    names: Sequence[str],
    say: Callable[[str], None],
    *,
    differences: Differences,
    history: int,
    phases: Phases = no_progress,
) -> Report:
    """Read everything once, and put together what a report says.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        say: Told when another run has to be waited for.
        differences: How much of each difference to take.
        history: How many of the last commits to look at; 0 for none.
        phases: Told of every few services that are read.

    Raises:
        CommonSyncError: Something cannot be read.
    """
    diagnosis = diagnose(project, names, say, phases=phases)
    past = read_past(diagnosis.survey, history) if history else Past((), "it was not asked for")
    return Report(diagnosis, limit_rows(_make_document(diagnosis, past, _Compared(diagnosis.survey, differences))))


def _make_document(diagnosis: Diagnosis, past: Past, compared: "_Compared") -> Document:
    found, made = diagnosis.survey, _now()
    letters = (
        (number, letter_of(copy.plan, exists=copy.exists))
        for number, plan in enumerate(found.plans)
        for copy in plan.copies
    )
    timeline = thin_out(past.moments, made, worst_of_services(letters))
    files = _Files(found)
    rows = []
    for number, (plan, check, history) in enumerate(zip(found.plans, diagnosis.services, timeline.states, strict=True)):
        row = _make_row(plan, check, found.targets_of(plan), files, compared)
        since = None if plan.is_empty else find_since(past.moments, number)
        rows.append(row._replace(history=history, since=since))
    branch, head = read_head(found.project.root) or ("", None)
    return Document(
        made,
        branch,
        head,
        tuple(_library_row(target, alone=len(found.masters) == 1) for target in found.masters),
        tuple(files.known),
        tuple(rows),
        (*found.root.findings, *diagnosis.shared, *diagnosis.scripts, *diagnosis.environments),
        tuple(compared.texts),
        timeline.times,
        past.why or ("" if past.moments else "no commit has the copies yet"),
        found.in_sync,
    )


def _now() -> int:
    """Return the time, or what stands for it where a build is to be the same each time (https://reproducible-builds.org)."""
    stated = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(stated) if stated.isdecimal() else int(time.time())


def _library_row(target: Target, *, alone: bool) -> LibraryRow:
    origin, files = target.manifest.library, len(target.manifest.files)
    called = None if alone else shell_word(target.library.name)
    return LibraryRow(target.library.master, origin.name, origin.version, target.manifest.tree, files, called)


def _make_row(
    plan: ServicePlan, check: ServiceCheck, targets: Sequence[Target], files: "_Files", compared: "_Compared"
) -> ServiceRow:
    findings = plan.findings()
    return ServiceRow(
        plan.service,
        plan.kind,
        any(one.severity == "error" and one.mend is None for one in findings),
        tuple(
            _copy_row(copy, target, files.library_of(copy)) for copy, target in zip(plan.copies, targets, strict=True)
        ),
        tuple(
            Cell(files.number_of(copy, operation.path), operation.state, compared.number_of(copy, operation))
            for copy in plan.copies
            if copy.exists
            for operation in copy.plan.operations
        ),
        tuple(_choose(findings, check)),
        check.verdict,
        {title.lower(): state for title, state in check.states.items() if state not in ("ok", "none")},
        "",
        None,
    )


def _copy_row(copy: CopySurvey, target: Target, library: int | None) -> CopyRow:
    commit = target.locked.commit if target.locked is not None else None
    return CopyRow(copy.path, copy.kind, copy.version, copy.target.ref, commit, copy.digest, copy.files, library)


_SEEN = frozenset({"CS001", "CS002", "CS003", "CS004", "CS005"})
"""What the cells say of files."""


def _choose(findings: Sequence[Finding], check: ServiceCheck) -> Iterator[Finding]:
    """Yield each finding once, without those that follow from others, and those that cells show."""
    told: set[tuple[str, str, int | None, str]] = set()
    for one in (*findings, *check.findings):
        key = (one.code, one.file, one.line, one.message)
        if one.code not in _SEEN and key not in told and one not in check.following:
            told.add(key)
            yield one


class _Files:
    """The files of the libraries, and those that copies have beside them, each by a number."""

    def __init__(self, found: Survey) -> None:
        self.known = [
            (library, path) for library, target in enumerate(found.masters) for path in sorted(target.manifest.files)
        ]
        self._numbers = {file: number for number, file in enumerate(self.known)}
        self._libraries = {target.library.name: number for number, target in enumerate(found.masters)}

    def library_of(self, copy: CopySurvey) -> int | None:
        """Return the number of a copy's library; None where there is no other one."""
        return self._libraries[copy.target.library] if len(self._libraries) > 1 else None

    def number_of(self, copy: CopySurvey, path: str) -> int:
        """Return the number of a file of a copy."""
        file = (self._libraries[copy.target.library], path)
        number = self._numbers.setdefault(file, len(self.known))
        if number == len(self.known):
            self.known.append(file)
        return number


_SHORT = 80
_MOST_COMPARED, _MOST_LETTERS = 3_000, 8_000_000
"""A page could hold no more, and comparing takes its time."""


class _Compared:
    """The differences, each once: services that are behind alike differ alike."""

    def __init__(self, found: Survey, much: Differences) -> None:
        self.texts: list[str] = []
        self._found, self._much, self._letters = found, much, 0
        self._numbers: dict[tuple[TargetKey, str, Entry | None, Entry | None], int] = {}

    def number_of(self, copy: CopySurvey, operation: Operation) -> int:
        """Return the number of a file's difference, or -1."""
        if self._much == "none":
            return -1
        key = (copy.target, operation.path, operation.before, operation.after)
        if key not in self._numbers:
            if len(self.texts) >= _MOST_COMPARED or self._letters >= _MOST_LETTERS or not copy.known:
                return -1
            self._numbers[key] = len(self.texts)
            self.texts.append(self._compare(copy, operation))
            self._letters += len(self.texts[-1])
        return self._numbers[key]

    def _compare(self, copy: CopySurvey, operation: Operation) -> str:
        lines = [
            line.text
            for line in operation_lines(self._found, copy, operation)
            if line.kind != "file" or not line.text.startswith(("--- ", "+++ "))
        ]
        if self._much == "short" and len(lines) > _SHORT + 1:
            lines = [*lines[:_SHORT], f"… {len(lines) - _SHORT:,} more lines: common-sync diff"]
        return "\n".join(lines)
