"""The history of a report: at each commit, what `status` says in a checkout of it."""

import json
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.depth import Record, deep
from support.drifting import BEGIN, DAY, DriftingRepo
from support.monorepo import Monorepo

SERVICES, DAYS = 8, 30
EDITED = {"modified", "diverged", "extra"}


def letters(repo: Monorepo) -> str:
    """Return how each service stands by `status`: in sync, behind, edited, or without a copy."""
    status = json.loads(repo.run("status", "--output-format", "json").out)
    return "".join(letter(service) for service in status["services"])


def letter(service: Mapping[str, Any]) -> str:
    """Return how one service stands."""
    states = {cell["state"] for cell in service["drift"]}
    if not service["files"]:
        return "-"
    return "e" if states & EDITED else "b" if states or service["behind"] else "."


@deep("a checkout of each commit")
def test_each_commit_is_what_status_says_in_a_checkout(tmp_path: Path, record_property: Record) -> None:
    """A service that nobody has touched would be shown as edited for weeks, or an edit as a late update."""
    repo = DriftingRepo(tmp_path / "repo", SERVICES)
    for _ in range(DAYS):
        repo.live_a_day()
    done = repo.run("report", "-q", "-o", "../report.json", env={"SOURCE_DATE_EPOCH": str(BEGIN)})
    assert done.code == 0, done
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    commits = repo.git("rev-list", "--reverse", "HEAD").split()
    days = [bisect_right(range(BEGIN, BEGIN + len(commits) * DAY, DAY), time) - 1 for time in report["times"]]
    assert sorted(set(days)) == [*range(len(commits))]
    history = {day: "".join(service["history"][at] for service in report["services"]) for at, day in enumerate(days)}
    clone = Monorepo(tmp_path / "clone")
    repo.git("clone", "-q", str(repo.root), str(clone.root))
    states = {}
    for day, commit in enumerate(commits):
        clone.git("checkout", "-q", commit)
        states[day] = letters(clone)
    # `x` is an edit, too: of a service that is behind in another file, or in the file that was edited
    assert {day: told.replace("x", "e") for day, told in history.items()} == states
    assert set("".join(states.values())) == set(".be-")
    record_property("count: states of copies held against a checkout", SERVICES * len(commits))
