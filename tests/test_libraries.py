"""Several libraries, as a configuration has them: each service gets those that are meant for it, and no command does half of it."""

import shutil
from pathlib import Path

import pytest
from support.depth import deep
from support.libraries import API, EVENTS, JOB, WORKER, configure, make_libraries
from support.monorepo import Monorepo, make_monorepo

from common_sync.core.errors import ConfigurationError
from common_sync.edges.project.load import load_project


@pytest.fixture
def repo(tmp_path: Path) -> Monorepo:
    """Return such a repository."""
    return make_libraries(make_monorepo(tmp_path / "repo"))


def test_a_day_with_two_libraries(repo: Monorepo) -> None:
    """A service would lack a library, an edit be lost, or a commit hold half of a change."""
    before = repo.read(f"{API}/requirements.txt")
    assert "services/job     -        common: no copy; a reference to the master" in repo.run("status").out
    assert "services/api     common: new copy 1.2.3, events: new copy 2.0" in repo.run("distribute").out
    assert repo.read(f"{API}/requirements.txt") == "-e ./common\n-e ./libs/events\n"
    assert (repo.root / API / "libs/events/our_events/__init__.py").exists()
    assert not (repo.root / API / "libs/events/tests").exists()
    assert not (repo.root / JOB / "libs").exists()
    assert f"/{JOB}/common/** " in repo.read(".gitattributes")
    assert f"/{JOB}/libs" not in repo.read(".gitattributes")
    repo.commit()
    assert repo.hook() == (0, "", "")
    assert [repo.run("fleet", "probe", name).code for name in ("job", "api")] == [0, 0]

    repo.write(f"{API}/libs/events/our_events/__init__.py", "mine = 1\n")
    repo.write("common/new.py", "new = 1\n")
    held = repo.json("status", code=1)
    assert [one["name"] for one in held["libraries"]] == ["common", "events"]
    assert [*held["libraries"][1]] == ["name", *held["master"]]
    fields = ["library", "copy", "state", "touched", "behind", "digest", "version", "files", "drift"]
    assert [*held["services"][0]["copies"][1]] == fields
    states = {one["name"]: [copy["state"] for copy in one["copies"]] for one in held["services"]}
    assert states == {API: ["stale", "modified"], JOB: ["stale"], WORKER: ["stale", "current"]}
    assert [one["state"] for one in held["services"]] == ["modified", "stale", "stale"]
    diff = repo.run("diff").out
    assert (
        f"--- {API}/libs/events/our_events/__init__.py\t(the copy)\n+++ libs/events/our_events/__init__.py\t(the master)\n"
        in diff
    )
    done = repo.json("distribute", code=1)
    assert [copy["left"] for copy in done["services"][0]["copies"]] == [[], ["our_events/__init__.py"]]
    assert repo.run("promote", API).code == 0
    assert repo.read(f"{WORKER}/libs/events/our_events/__init__.py") == "mine = 1\n"

    repo.git("add", "libs")  # and not the copies
    assert repo.hook("--check").code == 1
    repo.commit()
    assert repo.hook("--check").code == 0
    assert f"{JOB}/libs" not in repo.run("log").out
    ejected = " ".join(repo.run("eject", API, "--remove-copies").out.split())
    assert "copy of common, 6 files, removed, copy of events, 2 files, removed" in ejected
    assert repo.read(f"{API}/requirements.txt") == before
    assert not (repo.root / API / "libs").exists()


def test_a_service_that_refers_to_what_it_does_not_get(repo: Monorepo) -> None:
    """A service would be called in sync, and fail to build from its own folder."""
    repo.run("distribute")
    repo.write(f"{JOB}/requirements.txt", "-e ./common\n-e ../../libs/events\n")
    done = repo.concise("verify")
    assert done.code == 1
    assert (
        f"{JOB}/requirements.txt:2: CS018 leads to events (libs/events), a library that the service does not"
        in done.out
    )
    configure(repo, '"services/w*"]', '"services/w*", "services/job"]')
    assert repo.run("distribute").code == 0
    assert repo.read(f"{JOB}/requirements.txt") == "-e ./common\n-e ./libs/events\n"


def test_a_library_that_another_one_needs(repo: Monorepo) -> None:
    """A copy would name a folder that is not there, and the service fail to install it."""
    repo.run("distribute")
    configure(
        repo,
        'services = ["services/*"]\n\n[[library]]\nmaster = "libs',
        'services = ["services/[jw]*"]\n\n[[library]]\nmaster = "libs',
    )
    done = repo.concise("verify", API)
    assert (done.code, f"{EVENTS}:5: CS015 needs common, which services/api does not get" in done.out) == (1, True)
    configure(repo, 'copy = "libs/events"', 'copy = "events"')
    done = repo.concise("distribute")
    assert (done.code, f"{EVENTS}:5: CS015 leads to common, and would not in a service" in done.out) == (1, True)
    assert 'write copy = "libs/events" in events, and copy = "common" in common' in repo.run("verify").out.replace(
        "\n        ", " "
    )


def test_a_copy_of_a_library_that_the_service_gets_no_more(repo: Monorepo) -> None:
    """A copy would stay behind for ever, and nobody would know whose it is."""
    repo.run("distribute")
    configure(repo, '"services/api", ', "")
    found = repo.json("verify", code=1)["findings"]
    remedies = {one["file"]: one["remedy"] for one in found if one["code"] == "CS119"}
    remedy = 'add "services/api" to the `services` of its library; or take out requirements.txt:2, and its folder'
    assert remedies == {f"{API}/libs/events/.common-sync.json": remedy}


def test_a_line_that_is_left_when_a_library_is_taken_away(repo: Monorepo) -> None:
    """A service would be called in sync, and fail to install a folder that is not there."""
    repo.run("distribute")
    configure(repo, '"services/api", ', "")
    shutil.rmtree(repo.root / API / "libs")
    repo.write(f"{API}/compose.yml", "services:\n  api:\n    volumes: ['./libs/events:/events']\n")
    found = repo.json("verify", code=1)["findings"]
    (left,) = [one for one in found if one["code"] == "CS018"]
    assert (left["file"], left["line"]) == (f"{API}/requirements.txt", 2)
    assert left["remedy"] == 'take it out, or add "services/api" to the `services` of events'
    repo.write(f"{API}/libs/events/pyproject.toml", '[project]\nname = "own"\nversion = "1"\n')
    assert repo.json("distribute", code=0)["findings"] == [], "it is a folder of its own"


def test_copies_that_exchange_their_places(repo: Monorepo) -> None:
    """A line that leads to one library would lead to another one from now on, and nobody be told."""
    repo.write(EVENTS, '[project]\nname = "our-events"\nversion = "2.0"\n')
    repo.write("common-sync.toml", EXCHANGED.format("a", "b"))
    assert repo.run("distribute").code == 0
    repo.commit()
    before = repo.tree(API)
    repo.write("common-sync.toml", EXCHANGED.format("b", "a"))
    refused = repo.run("distribute")
    assert (refused.code, repo.tree(API)) == (2, before)
    said = " ".join(refused.err.split())
    assert f"{API}/b: holds a copy of events, and the configuration has common there: nothing was written" in said
    assert 'set copy = "new-b" in common and run distribute, and then copy = "b"' in said
    for one, other in (("new-b", "new-a"), ("b", "a")):
        repo.write("common-sync.toml", EXCHANGED.format(one, other))
        assert repo.run("distribute").code == 0
    assert repo.read(f"{API}/requirements.txt") == "-e ./b\n-e ./a\n"
    assert (repo.root / API / "b/our_common").exists()


def test_half_an_exchange_is_refused(repo: Monorepo) -> None:
    """A service without copies would get those of the other library, while all other services still wait for their turn."""
    repo.write(EVENTS, '[project]\nname = "our-events"\nversion = "2.0"\n')
    repo.write("common-sync.toml", EXCHANGED.format("a", "b"))
    assert repo.run("distribute").code == 0
    for copy in ("a", "b"):
        shutil.rmtree(repo.root / WORKER / copy)
    repo.write("common-sync.toml", EXCHANGED.format("b", "a"))
    refused = repo.run("distribute", WORKER)
    assert (refused.code, (repo.root / WORKER / "a").exists()) == (2, False)
    said = " ".join(refused.err.split())
    assert f"{API}/b: holds a copy of events, and the configuration has common there: nothing was written" in said


def test_a_copy_that_was_moved_by_hand(repo: Monorepo) -> None:
    """Who moves a copy would be told to get the library that he gets, or not which lines lead to the folder that is to go."""
    repo.run("distribute")
    shutil.move(repo.root / API / "libs/events", repo.root / API / "libs/bus")
    repo.write(f"{API}/requirements.txt", "-e ./common\n-e ./libs/bus\n")
    found = repo.json("verify", code=1)["findings"]
    assert [(one["file"], one["remedy"]) for one in found if one["code"] == "CS119"] == [
        (
            f"{API}/libs/bus/.common-sync.json",
            "have requirements.txt:2 lead to ./libs/events, and remove its folder; or set `copy` of events to it",
        )
    ]


def test_lines_are_told_by_their_library(repo: Monorepo) -> None:
    """Who asks why a file is changed would have to guess which line is about which library."""
    where = f"{API}/requirements.txt"
    assert "it points at the master common in line 1 and the master events in line 2" in repo.run("explain", where).out
    repo.run("distribute")
    left = "it points at the library common in line 1 and the library events in line 2, and nothing is to be rewritten"
    assert left in repo.run("explain", where).out
    repo.write("common/new.py", "new = 1\n")
    assert "services/api     common 1.2.3, events 2.0  common: 1 behind" in repo.run("status").out


def test_a_lock_file_is_told_once(repo: Monorepo) -> None:
    """One lock file would be an error for each library, though one run of its tool makes it anew."""
    repo.write(f"{API}/poetry.lock", 'url = "../../libs/events"\n\nurl = "../../common"\n')
    (one,) = (one for one in repo.json("distribute", code=1)["findings"] if one["code"] == "CS109")
    what = "`../../libs/events` and `../../common` lead to libraries, and only its own tool can write this file"
    assert (one["file"], one["line"], one["message"]) == (f"{API}/poetry.lock", 1, what)


def test_a_line_that_may_lead_to_any_library_is_told_once(repo: Monorepo) -> None:
    """One variable would be a warning for each library, all with the same sentence."""
    repo.write(f"{API}/requirements.txt", "-e ${ROOT}/common\n")
    assert [one["code"] for one in repo.json("verify", code=1)["findings"]].count("CS102") == 1


def test_a_library_that_is_asked_for_by_name(repo: Monorepo) -> None:
    """A service would be called proven, and get a stranger's package of that name from an index."""
    repo.write(
        "common/pyproject.toml", '[project]\nname = "our-common"\nversion = "1"\ndependencies = ["our-events"]\n'
    )
    repo.write(
        f"{JOB}/Dockerfile", "FROM python:3.12\nCOPY . /app\nWORKDIR /app\nRUN pip install -r requirements.txt\n"
    )
    repo.run("distribute")
    found = [one for one in repo.json("doctor", JOB, code=0)["findings"] if one["code"] == "CS213"]
    assert [(one["file"], one["line"], one["remedy"]) for one in found] == [
        (f"{JOB}/common/pyproject.toml", 4, 'add "services/job" to the `services` of events')
    ]
    configure(repo, '"services/w*"]', '"services/w*", "services/job"]')
    repo.run("distribute")
    found = [one for one in repo.json("doctor", JOB, code=0)["findings"] if one["remedy"].startswith("add ")]
    assert found == []


def test_a_library_that_is_imported(repo: Monorepo) -> None:
    """A service would be called proven, and end at its first import."""
    repo.write(f"{JOB}/main.py", "import our_common\nimport our_events\nfrom our_events import one\n")
    repo.run("distribute")
    found = [one for one in repo.json("doctor", JOB, code=0)["findings"] if one["line"] == 2]
    assert [(one["code"], one["file"], one["remedy"]) for one in found] == [
        ("CS213", f"{JOB}/main.py", 'add "services/job" to the `services` of events')
    ]
    repo.write(f"{JOB}/our_events/__init__.py", "one = 2\n")
    assert [one for one in repo.json("doctor", JOB, code=0)["findings"] if one["line"] == 2] == []


EXCHANGED = """\
services = ["services/*"]
[[library]]
master = "common"
copy = "{}"
services = ["services/*"]
[[library]]
master = "libs/events"
copy = "{}"
services = ["services/api", "services/worker"]
"""

EVENT = "our_events/__init__.py"


def reasons(repo: Monorepo, since: str = "HEAD") -> dict[str, list[tuple[str, str | None, list[str]]]]:
    """Return why each service is affected: the kind, the library, and the settings or else the files."""
    services = repo.json("affected", "--since", since, code=0)["services"]
    return {
        one["name"]: [(why["kind"], why["library"], why["settings"] or why["files"]) for why in one["reasons"]]
        for one in services
    }


@deep("runs of the whole program that take long")
def test_who_is_affected(repo: Monorepo) -> None:
    """A build would be started for a service that does not get what has changed, or none for one that gets it."""
    repo.run("distribute")
    repo.commit()
    event, common = f"libs/events/{EVENT}", "common/our_common/settings.py"
    repo.write(event, "one = 2\n")
    repo.write("libs/events/tests/test_x.py", "changed\n")
    library = ("library", "events", [event])
    assert reasons(repo) == {API: [library], WORKER: [library]}
    repo.run("distribute")
    for service, found in reasons(repo).items():
        copy = f"{service}/libs/events"
        assert sorted(found) == [("copy", "events", [f"{copy}/.common-sync.json", f"{copy}/{EVENT}"]), library]
    repo.commit()
    repo.write(common, "DEBUG = None\n")
    assert [*reasons(repo)] == [API, JOB, WORKER]
    repo.git("checkout", "-q", ".")
    repo.git("tag", "v1")
    assert repo.run("pin", "api", "v1", "--library", "events").code == 0
    pin = ("configuration", None, ["pins"])
    assert reasons(repo) == {API: [pin]}
    repo.write(event, "one = 3\n")
    assert reasons(repo) == {API: [pin], WORKER: [("library", "events", [event])]}


TABLES = {
    "who gets it": ('"services/api", ', "", {API: ["library"]}),
    "who gets it, in other words": ('"services/api", "services/w*"', '"services/[aw]*"', {}),
    "what is excluded": ('"tests/"', '"test/"', {API: ["exclude"], WORKER: ["exclude"]}),
    "a library more": ('[[library]]\nmaster = "libs', '[[library]]\nmaster = "more"\nservices = ["services/job"]\n\n[[library]]\nmaster = "libs', {JOB: ["library"]}),
    "where a copy is": ('copy = "libs/events"', 'copy = "events"', {API: ["copy"], WORKER: ["copy"]}),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLES)
def test_whom_a_change_of_a_table_affects(repo: Monorepo, case: str) -> None:
    """A build would be started for everybody, or none for the service that gets something else from now on."""
    old, new, expected = TABLES[case]
    repo.write("more/x.py", "x = 1\n")
    repo.commit()
    configure(repo, old, new)
    assert {one: [key for why in found for key in why[2]] for one, found in reasons(repo).items()} == expected


def test_whom_tables_in_place_of_one_library_affect(repo: Monorepo) -> None:
    """Who gets a second library would have every service built anew, whether it gets it or not."""
    tables = repo.read("common-sync.toml")
    repo.write("common-sync.toml", 'master = "common"\nservices = ["services/*"]\n')
    repo.write(f"{API}/requirements.txt", "-e ../../common\n")
    repo.commit()
    repo.write("common-sync.toml", tables)
    settings = {one: [why[2] for why in found if why[0] == "configuration"] for one, found in reasons(repo).items()}
    assert settings == {API: [["library"]], WORKER: [["library"]]}


REFUSED = {
    "who gets it is no service": ('"services/api", ', '"services/apj", ', 11, '"services/apj" in the services of the library "events" is no service'),
    "a glob that means none": ("services/w*", "services/x*", 11, '"services/x*" in the services of the library "events" is no service'),
    "a service without a library": ('services = ["services/*"]\n\n[[library]]\nmaster = "libs', 'services = ["services/api"]\n\n[[library]]\nmaster = "libs', 1, 'service "services/job" gets no library'),
    "a master that is not there": ('"libs/events"\nc', '"libs/evens"\nc', 8, 'master "libs/evens" is no folder'),
    "a pin of what does not get it": ('"services/w*"]\n', '"services/w*"]\npins = { job = "v1" }\n', 12, '"pins": "job" does not get events'),
    "a pin of no service": ('"services/w*"]\n', '"services/w*"]\n[library.pins]\n"services/apj" = "v1"\n', 13, '"pins": "services/apj" is no service'),
    "two pins of one service": ('"services/w*"]\n', '"services/w*"]\npins = { api = "v1", "services/api" = "v2" }\n', 12, '"pins": "services/api" is pinned twice'),
    "a service that is a master": ('services = ["services/*"]\n\n[[library]]\nmaster = "c', 'services = ["services/*", "libs/events"]\n\n[[library]]\nmaster = "c', 1, 'service "libs/events" is the master'),
    "a service around a master": ('services = ["services/*"]\n\n[[library]]\nmaster = "c', 'services = ["services/*", "libs"]\n\n[[library]]\nmaster = "c', 1, 'service "libs" holds the master "libs/events"'),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(repo: Monorepo, case: str) -> None:
    """A library would be copied to nobody, or into itself; or the message point at another line."""
    old, new, line, message = REFUSED[case]
    configure(repo, old, new)
    with pytest.raises(ConfigurationError) as caught:
        load_project(str(repo.root))
    assert (line, message) in {(one.line, one.message) for one in caught.value.problems}
    assert all(one.remedy for one in caught.value.problems)
