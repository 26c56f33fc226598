"""The fields of JSON of what other machines have."""

from typing import TYPE_CHECKING

from common_sync.interface.show.fields import Fields, as_text, findings_fields

if TYPE_CHECKING:
    from common_sync.commands.fleet_status import Asked, FleetStatus


def fleet_status_fields(status: "FleetStatus") -> Fields:
    """Return the fields of `fleet status`."""
    return {
        "as_wanted": status.as_wanted,
        "known": status.is_known,
        "ref": as_text(status.ref),
        "commit": status.commit,
        "places": [_place(one) for one in status.asked],
        "findings": findings_fields(status.findings),
    }


def _place(asked: "Asked") -> Fields:
    place, wanted, verdict = asked
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
    }


def _state(library: str, version: str | None, digest: str) -> Fields:
    return {"library": as_text(library), "version": as_text(version) if version else None, "digest": as_text(digest)}
