"""The fields of the JSON documents of `log` and `affected`, schema 1; docs/json.md explains them."""

from typing import TYPE_CHECKING

from common_sync.interface.show.fields import Fields, as_text, findings_fields

if TYPE_CHECKING:  # each command needs its own at run time, and no other's
    from common_sync.commands.affected import Affected
    from common_sync.commands.log import CopyHistory, History
    from common_sync.core.affected import Reason
    from common_sync.core.copies.ancestry import Commit


def log_fields(history: "History") -> Fields:
    """Return the fields of `log`."""
    return {
        "complete": history.is_complete,
        "copies": [_copy_fields(copy) for copy in history.copies],
        "digests": [
            {
                "digest": one.digest,
                "master": as_text(one.master),
                "now": one.is_now,
                "at": commit_fields(one.at),
                "behind": [commit_fields(commit) for commit in one.behind[::-1]],
                "complete": one.unclear is None,
            }
            for one in history.digests
        ],
    }


def _copy_fields(copy: "CopyHistory") -> Fields:
    return {
        "service": as_text(copy.service),
        "copy": as_text(copy.copy),
        "master": as_text(copy.master),
        "exists": copy.exists,
        "managed": copy.managed,
        "current": copy.is_current,
        "at": commit_fields(copy.at),
        "differs": [as_text(path) for path in copy.differs],
        "edited": [as_text(path) for path in copy.edited],
        "uncommitted": [as_text(path) for path in copy.uncommitted],
        "behind": [commit_fields(commit) for commit in copy.behind[::-1]],
        "complete": copy.unclear is None,
        "why": copy.unclear and as_text(copy.unclear.message),
    }


def commit_fields(commit: "Commit | None") -> Fields | None:
    """Return the fields of a commit."""
    if commit is None:
        return None
    return {name: as_text(str(getattr(commit, name))) for name in ("id", "date", "author", "subject")}


def affected_fields(affected: "Affected") -> Fields:
    """Return the fields of `affected`."""
    span = affected.span
    return {
        "since": span and span.since,
        "base": span and span.base,
        "until": span and span.until,
        "complete": span is not None and not affected.unclear,
        "services": [
            {"name": as_text(one.service), "short": as_text(one.name), "reasons": [*map(_reason_fields, one.reasons)]}
            for one in affected.services
        ],
        "gone": [as_text(path) for path in affected.gone],
        "unmatched": [as_text(path) for path in affected.unmatched],
        "findings": findings_fields(affected.unclear),
    }


def _reason_fields(reason: "Reason") -> Fields:
    return {
        "kind": reason.kind,
        "library": reason.library and as_text(reason.library),
        "files": [as_text(path) for path in reason.files],
        "settings": [*reason.keys],
    }
