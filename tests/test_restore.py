"""`restore`: what `--force` discarded comes back as it was, and nobody's newer edit goes for it."""

import json
import os
import re
import shutil
import stat
from pathlib import Path

import pytest
from support.monorepo import Monorepo

COPY = "services/api/common"
EDITED = f"{COPY}/our_common/settings.py"
EXTRA = f"{COPY}/mine/run.sh"


@pytest.fixture
def discarded(synced: Monorepo) -> Monorepo:
    """Return a repository in which an edit, a file of somebody's own and a symlink were discarded."""
    synced.write(EDITED, "edited\n").chmod(0o640)
    synced.write(EXTRA, "#!/bin/sh\n").chmod(0o750)
    (synced.root / COPY / "mine/link").symlink_to("nowhere")
    done = synced.run("distribute", "--force")
    assert done.code == 0
    assert "what was discarded is kept; this brings it back: common-sync restore 1\n" in done.out
    assert not (synced.root / EXTRA).exists()
    return synced


def test_it_comes_back_as_it_was(discarded: Monorepo) -> None:
    """Somebody who forced by mistake would lose bytes, a mode or a link."""
    before = discarded.tree()
    assert discarded.run("restore", "1", "--dry-run").out.endswith("3 files would be brought back from set 1\n")
    assert discarded.tree() == before
    done = discarded.run("restore", "1")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"✓ {COPY}/mine/link", f"✓ {EXTRA}", f"✓ {EDITED}", "3 files brought back from set 1",
    ]  # fmt: skip
    assert discarded.read(EDITED) == "edited\n"
    assert os.readlink(discarded.root / COPY / "mine/link") == "nowhere"
    modes = [stat.S_IMODE((discarded.root / path).stat().st_mode) for path in (EDITED, EXTRA)]
    assert modes == [0o640, 0o750]
    found = discarded.json("verify", code=1)["findings"]
    assert {one["code"] for one in found} == {"CS003", "CS005"}
    again = discarded.json("restore", "1", code=0)
    assert (again["restored"], len(again["there"]), again["kept"]) == ([], 3, None)
    assert discarded.run("restore", "1", "-q") == (0, "", "")
    assert discarded.leftovers() == []


def test_a_newer_state_of_the_master_is_no_edit(discarded: Monorepo) -> None:
    """Each change of the library would make what was discarded harder to have back."""
    discarded.write("common/our_common/settings.py", "DEBUG = 1\n")
    assert discarded.run("distribute").code == 0
    assert discarded.run("restore", "1").code == 0
    assert discarded.read(EDITED) == "edited\n"


def test_a_newer_edit_is_not_overwritten(discarded: Monorepo) -> None:
    """What somebody has written since would be gone."""
    discarded.write(EDITED, "newer\n")
    before = discarded.tree()
    done = discarded.run("restore", "1")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"error: {EDITED}: was changed since: nothing was brought back\n"
        "  help: common-sync restore --force replaces it, and keeps it first\n"
    )
    assert discarded.tree() == before
    done = discarded.run("restore", "1", "--force")
    assert (done.code, discarded.read(EDITED)) == (0, "edited\n")
    assert "what was discarded is kept; this brings it back: common-sync restore 2\n" in done.out
    assert discarded.run("restore", "2", "--force").code == 0
    assert discarded.read(EDITED) == "newer\n"


@pytest.mark.parametrize("what", ["a folder", "a file above", "a symlink above", "a FIFO"])
def test_what_stands_in_the_way_stays(discarded: Monorepo, tmp_path: Path, what: str) -> None:
    """A folder would be deleted, or a file be written wherever a symlink leads."""
    place = discarded.root / EXTRA
    if what == "a folder":
        discarded.write(f"{EXTRA}/deep.txt", "mine\n")
    elif what == "a file above":
        discarded.write(f"{COPY}/mine", "mine\n")
    elif what == "a symlink above":
        (tmp_path / "out").mkdir()
        place.parent.symlink_to(tmp_path / "out")
    else:
        place.parent.mkdir()
        os.mkfifo(place)
    before = discarded.stamps()
    for words in ((), ("--force",)):
        done = discarded.run("restore", "1", *words)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("error: services/api/common/mine/")
        assert "Traceback" not in done.err
    assert discarded.stamps() == before
    assert not (tmp_path / "out").exists() or os.listdir(tmp_path / "out") == []


def test_sets_are_listed(discarded: Monorepo) -> None:
    """Nobody would know which set to bring back."""
    for number in range(6):
        discarded.write(f"{COPY}/mine{number}.py", "mine\n")
    assert discarded.run("distribute", "--force").code == 0
    out = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "DATE", discarded.run("restore").out)
    assert out.splitlines() == [
        "   2  DATE  6 files",
        *(f"      {COPY}/mine{number}.py" for number in range(3)),
        "      and 3 more files (-v names them)",
        "   1  DATE  3 files",
        f"      {COPY}/mine/link", f"      {EXTRA}", f"      {EDITED}",
        "  help: common-sync restore 2 brings the newest back",
    ]  # fmt: skip
    sets = discarded.json("restore", code=0)["sets"]
    assert [(one["set"], len(one["files"])) for one in sets] == [(2, 6), (1, 3)]
    assert discarded.run("restore", "7") == (
        2,
        "",
        "error: there is no set 7\n  help: common-sync restore lists what is kept\n",
    )


def test_without_a_number_nothing_is_written(discarded: Monorepo) -> None:
    """Who wants to see what is kept would have the newest edits written over his work tree."""
    before = discarded.stamps()
    assert discarded.run("restore").code == 0
    for option in ("--force", "--dry-run"):
        says = f"error: {option} takes the number of a set\n  help: common-sync restore lists them\n"
        assert discarded.run("restore", option) == (2, "", says)
    assert discarded.stamps() == before


def test_a_run_that_was_stopped_may_have_kept_nothing(discarded: Monorepo) -> None:
    """An empty set would be listed, and a person be told that all is back."""
    (discarded.root / ".git/common-sync/discarded/000002-20260101T000000Z").mkdir()
    assert [one["set"] for one in discarded.json("restore", code=0)["sets"]] == [1]
    assert discarded.run("restore", "2").err.startswith("error: there is no set 2\n")


def test_nothing_is_kept(synced: Monorepo) -> None:
    """A person would be told that all is back, though nothing was ever discarded."""
    says = "error: there is no set 1\n  help: common-sync restore lists what is kept\n"
    assert synced.run("restore", "1") == (2, "", says)
    assert synced.run("restore") == (0, "nothing that was discarded is kept here\n", "")


def test_two_configurations_of_one_repository(discarded: Monorepo) -> None:
    """What was discarded in one project would be written into another."""
    inner = Monorepo(discarded.root / "inner")
    shutil.copytree(discarded.root, inner.root, ignore=shutil.ignore_patterns(".git", "inner"), symlinks=True)
    assert inner.run("restore").out == "nothing that was discarded is kept here\n"
    assert inner.run("restore", "1").code == 2
    inner.write(EDITED, "inner\n")
    done = inner.run("distribute", "--force")
    assert (done.code, "common-sync restore 2\n" in done.out) == (0, True)
    assert [one["set"] for one in json.loads(discarded.run("restore", "--output-format", "json").out)["sets"]] == [1]
    assert inner.run("restore", "2").code == 0
    assert (inner.read(EDITED), discarded.read(EDITED)) == ("inner\n", "DEBUG = False\n")


def test_from_elsewhere_the_command_names_the_folder(synced: Monorepo, tmp_path: Path) -> None:
    """The command that is printed would be about another repository."""
    synced.write(EDITED, "edited\n")
    done = synced.run("distribute", "--force", "--root", str(synced.root), cwd=str(tmp_path))
    assert f"this brings it back: common-sync restore 1 --root {synced.root}\n" in done.out
    assert synced.run("restore", "1", "--root", str(synced.root), cwd=str(tmp_path)).code == 0
    assert synced.read(EDITED) == "edited\n"


def test_what_promote_replaced(synced: Monorepo) -> None:
    """The line that `promote` prints would not bring the master's file back."""
    synced.commit("before")
    synced.write(EDITED, "promoted\n")
    done = synced.run("promote")
    assert done.out.endswith("the files from before are kept; this brings them back: common-sync restore 1 --force\n")
    assert synced.read("common/our_common/settings.py") == "promoted\n"
    assert synced.run("restore", "1").code == 2
    assert synced.run("restore", "1", "--force").code == 0
    assert synced.read("common/our_common/settings.py") == "DEBUG = False\n"


def test_a_set_that_cannot_be_read(discarded: Monorepo) -> None:
    """A folder of sets that is a file would be a traceback."""
    sets = discarded.root / ".git/common-sync/discarded"
    shutil.rmtree(sets)
    sets.write_text("")
    done = discarded.run("restore", "1")
    assert (done.code, "cannot read what was discarded" in done.err) == (2, True)
