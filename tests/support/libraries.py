"""A repository with two libraries, of which one needs the other, and three services: one of them gets one library only."""

from support.monorepo import Monorepo

API, JOB, WORKER = "services/api", "services/job", "services/worker"
EVENTS = "libs/events/pyproject.toml"

CONFIGURATION = """\
services = ["services/*"]

[[library]]
master = "common"
services = ["services/*"]

[[library]]
master = "libs/events"
copy = "libs/events"
exclude = ["tests/"]
services = ["services/api", "services/w*"]
"""


def configure(repo: Monorepo, old: str = "", new: str = "") -> None:
    """Write the configuration, with one piece of it exchanged."""
    assert old in CONFIGURATION
    repo.write("common-sync.toml", CONFIGURATION.replace(old, new) if old else CONFIGURATION)


def make_libraries(repo: Monorepo) -> Monorepo:
    """Make the repository of most tests such a one, and commit it."""
    configure(repo)
    needs = '[tool.uv.sources]\nour-common = { path = "../../common" }\n'
    repo.write(EVENTS, f'[project]\nname = "our-events"\nversion = "2.0"\n{needs}')
    repo.write("libs/events/our_events/__init__.py", "one = 1\n")
    repo.write("libs/events/tests/test_x.py", "no copy holds it\n")
    for service in (API, WORKER):
        repo.write(f"{service}/requirements.txt", "-e ../../common\n-e ../../libs/events\n")
    repo.write(f"{JOB}/requirements.txt", "-e ../../common\n")
    repo.commit()
    return repo
