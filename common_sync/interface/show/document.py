"""Results as JSON, schema 1: what scripts read. docs/json.md has the fields."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from common_sync.commands.distribute import Distribution
from common_sync.commands.explain import Explanation
from common_sync.commands.steps.survey import ServicePlan, Survey
from common_sync.commands.verify import CopyCheck
from common_sync.core.model import Finding

if TYPE_CHECKING:  # `init`, `eject` and `doctor` alone need them at run time
    from common_sync.commands.doctor import Diagnosis
    from common_sync.commands.eject import Ejection
    from common_sync.commands.init import Proposal
    from common_sync.edges.detection.services import Reason

SCHEMA = 1

Document = dict[str, object]


def survey_document(command: str, found: Survey) -> Document:
    """Return the document for `status` and `verify`.

    Args:
        command: The command's name.
        found: What was read and planned.
    """
    services = [_service(plan) for plan in found.plans]
    return _envelope(command, found.in_sync, found, services, found.findings())


def diff_document(found: Survey) -> Document:
    """Return the document for `diff`.

    Args:
        found: What was read and planned.
    """
    return survey_document("diff", found) | {"diff": _diff(found)}


def _diff(found: Survey) -> list[str]:
    from common_sync.commands.diff import diff_lines  # only where it was asked for

    return [_text(line.text) for line in diff_lines(found)]


def distribution_document(done: Distribution, *, diff: bool = False) -> Document:
    """Return the document for `distribute`: how each service stood before, what was done, and what is left to say.

    Args:
        done: What the run came to.
        diff: Whether the differences were asked for.
    """
    services = [
        _service(outcome.plan)
        | {
            "changed": outcome.changed,
            "in_sync": outcome.in_sync,
            "operations": [{"action": operation.action, "path": _text(operation.path)} for operation in outcome.done],
            "rewritten": [_text(f"{outcome.plan.service}/{edit.path}") for edit in outcome.plan.edits],
            "left": [_text(operation.path) for operation in outcome.left],
        }
        for outcome in done.outcomes
    ]
    document = _envelope("distribute", done.in_sync, done.survey, services, done.findings())
    return document | {
        "rewritten": [_text(edit.path) for edit in done.survey.root.edits],
        "dry_run": done.dry_run,
        "force": done.force,
        "changed": done.changed,
        "kept": done.kept and _text(done.kept),
        **({"diff": _diff(done.survey)} if diff else {}),
    }


def copy_document(check: CopyCheck) -> Document:
    """Return the document for `verify --copy`.

    Args:
        check: How the copy stands to its manifest.
    """
    library = check.manifest.library
    return {
        "schema": SCHEMA,
        "command": "verify",
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
        "findings": [_finding(finding) for finding in check.findings],
    }


def ejection_document(done: "Ejection") -> Document:
    """Return the document for `eject`.

    Args:
        done: What the run came to.
    """
    return {
        "schema": SCHEMA,
        "command": "eject",
        "complete": done.is_complete,
        "dry_run": done.dry_run,
        "services": [
            {
                "name": _text(one.service),
                "copy": _text(one.copy_path),
                "put_back": [_text(file) for file in one.put_back],
                "unblocked": [_text(block.path) for block in one.unblocked],
                "removed": len(one.removal.operations) if one.removal is not None else 0,
                "stays": [_text(path) for path in one.stays],
            }
            for one in done.services
        ],
        "unblocked": [_text(block.path) for block in done.unblocked],
        "kept": done.kept and _text(done.kept),
        "findings": [_finding(finding) for finding in done.findings()],
    }


def diagnosis_document(found: "Diagnosis", *, fixed: bool) -> Document:
    """Return the document for `doctor`.

    Args:
        found: What the run came to.
        fixed: Whether what is missing was put in.
    """
    services: list[Document] = [
        {
            "name": _text(one.service),
            "verdict": one.verdict,
            "dockerfiles": list(map(_text, one.dockerfiles)),
            "checks": {title.lower(): state for title, state in one.states.items()},
            "fixed": [
                {"file": _text(f"{one.service}/{file.path}"), "lines": list(map(_text, file.lines))}
                for file in one.fixed
            ],
        }
        for one in found.services
    ]
    proven = sum(one.verdict == "proven" for one in found.services)
    document = _envelope("doctor", found.passes, found.survey, services, found.findings)
    return document | {"proven": proven, "fix": fixed}


def explanation_document(explanations: Sequence[Explanation]) -> Document:
    """Return the document for `explain`.

    Args:
        explanations: One for each path.
    """
    paths = [{key: _text(value) for key, value in one._asdict().items()} for one in explanations]
    return {"schema": SCHEMA, "command": "explain", "paths": paths}


def proposal_document(proposal: "Proposal") -> Document:
    """Return the document for `init`.

    Args:
        proposal: What was found and written.
    """
    return {
        "schema": SCHEMA,
        "command": "init",
        "file": _text(proposal.file),
        "master": proposal.master,
        "copy": proposal.copy,
        "services": [
            {"name": service.path, "reasons": [_reason(reason) for reason in service.reasons]}
            for service in proposal.services
        ],
        "notes": [_reason(reason) for reason in proposal.notes],
    }


def _reason(reason: "Reason") -> Document:
    return {"file": _text(reason.file), "line": reason.line, "text": _text(reason.text)}


def render(document: Document) -> str:
    """Return a document as JSON text in ASCII, whatever can be printed; keys in the order they were put in."""
    return json.dumps(document, indent=2)


def _envelope(
    command: str, in_sync: bool, found: Survey, services: Sequence[Document], findings: Sequence[Finding]
) -> Document:
    manifest = found.master.manifest
    return {
        "schema": SCHEMA,
        "command": command,
        "in_sync": in_sync,
        "master": {
            "path": _text(found.project.master),
            "library": _text(manifest.library.name),
            "digest": manifest.tree,
            "version": manifest.library.version,
            "files": len(manifest.files),
        },
        "services": list(services),
        "findings": [_finding(finding) for finding in findings],
    }


def _service(plan: ServicePlan) -> Document:
    return {
        "name": _text(plan.service),
        "copy": _text(plan.copy_path),
        "state": plan.copy.state,
        "touched": plan.copy.touched and plan.exists,
        "behind": plan.copy.behind,
        "digest": plan.digest,
        "version": plan.version,
        "files": plan.files,
        "drift": [{"path": _text(operation.path), "state": operation.state} for operation in plan.copy.operations],
        "references": [
            {"file": _text(reference.file), "line": reference.line, "state": reference.state}
            for reference in plan.references
        ],
    }


def _finding(finding: Finding) -> Document:
    shown = {key: value for key, value in finding._asdict().items() if key not in {"insertion", "lacks"}}
    return {key: _text(value) if isinstance(value, str) else value for key, value in shown.items()}


def _text(name: str) -> str:
    """Return a name as text that is valid UTF-8; a byte that is none becomes its backslash escape."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
