"""The tables of states once more, with a second library that another service gets: no result is another."""

import pytest
from support.depth import deep
from support.monorepo import Monorepo
from test_diff import test_unified_diff
from test_distribute import test_every_state_is_named_and_no_edit_is_lost

__all__ = [
    "test_every_state_is_named_and_no_edit_is_lost",
    "test_unified_diff",
]

pytestmark = deep("tables of one library with a second one beside it")

CONFIGURATION = """\
services = ["services/*", "tools/job"]

[[library]]
master = "common"
services = ["services/*"]

[[library]]
master = "spare/events"
services = ["tools/job"]
"""


@pytest.fixture
def synced(synced: Monorepo) -> Monorepo:
    """Return the repository of the tables with a second library that a service of its own gets."""
    synced.write("spare/events/pyproject.toml", '[project]\nname = "our-events"\nversion = "2.0"\n')
    synced.write("spare/events/our_events/__init__.py", "")
    synced.write("common-sync.toml", CONFIGURATION)
    synced.write("tools/job/requirements.txt", "-e ../../spare/events\n")
    done = synced.run("distribute")
    assert (done.code, done.err) == (0, ""), done
    synced.commit("a second library")
    return synced
