"""A library that a team has copied by hand for weeks: at each of its commits only what people wrote is guarded, and it comes home."""

import pytest
from support.by_hand import HandMadeRepo
from support.depth import deep

FIGURES = {"commits": 19, "differing": 333, "written": 90, "edits": 9}
"""The commits; in all of them together the files of copies that differ from the master, and those with lines of somebody's own; the edits."""


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> HandMadeRepo:
    """Return such a repository; no test writes into what it has committed."""
    return HandMadeRepo(tmp_path_factory.mktemp("by-hand") / "repo")


@deep("each commit of a history of copies that were made by hand")
def test_only_what_somebody_wrote_is_guarded(team: HandMadeRepo) -> None:
    """A team that begins would have to look through hundreds of old files for a few edits; or would lose these."""
    edits = {(file, service) for day in team.days for service, file in day.written}
    counted = {
        "commits": len(team.days),
        "differing": sum(day.differing for day in team.days),
        "written": sum(len(day.written) for day in team.days),
        "edits": len(edits),
    }
    assert counted == FIGURES
    for number, day in enumerate(team.days):
        team.go_to(day)
        document = team.json("distribute", "--dry-run", code=int(bool(day.written)))
        left = {(one["name"], file) for one in document["services"] for file in one["left"]}
        assert left == day.written, number


@deep("every third commit of it, by `log`")
def test_log_names_what_a_copy_lacks(team: HandMadeRepo) -> None:
    """A person who is to bring a service up to date would be told of changes that it has, or not of some that it lacks."""
    for number, day in enumerate(team.days[2::3]):
        team.go_to(day)
        found = {one["service"]: one for one in team.json("log", code=0)["copies"]}
        for service, lacks in day.lacks.items():
            assert tuple(one["subject"] for one in found[service]["behind"]) == lacks, (number, service)
            own = sorted(file for written, file in day.written if written == service)
            assert found[service]["edited"] == own, (number, service)


@deep("edits of such copies that come home")
def test_edits_come_home_or_are_refused(team: HandMadeRepo) -> None:
    """What somebody wrote in a copy would take a newer line out of the library; or stay where nobody finds it."""
    team.go_to(team.days[-1])
    before = team.tree()
    conflict, merged = "services/cron/common/requirements.txt", "services/worker/common/setup.py"
    document = team.json("promote", code=1)
    assert (document["refused"], document["promoted"]) == ([conflict], [])
    assert team.tree() == before
    document = team.json("promote", "services/worker", code=1)  # the other edit is still in its copy
    assert [(one["file"], one["how"]) for one in document["promoted"]] == [(merged, "merged")]
    changed = [line[:1] for line in team.git("diff", "-U0", "common").splitlines()[5:]]
    assert changed == ["-", "+"], "one line, beside that which the master has changed since"
    assert team.read(merged) == team.read("common/setup.py")
    team.git("reset", "-q", "--hard")
