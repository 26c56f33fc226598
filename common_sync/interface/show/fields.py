"""The fields of each command's JSON document, schema 1; docs/json.md explains them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from common_sync.core.findings import page_url
from common_sync.core.model import Finding

if TYPE_CHECKING:  # each command needs its own at run time, and no other's
    from common_sync.commands.distribute import Distribution, Outcome
    from common_sync.commands.doctor import Diagnosis
    from common_sync.commands.eject import Ejected, Ejection
    from common_sync.commands.env_clean import Cleaning
    from common_sync.commands.env_status import EnvironmentRow, EnvironmentStatus
    from common_sync.commands.env_sync import EnvironmentSync, Synced
    from common_sync.commands.explain import Explanation, Page
    from common_sync.commands.init import Proposal
    from common_sync.commands.log import CopyHistory, History
    from common_sync.commands.promote import Promotion
    from common_sync.commands.steps.service_check import ServiceCheck
    from common_sync.commands.steps.survey import Survey
    from common_sync.commands.units import Unit
    from common_sync.commands.verify import CopyCheck
    from common_sync.core.copies.ancestry import Commit
    from common_sync.core.service_plan import ServicePlan
    from common_sync.edges.detection.services import Reason

Fields = dict[str, object]


def survey_fields(surveyed: "Survey") -> Fields:
    """Return the fields of `status` and `verify`."""
    return _envelope(
        surveyed, [_service(plan) for plan in surveyed.plans], surveyed.findings(), in_sync=surveyed.in_sync
    )


def diff_fields(surveyed: "Survey") -> Fields:
    """Return the fields of `diff`."""
    return survey_fields(surveyed) | {"diff": _diff(surveyed)}


def distribute_fields(distribution: "Distribution", *, diff: bool) -> Fields:
    """Return the fields of `distribute`: services before it, its work, what is left.

    Args:
        distribution: What the run came to.
        diff: Whether the differences were asked for.
    """
    services = [_service(outcome.plan) | _outcome(outcome) for outcome in distribution.outcomes]
    return _envelope(distribution.survey, services, distribution.findings(), in_sync=distribution.in_sync) | {
        "rewritten": [_text(edit.path) for edit in distribution.survey.root.edits],
        "dry_run": distribution.dry_run,
        "force": distribution.force,
        "changed": distribution.changed,
        "kept": distribution.kept and _text(distribution.kept),
        **({"diff": _diff(distribution.survey)} if diff else {}),
    }


def _outcome(outcome: "Outcome") -> Fields:
    return {
        "changed": outcome.changed,
        "in_sync": outcome.in_sync,
        "operations": [{"action": operation.action, "path": _text(operation.path)} for operation in outcome.done],
        "rewritten": [_text(edit.path) for edit in outcome.plan.edits],
        "left": [_text(operation.path) for operation in outcome.left],
        "gone": [_text(former.path) for former in outcome.gone],
    }


def _diff(surveyed: "Survey") -> list[str]:
    from common_sync.commands.diff import diff_lines  # only where it was asked for

    return [_text(line.text) for line in diff_lines(surveyed)]


def verify_copy_fields(check: "CopyCheck") -> Fields:
    """Return the fields of `verify --copy`."""
    library = check.manifest.library
    return {
        "in_sync": not check.findings,
        "copy": {
            "path": _text(check.path),
            "state": check.plan.state,
            "digest": check.digest,
            "files": check.files,
            "library": _text(library.name),
            "master": _text(library.master),
            "version": library.version,
        },
        "findings": _findings(check.findings),
    }


def eject_fields(ejection: "Ejection") -> Fields:
    """Return the fields of `eject`."""
    return {
        "complete": ejection.is_complete,
        "dry_run": ejection.dry_run,
        "services": [_ejected(service) for service in ejection.services],
        "unblocked": [_text(block.path) for block in ejection.unblocked],
        "kept": ejection.kept and _text(ejection.kept),
        "findings": _findings(ejection.findings()),
    }


def _ejected(service: "Ejected") -> Fields:
    return {
        "name": _text(service.service),
        "copy": _text(service.copies[0]),
        "put_back": [_text(edit.path) for edit in service.edits],
        "unblocked": [_text(block.path) for block in service.unblocked],
        "removed": sum(len(removal.plan.operations) for removal in service.removals),
        "stays": [_text(path) for removal in service.removals for path in removal.stays],
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
    return document | {"proven": proven, "fix": fix}


def _checked(service: "ServiceCheck") -> Fields:
    return {
        "name": _text(service.service),
        "verdict": service.verdict,
        "dockerfiles": [_text(path) for path in service.dockerfiles],
        "checks": {title.lower(): state for title, state in service.states.items()},
        "fixed": [
            {"file": _text(f"{service.service}/{file.path}"), "lines": [_text(line) for line in file.lines]}
            for file in service.fixed
        ],
    }


def environment_sync_fields(synced: "EnvironmentSync") -> Fields:
    """Return the fields of `env sync`."""
    return {
        "in_sync": synced.in_sync,
        "dry_run": synced.dry_run,
        "services": [_synced(one) for one in synced.services],
        "findings": _findings(synced.findings),
    }


def _synced(one: "Synced") -> Fields:
    return {
        "name": _text(one.situation.service),
        "action": one.action,
        "reasons": [_text(reason) for reason in one.situation.standing.reasons],
        "environment": one.environment or None,
        "packages": one.packages,
        "error": _text(str(one.error)) if one.error is not None else None,
    }


def environment_status_fields(status: "EnvironmentStatus") -> Fields:
    """Return the fields of `env status`."""
    return {
        "in_sync": status.in_sync,
        "services": [_environment(row) for row in status.rows],
        "findings": _findings(status.findings),
    }


def _environment(row: "EnvironmentRow") -> Fields:
    situation, seen = row.situation, row.situation.folder.current
    environment = seen.environment if seen is not None else None
    return {
        "name": _text(situation.service),
        "state": situation.standing.state,
        "reasons": [_text(reason) for reason in situation.standing.reasons],
        "environment": row.environment or None,
        "python": environment and {name: _text(value) for name, value in environment.interpreter._asdict().items()},
        "installer": environment and _text(environment.installer),
        "editable_master": environment is not None and environment.editable_master,
        "packages": row.packages,
        "size": row.size and row.size._asdict(),
        "others": row.others,
    }


def environment_clean_fields(cleaning: "Cleaning") -> Fields:
    """Return the fields of `env clean`."""
    return {
        "dry_run": cleaning.dry_run,
        "freed": cleaning.freed,
        "removals": [one._asdict() | {"path": _text(one.path)} for one in cleaning.removals],
        "cached": [{"name": _text(one.name), "size": one.size} for one in cleaning.cached],
        "pruned": _text(cleaning.pruned),
    }


def unit_fields(units: "Sequence[Unit]", findings: Sequence[Finding]) -> Fields:
    """Return the fields of `units`."""
    return {"units": [_unit(one) for one in units], "findings": _findings(findings)}


def _unit(one: "Unit") -> Fields:
    return {
        "name": _text(one.service),
        "unit": f"{one.name}.service",
        "path": _text(one.path),
        "state": one.state,
        "enabled": one.enabled,
        "action": one.action,
        "kept": _text(one.kept) or None,
        "text": one.text or None,
    }


def explain_fields(explanations: Sequence["Explanation"], pages: Sequence["Page"]) -> Fields:
    """Return the fields of `explain`."""
    return {
        "paths": [{key: _text(value) for key, value in one._asdict().items()} for one in explanations],
        "codes": [page._asdict() for page in pages],
    }


def log_fields(history: "History") -> Fields:
    """Return the fields of `log`."""
    return {
        "complete": history.is_complete,
        "copies": [_copy_fields(copy) for copy in history.copies],
        "digests": [
            {
                "digest": one.digest,
                "master": _text(one.master),
                "now": one.is_now,
                "at": _commit_fields(one.at),
                "behind": [_commit_fields(commit) for commit in one.behind[::-1]],
                "complete": one.unclear is None,
            }
            for one in history.digests
        ],
    }


def _copy_fields(copy: "CopyHistory") -> Fields:
    return {
        "service": _text(copy.service),
        "copy": _text(copy.copy),
        "master": _text(copy.master),
        "exists": copy.exists,
        "managed": copy.managed,
        "current": copy.is_current,
        "at": _commit_fields(copy.at),
        "differs": [_text(path) for path in copy.differs],
        "edited": [_text(path) for path in copy.edited],
        "uncommitted": [_text(path) for path in copy.uncommitted],
        "behind": [_commit_fields(commit) for commit in copy.behind[::-1]],
        "complete": copy.unclear is None,
        "why": copy.unclear and _text(copy.unclear.message),
    }


def _commit_fields(commit: "Commit | None") -> Fields | None:
    if commit is None:
        return None
    return {name: _text(str(getattr(commit, name))) for name in ("id", "date", "author", "subject")}


def promote_fields(promotion: "Promotion") -> Fields:
    """Return the fields of `promote`: those of `distribute` too, where copies followed."""
    done = promotion.distribution
    return (distribute_fields(done, diff=False) if done is not None else {}) | {
        "complete": not promotion.refused,
        "dry_run": promotion.dry_run,
        "promoted": [
            {
                "service": _text(one.service),
                "file": _text(one.file),
                "master_file": _text(one.master_file),
                "how": one.how,
                "added": one.added,
                "removed": one.removed,
            }
            for one in promotion.promoted
        ],
        "refused": [_text(finding.file) for finding in promotion.refused],
        "kept": promotion.kept and _text(promotion.kept),
        "findings": _findings(promotion.findings()),
    }


def init_fields(proposal: "Proposal") -> Fields:
    """Return the fields of `init`."""
    return {
        "file": _text(proposal.file),
        "master": proposal.master,
        "guess": proposal.guess,
        "copy": proposal.copy,
        "services": [
            {
                "name": service.path,
                "guess": service.guess,
                "reasons": [_reason(reason) for reason in service.reasons],
            }
            for service in proposal.services
        ],
        "notes": [_reason(reason) for reason in proposal.notes],
    }


def _reason(reason: "Reason") -> Fields:
    return {"file": _text(reason.file), "line": reason.line, "text": _text(reason.text)}


def _envelope(surveyed: "Survey", services: Sequence[Fields], findings: Sequence[Finding], *, in_sync: bool) -> Fields:
    """Return the fields that every command about all services begins with."""
    target, manifest = surveyed.first, surveyed.first.manifest
    return {
        "in_sync": in_sync,
        "master": {
            "path": _text(target.library.master),
            "library": _text(manifest.library.name),
            "digest": manifest.tree,
            "version": manifest.library.version,
            "files": len(manifest.files),
        },
        "services": services,
        "findings": _findings(findings),
    }


def _service(plan: "ServicePlan") -> Fields:
    copy = plan.copies[0]
    return {
        "name": _text(plan.service),
        "copy": _text(copy.path),
        "state": copy.plan.state,
        "touched": copy.plan.touched and copy.exists,
        "behind": copy.plan.behind,
        "digest": copy.digest,
        "version": copy.version,
        "files": copy.files,
        "in_sync": plan.is_empty,
        "drift": [{"path": _text(operation.path), "state": operation.state} for operation in copy.plan.operations],
        "references": [
            {"file": _text(reference.file), "line": reference.line, "state": reference.state}
            for reference in plan.references
        ],
    }


def _findings(findings: Sequence[Finding]) -> list[Fields]:
    return [
        {
            key: _text(value) if isinstance(value, str) else value
            for key, value in finding._asdict().items()
            if key not in ("insertion", "lacks", "asker")
        }
        | {"url": page_url(finding.code)}
        for finding in findings
    ]


def _text(name: str) -> str:
    """Return a name as valid UTF-8; other bytes become backslash escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
