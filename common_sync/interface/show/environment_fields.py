"""The fields of JSON of what runs a service: its environment, its systemd unit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from common_sync.core.environments.units import name_file
from common_sync.core.model import Finding
from common_sync.interface.show.fields import Fields, as_text, findings_fields

if TYPE_CHECKING:
    from common_sync.commands.deploy import Deployment, Rollout
    from common_sync.commands.env_clean import Cleaning
    from common_sync.commands.env_status import EnvironmentRow, EnvironmentStatus
    from common_sync.commands.env_sync import EnvironmentSync, Synced
    from common_sync.commands.env_try import Trial
    from common_sync.commands.ps import Row, Running
    from common_sync.commands.rollback import Rollback
    from common_sync.commands.steps.environments.releases import Outcome
    from common_sync.commands.steps.environments.units import Unit


def environment_sync_fields(synced: "EnvironmentSync") -> Fields:
    """Return the fields of `env sync`."""
    return {
        "in_sync": synced.in_sync,
        "dry_run": synced.dry_run,
        "services": [_synced(one) for one in synced.services],
        "findings": findings_fields(synced.findings),
    }


def _synced(one: "Synced") -> Fields:
    return {
        "name": as_text(one.service),
        "action": one.action,
        "reasons": [as_text(reason) for reason in (one.situation.standing.reasons if one.situation else ())],
        "environment": one.environment or None,
        "packages": one.packages,
        "error": as_text(str(one.error)) if one.error is not None else None,
    }


def environment_status_fields(status: "EnvironmentStatus") -> Fields:
    """Return the fields of `env status`."""
    return {
        "in_sync": status.in_sync,
        "services": [_environment(row) for row in status.rows],
        "findings": findings_fields(status.findings),
    }


def _environment(row: "EnvironmentRow") -> Fields:
    situation = row.situation
    seen = situation.folder.current if situation is not None else None
    environment = seen.environment if seen is not None else None
    return {
        "name": as_text(row.service),
        "state": row.state,
        "reasons": [as_text(reason) for reason in (situation.standing.reasons if situation is not None else ())],
        "environment": row.environment or None,
        "python": environment and {name: as_text(value) for name, value in environment.interpreter._asdict().items()},
        "installer": environment and as_text(environment.installer),
        "editable_master": environment is not None and environment.editable_master,
        "packages": row.packages,
        "size": row.size and row.size._asdict(),
        "others": row.others,
        "release": row.release or None,
    }


def environment_clean_fields(cleaning: "Cleaning") -> Fields:
    """Return the fields of `env clean`."""
    return {
        "dry_run": cleaning.dry_run,
        "freed": cleaning.freed,
        "removals": [one._asdict() | {"path": as_text(one.path)} for one in cleaning.removals],
        "cached": [{"name": as_text(one.name), "size": one.size} for one in cleaning.cached],
        "pruned": as_text(cleaning.pruned),
    }


def environment_try_fields(trial: "Trial") -> Fields:
    """Return the fields of `env try`."""
    return {
        "name": as_text(trial.service),
        "requirements": [as_text(one) for one in trial.requirements],
        "environment": trial.environment,
        "built": trial.built,
        "is_current": trial.is_current,
        "kept": trial.kept,
        "packages": trial.packages,
        "changes": [
            {"name": one.name, "before": as_text(one.before) or None, "after": as_text(one.after) or None}
            for one in trial.changes
        ],
        "code": trial.code,
    }


def unit_fields(units: "Sequence[Unit]", findings: Sequence[Finding]) -> Fields:
    """Return the fields of `units`."""
    return {"units": [_unit(one) for one in units], "findings": findings_fields(findings)}


def _unit(one: "Unit") -> Fields:
    return {
        "name": as_text(one.service) or None,
        "unit": name_file(one.name),
        "path": as_text(one.path),
        "state": one.state,
        "enabled": one.enabled,
        "action": one.action,
        "kept": as_text(one.kept) or None,
        "text": one.text or None,
    }


def deployment_fields(rollout: "Rollout") -> Fields:
    """Return the fields of `deploy`."""
    return {
        "done": rollout.is_done,
        "services": [_deployment(one) for one in rollout.done],
        "failed": as_text(rollout.failed) or None,
        "error": as_text(str(rollout.error)) if rollout.error is not None else None,
        "left": [as_text(one) for one in rollout.left],
        "findings": findings_fields(rollout.findings),
    }


def _deployment(done: "Deployment") -> Fields:
    return {
        "name": as_text(done.site.service),
        "place": as_text(done.site.place),
        "action": done.action,
        "stays": as_text(done.site.stays) or None,
        "release": done.number or None,
        "former": done.former or None,
        "environment": done.environment or None,
        "built": done.built,
        "files": done.files,
        "outcome": _outcome(done.outcome),
        "removed": list(done.removed),
        "installed": done.installed,
        "revision": as_text(done.revision) or None,
    }


def rollback_fields(done: "Rollback") -> Fields:
    """Return the fields of `rollback`."""
    known = done.releases.known
    return {
        "service": as_text(done.site.service),
        "place": as_text(done.site.place),
        "unit": name_file(done.site.unit) if done.site.settings.command else None,
        "scope": "user" if done.site.manager.is_of_user else "system",
        "former": done.releases.current or None,
        "settled": done.releases.is_settled,
        "release": done.target.number if done.target is not None else None,
        "outcome": _outcome(done.outcome),
        "releases": [
            {
                "number": number,
                "state": one.described,
                "environment": one.made.environment or None,
                "commit": as_text(one.commit) or None,
            }
            for number, one in sorted(known.items())
        ],
    }


def _outcome(outcome: "Outcome | None") -> Fields | None:
    if outcome is None:
        return None
    texts = {name: as_text(getattr(outcome, name)) or None for name in ("reason", "trouble")}
    return outcome._asdict() | texts | {"log": [as_text(line) for line in outcome.log]}


def running_fields(running: "Running") -> Fields:
    """Return the fields of `ps`."""
    return {
        "in_order": running.passes,
        "services": [_running(row) for row in running.rows],
        "findings": findings_fields(running.findings),
    }


def _running(row: "Row") -> Fields:
    return {
        "name": as_text(row.service),
        "unit": name_file(row.unit) if row.unit else None,
        "state": row.shown.described if row.unit else None,
        "since": row.since,
        "restarts": row.shown.restarts,
        "healthy": None if row.sick is None else not row.sick,
        "sick": as_text(row.sick) if row.sick else None,
        "socket": row.socket.described if row.socket is not None else None,
        "environment": row.environment,
        "release": row.release or None,
        "release_is_proven": row.is_proven if row.release else None,
        "processes": [one.number for one in row.processes],
        "memory": row.memory,
        "memory_is_share": row.is_share,
        "limit": row.shown.limit,
        "disk": row.disk._asdict(),
        "port": int(row.port) if row.port else None,
        "listens": row.listens,
        "holders": [{"process": one.process or None, "what": as_text(one.what)} for one in row.holders],
    }
