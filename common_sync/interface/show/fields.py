"""The fields of each command's JSON document, schema 1; docs/json.md explains them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from common_sync.core.findings import page_url
from common_sync.core.model import STATES, Finding

if TYPE_CHECKING:  # each command needs its own at run time, and no other's
    from common_sync.commands.distribute import Distribution, Outcome
    from common_sync.commands.doctor import Diagnosis
    from common_sync.commands.eject import Ejected, Ejection
    from common_sync.commands.explain import Explanation, Page
    from common_sync.commands.promote import Promotion
    from common_sync.commands.restore import Kept, Restoration
    from common_sync.commands.steps.doctor.service_check import ServiceCheck
    from common_sync.commands.steps.proposing import Proposal, ProposedLibrary
    from common_sync.commands.steps.survey import Survey
    from common_sync.commands.verify import CopyCheck
    from common_sync.core.copies.plan import Operation
    from common_sync.core.service_plan import CopySurvey, ServicePlan
    from common_sync.edges.detection.services import Reason
    from common_sync.edges.library.targets import Target

Fields = dict[str, object]


def survey_fields(surveyed: "Survey") -> Fields:
    """Return the fields of `status` and `verify`."""
    return _envelope(
        surveyed, [_service(plan, surveyed) for plan in surveyed.plans], surveyed.findings(), in_sync=surveyed.in_sync
    )


def diff_fields(surveyed: "Survey") -> Fields:
    """Return the fields of `diff`."""
    return survey_fields(surveyed) | {"diff": _diff(surveyed, force=True)}


def distribute_fields(distribution: "Distribution", *, diff: bool) -> Fields:
    """Return the fields of `distribute`: services before it, its work, what is left.

    Args:
        distribution: What the run came to.
        diff: Whether the differences were asked for.
    """
    services = [
        _service(outcome.plan, distribution.survey) | _outcome(outcome, distribution)
        for outcome in distribution.outcomes
    ]
    checkouts = distribution.checkouts
    return _envelope(distribution.survey, services, distribution.findings(), in_sync=distribution.in_sync) | {
        "rewritten": [as_text(edit.path) for edit in distribution.survey.root.edits],
        "dry_run": distribution.dry_run,
        "force": distribution.force,
        "changed": distribution.changed,
        "kept": distribution.kept and as_text(distribution.kept),
        **({"diff": _diff(distribution.survey, force=distribution.force)} if diff else {}),
        **({"from": {name: as_text(place) for name, place in checkouts.items()}} if checkouts else {}),
    }


def _outcome(outcome: "Outcome", distribution: "Distribution") -> Fields:
    several = distribution.survey.project.configuration.library
    copies = [
        _library_copy(one.copy) | {"changed": one.changed, **_operations(one.done), **_left(one.left)}
        for one in outcome.copies
    ]
    return {
        "changed": outcome.changed,
        **({"copies": copies} if several else {}),
        "in_sync": outcome.in_sync,
        **_operations(outcome.done),
        "rewritten": [as_text(edit.path) for edit in outcome.plan.edits],
        **_left(outcome.left),
        "gone": [as_text(former.path) for former in outcome.gone],
    }


def _operations(operations: "Sequence[Operation]") -> Fields:
    return {"operations": [{"action": one.action, "path": as_text(one.path)} for one in operations]}


def _left(operations: "Sequence[Operation]") -> Fields:
    return {"left": [as_text(one.path) for one in operations]}


def _diff(surveyed: "Survey", *, force: bool) -> list[str]:
    from common_sync.commands.diff import diff_lines  # only where it was asked for

    return [as_text(line.text) for line in diff_lines(surveyed, force=force)]


def verify_copy_fields(check: "CopyCheck") -> Fields:
    """Return the fields of `verify --copy`."""
    library = check.manifest.library
    return {
        "in_sync": not check.findings,
        "copy": {
            "path": as_text(check.path),
            "state": check.plan.state,
            "digest": check.digest,
            "files": check.files,
            "library": as_text(library.name),
            "master": as_text(library.master),
            "version": library.version,
        },
        "findings": findings_fields(check.findings),
    }


def eject_fields(ejection: "Ejection") -> Fields:
    """Return the fields of `eject`."""
    return {
        "complete": ejection.is_complete,
        "dry_run": ejection.dry_run,
        "services": [_ejected(service) for service in ejection.services],
        "unblocked": [as_text(block.path) for block in ejection.unblocked],
        "kept": ejection.kept and as_text(ejection.kept),
        "findings": findings_fields(ejection.findings()),
    }


def _ejected(service: "Ejected") -> Fields:
    return {
        "name": as_text(service.service),
        "copy": as_text(service.copies[0]),
        **({"copies": [as_text(copy) for copy in service.copies]} if len(service.copies) > 1 else {}),
        "put_back": [as_text(edit.path) for edit in service.edits],
        "unblocked": [as_text(block.path) for block in service.unblocked],
        "removed": sum(len(removal.plan.operations) for removal in service.removals),
        "stays": [as_text(path) for removal in service.removals for path in removal.stays],
    }


def doctor_fields(diagnosis: "Diagnosis", *, fix: bool) -> Fields:
    """Return the fields of `doctor`.

    Args:
        diagnosis: What the run came to.
        fix: Whether what is missing was put in.
    """
    services = [_checked(service) for service in diagnosis.services]
    proven = sum(service.verdict == "proven" for service in diagnosis.services)
    document = _envelope(diagnosis.survey, services, diagnosis.findings, in_sync=diagnosis.passes)
    return document | {"proven": proven, "indexed": [as_text(one) for one in diagnosis.indexed], "fix": fix}


def _checked(service: "ServiceCheck") -> Fields:
    return {
        "name": as_text(service.service),
        "verdict": service.verdict,
        "dockerfiles": [as_text(path) for path in service.dockerfiles],
        "checks": {title.lower(): state for title, state in service.states.items()},
        "fixed": [
            {"file": as_text(f"{service.service}/{file.path}"), "lines": [as_text(line) for line in file.lines]}
            for file in service.fixed
        ],
    }


def explain_fields(explanations: Sequence["Explanation"], pages: Sequence["Page"]) -> Fields:
    """Return the fields of `explain`."""
    return {
        "paths": [{key: as_text(value) for key, value in one._asdict().items()} for one in explanations],
        "codes": [page._asdict() for page in pages],
    }


def promote_fields(promotion: "Promotion") -> Fields:
    """Return the fields of `promote`: those of `distribute` too, where copies followed."""
    done = promotion.distribution
    return (distribute_fields(done, diff=False) if done is not None else {}) | {
        "complete": not promotion.refused,
        "dry_run": promotion.dry_run,
        "promoted": [
            {
                "service": as_text(one.edit.copy.service),
                "file": as_text(one.edit.file),
                "master_file": as_text(one.edit.master_file),
                "how": one.how,
                "added": one.added,
                "removed": one.removed,
            }
            for one in promotion.promoted
        ],
        "refused": [as_text(finding.file) for finding in promotion.refused],
        **({promotion.goal.option[2:]: as_text(promotion.goal.place)} if promotion.goal is not None else {}),
        "kept": promotion.kept and as_text(promotion.kept),
        "findings": findings_fields(promotion.findings()),
    }


def restore_fields(done: "Restoration") -> Fields:
    """Return the fields of `restore`."""
    return {
        "set": done.number,
        "restored": [as_text(file) for file in done.restored],
        "there": [as_text(file) for file in done.there],
        "kept": done.kept and as_text(done.kept),
        "dry_run": done.dry_run,
    }


def kept_fields(kept: Sequence["Kept"]) -> Fields:
    """Return the fields of `restore` without a set."""
    return {
        "sets": [
            {"set": one.number, "date": one.date, "path": as_text(one.path), "files": [as_text(file) for file in files]}
            for one, files in kept
        ]
    }


def init_fields(proposal: "Proposal") -> Fields:
    """Return the fields of `init`."""
    first = _proposed(proposal.first)
    several = {"libraries": list(map(_proposed, proposal.libraries))} if proposal.libraries[1:] else {}
    named = {key: first[key] for key in ("master", "guess", "copy", "services")}
    return {"file": as_text(proposal.file), **named, "notes": [_reason(reason) for reason in proposal.notes], **several}


def _proposed(library: "ProposedLibrary") -> Fields:
    return {
        "name": library.name,
        "master": library.master,
        "guess": library.guess,
        "copy": library.copy,
        "services": [
            {
                "name": service.path,
                "guess": service.guess,
                "reasons": [_reason(reason) for reason in service.reasons],
            }
            for service in library.services
        ],
    }


def _reason(reason: "Reason") -> Fields:
    return {"file": as_text(reason.file), "line": reason.line, "text": as_text(reason.text)}


def _envelope(surveyed: "Survey", services: Sequence[Fields], findings: Sequence[Finding], *, in_sync: bool) -> Fields:
    """Return the fields that every command about all services begins with."""
    several = surveyed.project.configuration.library
    return {
        "in_sync": in_sync,
        "master": _master(surveyed.first),
        **({"libraries": [_library(target) for target in surveyed.masters]} if several else {}),
        "services": services,
        **({"workspace": [as_text(one) for one in members]} if (members := surveyed.project.members) else {}),
        "findings": findings_fields(findings),
    }


def _copy(copy: "CopySurvey") -> Fields:
    return {
        "copy": as_text(copy.path),
        "state": copy.plan.state,
        "touched": copy.plan.touched and copy.exists,
        "behind": copy.plan.behind,
        "digest": copy.digest,
        "version": copy.version,
        "files": copy.files,
        **({"pinned": as_text(copy.target.ref)} if copy.target.ref is not None else {}),
    }


def _library_copy(copy: "CopySurvey") -> Fields:
    return {"library": as_text(copy.target.library)} | _copy(copy) | _drift(copy)


def _drift(copy: "CopySurvey") -> Fields:
    return {"drift": [{"path": as_text(one.path), "state": one.state} for one in copy.plan.operations]}


def _master(target: "Target") -> Fields:
    manifest = target.manifest
    return {
        "path": as_text(target.library.master),
        "library": as_text(manifest.library.name),
        "digest": manifest.tree,
        "version": manifest.library.version,
        "files": len(manifest.files),
    }


def _library(target: "Target") -> Fields:
    return {"name": as_text(target.library.name)} | _master(target)


def _service(plan: "ServicePlan", surveyed: "Survey") -> Fields:
    several = surveyed.project.configuration.library
    return {
        "name": as_text(plan.service),
        **_copy(plan.copies[0]),
        "state": max((copy.plan.state for copy in plan.copies), key=STATES.index),
        **({"copies": [_library_copy(copy) for copy in plan.copies]} if several else {}),
        "in_sync": plan.is_empty,
        **_drift(plan.copies[0]),
        "references": [
            {"file": as_text(reference.file), "line": reference.line, "state": reference.state}
            for reference in plan.references
        ],
    }


def findings_fields(findings: Sequence[Finding]) -> list[Fields]:
    """Return the fields of findings."""
    return [
        {
            key: as_text(value) if isinstance(value, str) else value
            for key, value in finding._asdict().items()
            if key not in ("insertion", "lacks", "asker")
        }
        | {"url": page_url(finding.code)}
        for finding in findings
    ]


def as_text(name: str) -> str:
    """Return a name as valid UTF-8; other bytes become backslash escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
