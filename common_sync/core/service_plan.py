"""What would bring one service in sync: the plans of its copies, and its own files that are to be rewritten."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from common_sync.core.copies.library import TargetKey
from common_sync.core.copies.plan import CopyPlan, Operation
from common_sync.core.findings import (
    distribute_command,
    make_finding,
    managed_finding,
    missing_copy,
    reference_findings,
)
from common_sync.core.model import Entries, FileEdit, Finding, Reference

if TYPE_CHECKING:
    from common_sync.core.formats.compose.built import BuiltService


Kind = Literal["diverged", "modified", "extra", "unmanaged", "no copy", "missing", "stale", "references", "current"]
"""How a service stands, or a copy of it: by the file that a person has to look at first. `references` is where only its own files fail."""

KINDS: tuple[Kind, ...] = get_args(Kind)
"""Every kind, the worst first."""


class Widened(NamedTuple):
    """A Dockerfile that takes a library from its master, by a build context that is not the service's folder."""

    path: str  # POSIX path inside the service
    builds: "tuple[BuiltService, ...]"  # how it is built, from such contexts


class CopySurvey(NamedTuple):
    """How one copy stands, and what would bring it in sync."""

    target: TargetKey  # the key of what it should hold
    master: str  # what that is called: the master's path from the root
    service: str  # the service's path from the root
    place: str  # the copy's path inside the service
    plan: CopyPlan  # what would bring it in sync
    leftover: bool  # whether a killed run left something beside it: a staged copy, or a file of the service's
    exists: bool = False  # whether there is a folder for it
    files: int = 0  # how many files it holds
    digest: str | None = None  # the tree digest of what it holds, or None when there is no copy
    version: str | None = None  # the version that its manifest states
    known: bool = True  # whether it is known here what it should hold; otherwise nothing is written to it
    lacks: tuple[Finding, ...] = ()  # why that is not known
    alone: bool = True  # whether it is the only copy of its service
    spared: bool = False  # whether edits in it stay, although edits in another copy are discarded

    @property
    def path(self) -> str:
        """The copy's path from the root."""
        return f"{self.service}/{self.place}"

    @property
    def source(self) -> str:
        """What it is a copy of, for people: the master's path, and what it is pinned to."""
        return self.master if self.target.ref is None else f"{self.master}@{self.target.ref}"

    @property
    def kind(self) -> Kind:
        """How it stands, by the file that a person has to look at first."""
        if not self.exists:
            return "no copy"
        if self.plan.state == "unmanaged":
            return self.plan.state
        return min((one.state for one in self.plan.operations), key=KINDS.index, default=self.plan.state)

    def applicable(self, *, force: bool) -> tuple[Operation, ...]:
        """Return the operations that may be applied.

        Args:
            force: Whether the user gave his say to discard bytes.
        """
        if not self.known:
            return ()
        return self.plan.applicable(force=force and not self.spared) if self.exists else self.plan.operations

    def rewrites_manifest(self, *, force: bool) -> bool:
        """Return whether applying the plan changes its manifest.

        Args:
            force: As for `applicable`.
        """
        return self.known and self.plan.rewrites_manifest(force=force and not self.spared)

    def files_after(self, target: Entries, *, force: bool) -> Entries:
        """Return what its manifest is to list once the plan is applied.

        Args:
            target: What it should hold.
            force: As for `applicable`.
        """
        return self.plan.files_after(target, force=force and not self.spared)

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for everything in which it is not in sync."""
        yield from self.lacks
        if self.plan.is_empty:
            return
        from common_sync.core.copies.drift import drift_findings  # most copies are in sync

        if self.exists:
            yield from drift_findings(self.plan, self.service, self.path, self.master, self.target.ref)
        else:
            yield missing_copy(self.service, self.path, len(self.plan.operations))

    def findings_of(self, left: tuple[Operation, ...]) -> Iterator[Finding]:
        """Yield a finding for each operation that was left once the others were applied."""
        from common_sync.core.copies.drift import drift_findings

        rest = self.plan._replace(state="current", operations=left, behind=False)
        return drift_findings(rest, self.service, self.path, self.master, self.target.ref)

    @property
    def called(self) -> str | None:
        """The name of its library, where commands have to say which one of the service's is meant."""
        return None if self.alone else self.target.library


class FormerCopy(NamedTuple):
    """A copy that stands where one was before the library got another name or place."""

    target: TargetKey  # the key of what the copy in its stead should hold
    master: str  # what that is called: the master's path from the root
    service: str  # the service's path from the root
    place: str  # its path inside the service
    plan: CopyPlan  # what takes it away: a delete for each file, guarded where somebody has edited it
    needed: bool = False  # whether something still leads to it that cannot be turned
    spared: bool = False  # as for `CopySurvey`

    @property
    def path(self) -> str:
        """Its path from the root."""
        return f"{self.service}/{self.place}"

    def goes(self, *, force: bool) -> bool:
        """Tell whether it may be taken away: nothing leads there, and somebody's own bytes only go where he says so."""
        force = force and not self.spared
        return not self.needed and (force or not any(one.guarded for one in self.plan.operations))

    def findings(self) -> Iterator[Finding]:
        """Yield why it stays, or that it goes."""
        edited = [one for one in self.plan.operations if one.guarded]
        command = distribute_command(self.service)
        for one in edited:
            remedy = f"take it over to {self.master}/{one.path}, or {command} --force discards it"
            message = "is not what the manifest of this former copy says, so the copy stays"
            yield make_finding("CS119", self.service, f"{self.path}/{one.path}", None, message, remedy)
        if self.needed:
            message, remedy = (
                "is a former copy, and stays as long as what leads there cannot be turned",
                "mend the errors",
            )
            yield make_finding("CS119", self.service, self.path, None, message, remedy)
        elif not edited:
            message = (
                f"is a former copy: the configuration has got another name or place for the copies of {self.master}"
            )
            yield make_finding("CS119", self.service, self.path, None, message, command)


class ServicePlan(NamedTuple):
    """What would bring one service in sync: it is in sync when this is empty, and nothing else says so.

    Attributes:
        service: The service's path from the root.
        copies: Its copies, in the order of the libraries.
        edits: Its own files to rewrite.
        references: What points at a library.
        problems: Findings that no plan can mend.
        blocks: Its own files that a managed block is kept in, in sync or not; paths from the root.
        widened: The Dockerfiles that take a library from its master by another build context than the service's folder.
        former: The copies at their former places, which are to go.
    """

    service: str
    copies: tuple[CopySurvey, ...]
    edits: tuple[FileEdit, ...]
    references: tuple[Reference, ...]
    problems: tuple[Finding, ...]
    blocks: tuple[str, ...] = ()
    widened: tuple[Widened, ...] = ()
    former: tuple[FormerCopy, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the service is in sync; a warning is no drift."""
        in_sync = all(copy.plan.is_empty and not copy.lacks for copy in self.copies) and not self.former
        return in_sync and not self.edits and not any(one.severity == "error" for one in self.problems)

    @property
    def kind(self) -> Kind:
        """How the service stands, by its worst copy."""
        worst = min((copy.kind for copy in self.copies), key=KINDS.index)
        return "references" if worst == "current" and not self.is_empty else worst

    @property
    def is_pinned(self) -> bool:
        """Whether a copy of it stays at a tag or a commit."""
        return any(copy.target.ref is not None for copy in self.copies)

    @property
    def pinned_edits(self) -> tuple[CopySurvey, ...]:
        """The copies that stay at a tag or a commit, and were edited."""
        pinned = (copy for copy in self.copies if copy.target.ref is not None)
        return tuple(copy for copy in pinned if any(one.guarded for one in copy.plan.operations))

    def sparing(self, library: str) -> "ServicePlan":
        """Return the plan with edits spared in all copies but those of one library.

        Args:
            library: The library's name.
        """
        copies = (copy._replace(spared=copy.target.library != library) for copy in self.copies)
        former = (one._replace(spared=one.target.library != library) for one in self.former)
        return self._replace(copies=tuple(copies), former=tuple(former))

    @property
    def leftover(self) -> bool:
        """Whether a killed run left something in it."""
        return any(copy.leftover for copy in self.copies)

    @property
    def is_untouched(self) -> bool:
        """Whether nothing is to be written to it, be it only to remove what another run has left."""
        return self.is_empty and not self.leftover and not any(copy.plan.caches for copy in self.copies)

    def findings(self) -> list[Finding]:
        """Return a finding for everything that is not in sync, and the warnings."""
        return [
            *(finding for copy in self.copies for finding in copy.findings()),
            *(finding for former in self.former for finding in former.findings()),
            *reference_findings(self.service, self.references),
            *block_findings(self.service, self.edits),
            *self.problems,
        ]


def block_findings(service: str, edits: Iterable[FileEdit]) -> Iterator[Finding]:
    """Yield a finding for each managed block that is to be written.

    Args:
        service: The service's path from the root, or nothing for what belongs to none.
        edits: What is to be done.
    """
    for edit in edits:
        if edit.managed:
            yield managed_finding(service, edit.path, exists=edit.before is not None)
