"""What `init` is to find in a repository, and how that is held against what is written and loaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from common_sync.commands.init import propose, write_configuration
from common_sync.commands.steps.proposing import Proposal
from common_sync.edges.project.load import load_project
from support.repositories import PACKAGE, service

OLDER = {**PACKAGE, "settings.py": PACKAGE["settings.py"] + "OLD = True\n"}
del OLDER["logs.py"]


class Found(NamedTuple):
    """What is to be found: the master, the services as written down, the copy's name, all services where globs hide."""

    master: str
    patterns: Sequence[str]
    copy: str = ""
    services: Sequence[str] = ()


def check(root: Path, found: Found, master: str | None = None) -> Proposal:
    """Propose, write and load the configuration, and hold each against what is to be found."""
    proposal = propose(str(root), () if master is None else [master])
    assert ([one.master for one in proposal.libraries], list(proposal.patterns)) == (
        [found.master],
        list(found.patterns),
    )
    assert proposal.first.copy == (found.copy or found.master.rpartition("/")[2])
    write_configuration(proposal)
    loaded = load_project(str(root))
    assert loaded.members == proposal.members
    project = loaded.with_members
    assert project.services == proposal.services
    assert project.services == tuple(found.services or found.patterns)
    assert (project.libraries[0].master, project.libraries[0].copy) == (proposal.first.master, proposal.first.copy)
    return proposal


SERVICES = {
    **service("services/api", "-e ../../common"),
    **service("services/worker", "-e ../../common"),
}
BOTH = ("services/api", "services/worker")
BESIDE = Found("common", ["services/*"], services=BOTH)


def compose(context: str, *volumes: str) -> str:
    """Return a compose file with one service that is built, and one that is not."""
    lines = "".join(f"      - {volume}\n" for volume in volumes)
    return f"services:\n  app:\n    build: {context}\n    volumes:\n{lines}  redis:\n    image: redis:7\n"
