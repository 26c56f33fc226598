"""What is to be done about containers that hold something else than their images."""

import pytest

from common_sync.core.fleet.answers import Verdict
from common_sync.core.fleet.inside import Inside, find_changed, find_covered, find_inside_reason
from common_sync.core.fleet.runs import Runs

CURRENT, DIFFERS = Verdict("current"), Verdict("differs", (1, 0, 0))
EDITED, OLDER = "files were changed in the container of api", "api was started before files in its container changed"
ROWS = [
    (CURRENT, "current", ""),
    (CURRENT, "none", ""),
    (CURRENT, "restart", OLDER),
    (DIFFERS, "other", EDITED),
    (DIFFERS, "restart", EDITED),
    (Verdict("other"), "none", EDITED),
    (Verdict("gone"), "none", EDITED),
    (Verdict("unknown"), "unknown", ""),
]


@pytest.mark.parametrize(("verdict", "runs", "reason"), ROWS)
def test_when_a_container_is_made_anew(verdict: Verdict, runs: str, reason: str) -> None:
    """A container that somebody has edited would run on, or one that is as it should be would be stopped."""
    one = Inside("api", "/app/common", verdict, Runs(runs))  # type: ignore[arg-type] # one of its words
    assert find_inside_reason([one, one]) == reason
    assert find_changed([one, one]) == (("api",) if reason else ())
    assert find_covered([one]) == ""


def test_a_mount_over_the_image() -> None:
    """A service would be stopped and started for nothing: the mount is there again afterwards."""
    mounted = DIFFERS._replace(mount="/app/common")
    found = [Inside("worker", "/app/common", mounted), Inside("api", "/app/common", DIFFERS)]
    assert find_covered(found) == (
        "a mount lies over /app/common of worker: take it out of the compose file, so that the image decides"
    )
    assert find_covered([Inside("api", "/app/common", CURRENT._replace(mount="/app/common"))]) == ""
