"""The fields of JSON of what other machines have."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from common_sync.interface.show.fields import Fields, as_text, findings_fields

if TYPE_CHECKING:
    from common_sync.commands.fleet_status import FleetStatus
    from common_sync.commands.steps.fleet.looks import Looked
    from common_sync.commands.steps.fleet.runs import Asked
    from common_sync.core.fleet.looks import Health
    from common_sync.core.fleet.runs import Runs


def fleet_status_fields(status: "FleetStatus") -> Fields:
    """Return the fields of `fleet status`."""
    return {
        "as_wanted": status.as_wanted,
        "known": status.is_known,
        "libraries": status.libraries,
        "ref": as_text(status.ref),
        "commit": status.commit,
        "places": [_place(one) for one in status.asked],
        "targets": [_target(one) for one in status.looked],
        "indexed": [{"host": one.host, "service": as_text(one.service)} for one in status.indexed],
        "findings": findings_fields(status.findings),
    }


def _target(looked: "Looked") -> Fields:
    site, look = looked
    health, checkout, journal = (look.health, look.checkout, look.journal) if look else (None, None, None)
    return {
        "host": site.host,
        "service": as_text(site.service),
        "health": _health(health) if health else None,
        "commit": as_text(checkout.commit) or None if checkout else None,
        "branch": as_text(checkout.branch) or None if checkout else None,
        "edits": [*map(as_text, checkout.edits)] if checkout else [],
        "step": as_text(journal.step) if journal else None,
        "image": as_text(journal.digest) or None if journal else None,
        "busy": journal.busy if journal else False,
    }


def _health(health: "Health") -> Fields:
    return {
        "status": health.status or None,
        "ms": health.milliseconds,
        "error": as_text(health.error) or None,
        "told": health.told or None,
    }


def _place(asked: "Asked") -> Fields:
    place, wanted, verdict, runs = asked
    library = wanted.library
    return {
        "host": place.host,
        "service": as_text(place.service),
        "copy": as_text(place.copy),
        "container": place.container or None,
        "path": as_text(place.folder),
        "wanted": _state(library.name, library.version, wanted.tree),
        "state": verdict.state,
        "files": [{"path": as_text(path), "state": as_text(word)} for path, word in verdict.named],
        **dict(zip(("changed", "missing", "extra"), verdict.counts or (0, 0, 0), strict=True)),
        "own": _state(*verdict.own) if verdict.own else None,
        "mount": as_text(verdict.mount) or None,
        "reason": as_text(verdict.reason) or None,
        "unit": place.unit or None,
        "runs": _runs(runs),
    }


def _runs(runs: "Runs") -> Fields:
    return {
        "state": runs.state,
        "digest": as_text(runs.digest) or None,
        "is_told": runs.is_told,
        "started": _show_time(runs.started) if runs.started else None,
        "seconds": int(runs.age) if runs.started else None,
        "reason": as_text(runs.reason) or None,
    }


def _show_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _state(library: str, version: str | None, digest: str) -> Fields:
    return {"library": as_text(library), "version": as_text(version) if version else None, "digest": as_text(digest)}
