"""Pins where there are several libraries: a service stays behind in one of them, and follows the master of the other."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from support.depth import deep
from support.libraries import API, CONFIGURATION, EVENTS, JOB, WORKER, make_libraries
from support.monorepo import Monorepo, make_monorepo, run

LOCK = "common-sync.lock"
EVENT, COMMON = "our_events/__init__.py", "our_common/settings.py"
MINE = f"{API}/common/{COMMON}"


@pytest.fixture
def grown(tmp_path: Path) -> Monorepo:
    """Return a repository in sync whose two libraries were tagged as v1, and have changed since."""
    repo = make_libraries(make_monorepo(tmp_path / "repo"))
    assert repo.run("distribute").code == 0
    repo.commit()
    repo.git("tag", "v1")
    repo.write(f"libs/events/{EVENT}", "one = 2\n")
    repo.write(f"common/{COMMON}", "DEBUG = True\n")
    assert repo.run("distribute").code == 0
    repo.commit("both libraries have changed")
    return repo


@pytest.fixture
def pinned(grown: Monorepo) -> Monorepo:
    """Return the repository with one library of one service pinned, all committed."""
    assert grown.run("pin", "api", "v1", "--library", "events").code == 0
    grown.commit("pinned")
    return grown


def locked(repo: Monorepo) -> list[tuple[str, str]]:
    """Return what the lock has."""
    return [(one["library"], one["ref"]) for one in tomllib.loads(repo.read(LOCK))["locked"]]


def test_one_library_stays_behind(grown: Monorepo) -> None:
    """A service could not stay at a release of one library, or would fall behind in the other one as well."""
    done = grown.run("pin", "api", "v1", "--library", "events")
    assert (done.code, done.err) == (0, "")
    said = " ".join(done.out.split())
    assert "services/api: events as the master → v1" in said
    assert "it stays there until: common-sync unpin services/api --library events" in said
    assert grown.read("common-sync.toml") == f'{CONFIGURATION}pins = {{"services/api" = "v1"}}\n'
    assert locked(grown) == [("events", "v1")]
    held = [grown.read(f"{service}/libs/events/{EVENT}") for service in (API, WORKER)]
    assert (held, grown.read(MINE)) == (["one = 1\n", "one = 2\n"], "DEBUG = True\n")
    grown.write(f"libs/events/{EVENT}", "one = 3\n")
    grown.write(f"common/{COMMON}", "DEBUG = None\n")
    assert grown.run("distribute").code == 0
    assert (grown.read(f"{API}/libs/events/{EVENT}"), grown.read(MINE)) == ("one = 1\n", "DEBUG = None\n")
    assert "pinned      services/api (events) to v1" in grown.run("status").out
    services = grown.json("verify", "--deep", code=0)["services"]
    assert [[copy.get("pinned") for copy in one["copies"]] for one in services] == [[None, "v1"], [None], [None, None]]
    assert "services/api/libs/events     libs/events at " in grown.run("log").out


def test_a_clone_of_depth_1_is_proven_offline(pinned: Monorepo) -> None:
    """CI could not tell whether the copy of the pinned library is what is locked; or the hook would update it."""
    place = pinned.root.parent / "clone"
    words = ("git", "clone", "-q", "--depth", "1", "--no-tags", f"file://{pinned.root}", str(place))
    assert run(*words, cwd=pinned.root).code == 0
    run("git", "remote", "set-url", "origin", "/nowhere", cwd=place)
    there = Monorepo(place)
    assert [there.run(one).code for one in ("verify", "distribute")] == [0, 0]
    assert (there.hook().code, there.hook("--check").code) == (0, 0)
    there.write(f"libs/events/{EVENT}", "one = 3\n")
    there.write(f"common/{COMMON}", "DEBUG = None\n")
    there.git("add", "-A")
    assert there.hook().code == 1
    assert (there.read(f"{API}/libs/events/{EVENT}"), there.read(MINE)) == ("one = 1\n", "DEBUG = None\n")
    there.git("add", "-A")
    assert there.hook().code == 0
    there.write(f"{API}/libs/events/{EVENT}", "mine = 1\n")
    found = there.json("verify", code=1)["findings"]
    assert [(one["code"], one["file"]) for one in found] == [("CS003", f"{API}/libs/events/{EVENT}")]
    assert found[0]["remedy"].startswith("common-sync promote services/api takes it into the master")


@deep("runs of the whole program that take long")
def test_pin_and_unpin_give_everything_back(grown: Monorepo) -> None:
    """A pin that was tried would leave traces; or a pin of one library take that of another one away."""
    before, head = grown.tree(), grown.git("rev-parse", "HEAD").strip()[:9]
    assert grown.run("pin", "api", "v1", "--library", "common").code == 0
    assert grown.run("pin", "api", head, "--library", "events").code == 0
    assert grown.run("pin", "worker", "v1", "--library", "events").code == 0
    assert grown.run("pin", "job", "v1").code == 0, "it gets one library only"
    assert locked(grown) == [("common", "v1"), ("events", head), ("events", "v1")]
    assert grown.run("verify").code == 0
    several = grown.run("unpin", "api")
    assert (several.code, "services/api is pinned in common and events" in several.err) == (2, True)
    assert grown.run("unpin", "api", "--library", "common").code == 0
    assert [grown.run("unpin", one).code for one in ("worker", "job", "api")] == [0, 0, 0]
    assert grown.tree() == before


def test_which_library_is_meant(grown: Monorepo) -> None:
    """A library would be pinned that nobody has named."""
    before = grown.tree()
    for words, message, remedy in [
        ("pin api v1", "services/api gets common and events", "name one of them, as --library events"),
        ("pin api v1 --library evens", "'evens' is no library", "did you mean events?"),
        ("pin job v1 --library events", "services/job does not get events", "it gets common"),
        ("unpin api --library evens", "'evens' is no library", "did you mean events?"),
        ("unpin api --library events", "events of services/api is not pinned", "these services are: none"),
        ("unpin worker", "services/worker is not pinned", "these services are: none"),
        ("update evens", "'evens' is no library", "did you mean events?"),
        ("update our-nothing", "'our-nothing' is no library", "the libraries are "),
    ]:
        done = grown.run(*words.split())
        assert (done.code, message in done.err, remedy in done.err, done.out) == (2, True, True, ""), done
    assert grown.tree() == before
    assert grown.run("update", "Our.Events").code == 0, "as its distribution is called"
    manifest = f"{API}/libs/events/.common-sync.json"
    grown.write(manifest, grown.read(manifest).replace("our-events", "our-common"))
    done = grown.run("update", "our-common")
    assert (done.code, "'our-common' is the distribution of common and of events" in done.err) == (2, True), done


@deep("runs of the whole program that take long")
def test_an_edit_in_the_other_copy_stays(grown: Monorepo) -> None:
    """Who pins one library by force would lose an edit in the copy of another one."""
    grown.write(MINE, "MINE = 1\n")
    done = grown.json("pin", "api", "v1", "--library", "events", "--force", code=1)
    assert (grown.read(MINE), grown.read(f"{API}/libs/events/{EVENT}")) == ("MINE = 1\n", "one = 1\n")
    assert ([one["file"] for one in done["findings"]], done["kept"]) == ([MINE], None)
    assert grown.run("unpin", "api").code == 1
    assert grown.read(f"{API}/libs/events/{EVENT}") == "one = 2\n"
    grown.write(f"{API}/libs/events/{EVENT}", "mine = 1\n")
    refused = grown.run("pin", "api", "v1", "--library", "events")
    assert (refused.code, "nothing was changed" in refused.out, COMMON in refused.out) == (1, True, False)
    assert grown.json("pin", "api", "v1", "--library", "events", "--force", code=1)["kept"]
    assert (grown.read(MINE), grown.read(f"{API}/libs/events/{EVENT}")) == ("MINE = 1\n", "one = 1\n")


def test_update_moves_one_library(pinned: Monorepo) -> None:
    """A tag that was moved would move what services hold of a library that nobody has named."""
    assert pinned.run("pin", "job", "v1").code == 0
    pinned.git("tag", "-f", "v1")
    done = pinned.json("update", "events", code=0)
    moved = [(one["now"]["commit"] != one["was"]["commit"], one["library"]) for one in done["entries"]]
    assert moved == [(False, "common"), (True, "events")]
    assert pinned.run("distribute").code == 0
    held = pinned.read(f"{API}/libs/events/{EVENT}"), pinned.read(f"{JOB}/common/{COMMON}")
    assert held == ("one = 2\n", "DEBUG = False\n")


def test_back_to_what_the_copy_held_before(grown: Monorepo) -> None:
    """Who rolls a service back in one library would be given a commit of the other one."""
    done = grown.json("pin", "api", "--back", "--library", "events", code=0)
    assert [(one["library"], one["was"]) for one in done["pinned"]] == [("events", None)]
    assert (grown.read(f"{API}/libs/events/{EVENT}"), grown.read(MINE)) == ("one = 1\n", "DEBUG = True\n")


def test_a_library_that_services_have_two_folders_deep(grown: Monorepo) -> None:
    """The copy of one library would be taken for the copy of another one, whose folder has the same name."""
    grown.write("libs/common/x.py", "x = 1\n")
    more = '[[library]]\nname = "other"\nmaster = "libs/common"\ncopy = "libs/common"\nservices = ["services/api"]\n'
    grown.write("common-sync.toml", f"{CONFIGURATION}\n{more}")
    assert grown.run("distribute").code == 0
    grown.commit()
    assert grown.hook("--check") == (0, "", "")


def test_a_pinned_library_needs_what_its_copy_says(pinned: Monorepo) -> None:
    """A service would be called in sync whose pinned copy names a folder that is not there; or be told of a need of the master."""
    project = pinned.read(EVENTS)
    pinned.write(EVENTS, project.partition("[tool")[0])
    got = CONFIGURATION.replace(
        '["services/*"]\n\n[[library]]\nmaster = "libs', '["services/[jw]*"]\n\n[[library]]\nmaster = "libs'
    )
    pins = 'pins = {"services/api" = "v1"}\n'
    pinned.write("common-sync.toml", got + pins)
    shutil.rmtree(pinned.root / API / "common")
    pinned.write(f"{API}/requirements.txt", "-e ./libs/events\n")
    needs = f"{API}/{EVENTS}:5: CS015 needs common, which services/api does not get"
    assert needs in pinned.concise("distribute").out
    assert pinned.run("unpin", "api").code == 0
    pinned.commit("no need")
    pinned.git("tag", "v2")
    pinned.write(EVENTS, project)
    assert f"{EVENTS}:5: CS015 needs common, which services/api" in pinned.concise("verify").out
    assert pinned.run("pin", "api", "v2").code == 0
    assert pinned.run("distribute").code == 0


@deep("pins in less usual ways")
def test_a_library_gets_the_name_of_one_that_is_gone(pinned: Monorepo) -> None:
    """The pinned copy would be made of the library that is gone, under the name of the one that is left."""
    pinned.write(
        "common-sync.toml",
        'services = ["services/*"]\n\n[[library]]\nname = "events"\nmaster = "common"\nservices = ["services/*"]\n'
        'pins = { "services/api" = "v1" }\n',
    )
    for service in (API, WORKER):
        shutil.rmtree(pinned.root / service / "libs")
        pinned.write(f"{service}/requirements.txt", "-e ./common\n")
    said = " ".join(pinned.run("verify").out.split())
    assert "events at v1 was locked with libs/events, the master of a library that is gone" in said
    assert pinned.run("distribute").code == 0
    assert pinned.read(MINE) == pinned.git("show", f"v1:common/{COMMON}")
    (entry,) = tomllib.loads(pinned.read(LOCK))["locked"]
    assert (entry["library"], entry["path"]) == ("events", "common")
    assert pinned.run("verify").code == 0


def test_a_master_that_was_moved_keeps_its_entry(pinned: Monorepo) -> None:
    """A library that goes to another folder would lose its pins: in the commit it was where it has been."""
    shutil.move(pinned.root / "libs/events", pinned.root / "libs/bus")
    text = pinned.read("common-sync.toml")
    pinned.write("common-sync.toml", text.replace('master = "libs/events"', 'name = "events"\nmaster = "libs/bus"'))
    assert pinned.run("distribute").code == 0
    assert pinned.read(f"{API}/libs/events/{EVENT}") == "one = 1\n"
    (entry,) = tomllib.loads(pinned.read(LOCK))["locked"]
    assert (entry["library"], entry["path"]) == ("events", "libs/events")


def test_libraries_that_exchange_their_names(pinned: Monorepo) -> None:
    """The pinned copy of each library would be made of the other one, and be told to be in sync."""
    assert pinned.run("pin", "api", "v1", "--library", "common").code == 0
    held = [pinned.read(f"{API}/libs/events/{EVENT}"), pinned.read(MINE)]
    assert held == ["one = 1\n", pinned.git("show", f"v1:common/{COMMON}")]
    text = pinned.read("common-sync.toml").replace(
        'master = "common"', 'name = "events"\nmaster = "common"\ncopy = "common"'
    )
    pinned.write("common-sync.toml", text.replace('master = "libs/', 'name = "common"\nmaster = "libs/'))
    assert "common at v1 was locked with common, the master of events" in " ".join(pinned.run("verify").out.split())
    assert pinned.run("distribute").code == 0
    assert [pinned.read(f"{API}/libs/events/{EVENT}"), pinned.read(MINE)] == held
    paths = {(one["library"], one["path"]) for one in tomllib.loads(pinned.read(LOCK))["locked"]}
    assert paths == {("common", "libs/events"), ("events", "common")}


@deep("less usual reports")
def test_the_report_tells_libraries_apart(pinned: Monorepo) -> None:
    """A page would show a service with the version, the edits and the pin of a library that it does not get."""
    pinned.write(f"libs/events/{EVENT}", "one = 3\n")
    pinned.write(f"{API}/libs/events/{EVENT}", "mine = 1\n")
    pinned.write(f"{JOB}/common/{COMMON}", "MINE = 1\n")
    for suffix in ("json", "html", "svg", "md"):
        assert pinned.run("report", "-q", "-o", f"../report.{suffix}").code == 0
    made = pinned.root.parent
    document = json.loads((made / "report.json").read_text("utf-8"))
    assert [(one["path"], one["called"]) for one in document["libraries"]] == [
        ("common", "common"),
        ("libs/events", "events"),
    ]
    services = {one["name"]: one for one in document["services"]}
    copies = {name: [(one["library"], one.get("pinned")) for one in each["copies"]] for name, each in services.items()}
    assert copies == {API: [(0, None), (1, "v1")], JOB: [(0, None)], WORKER: [(0, None), (1, None)]}
    cells = {
        name: [document["files"][cell[0]] for cell in document["lists"][one["list"]]] for name, one in services.items()
    }
    assert cells == {API: [[1, EVENT]], JOB: [[0, COMMON]], WORKER: [[1, EVENT]]}
    assert [services[one]["history"][-1] for one in (API, JOB, WORKER)] == ["e", "e", "b"]
    folders = {(library, path.rpartition("/")[0]) for library, path in document["files"]}
    dots = 2 * (len(folders) - 1) + sum(library == 0 for library, _ in folders) - 1
    assert (made / "report.svg").read_text("utf-8").count("<circle") == dots, "of a library that it gets"
