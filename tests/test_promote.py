"""`promote`: an edit of a copy comes home into the master, whole or not at all, and every copy follows."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.depth import deep, sampled
from support.monorepo import Done, Monorepo, patched, run

API, WORKER = "services/api/common", "services/worker/common"
SETTINGS = "our_common/settings.py"
LINES = "".join(f"LINE_{number} = {number}\n" for number in range(1, 10))


def edited(number: int, text: str = LINES) -> str:
    """Return the lines with one of them changed."""
    return text.replace(f"LINE_{number} = {number}\n", f"LINE_{number} = 'edited'\n")


@pytest.fixture
def story(synced: Monorepo) -> Monorepo:
    """Return a repository in sync and committed, with a file of nine lines."""
    synced.write(f"common/{SETTINGS}", LINES)
    assert synced.run("distribute").code == 0
    synced.commit("nine lines")
    return synced


def promote(repo: Monorepo, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Run it; return the JSON document."""
    return repo.json("promote", *arguments, code=code)


def said(done: Done) -> str:
    """Return what was said, without the ends of lines."""
    return " ".join((done.out + done.err).split())


def state(repo: Monorepo) -> Path:
    """Return the folder where the tool keeps what belongs to no commit."""
    return repo.root / ".git/common-sync"


def test_an_edit_comes_home(story: Monorepo) -> None:
    """A hotfix would be overwritten by the next distribution, or typed again by hand months later."""
    story.write(f"{API}/{SETTINGS}", edited(2))
    story.write(f"{API}/our_common/new/module.py", "new = 1\n", executable=True)
    done = story.run("promote", "api")
    assert done.code == 0, done
    assert f" → common/{SETTINGS}: as it is, +1 -1\n" in done.out
    assert "2 files promoted; to see what has changed: git diff common" in done.out
    assert story.read(f"common/{SETTINGS}") == story.read(f"{WORKER}/{SETTINGS}") == edited(2)
    assert os.access(story.root / "common/our_common/new/module.py", os.X_OK)
    assert story.run("verify").code == 0
    assert not (state(story) / "promoting.json").exists()
    assert story.run("promote").out == "· nothing to promote: no copy was edited\n"


def test_a_merge_with_a_change_of_the_master(story: Monorepo) -> None:
    """Somebody who fixes a line in a copy would undo what the master has changed since."""
    story.write(f"{API}/{SETTINGS}", edited(2))
    story.write(f"common/{SETTINGS}", edited(8))
    document = promote(story)
    assert [(one["how"], one["added"], one["removed"]) for one in document["promoted"]] == [("merged", 1, 1)]
    assert story.read(f"common/{SETTINGS}") == edited(2, edited(8))
    assert (document["refused"], document["complete"], document["in_sync"]) == ([], True, True)
    kept = Path(document["kept"])
    assert (kept / "common" / SETTINGS).read_text() == edited(8)
    assert (kept / API / SETTINGS).read_text() == edited(2)


def test_two_services_one_file(story: Monorepo) -> None:
    """Of two fixes of one file, the second would overwrite the first; of two equal ones, one would conflict."""
    story.write(f"{API}/{SETTINGS}", edited(2))
    story.write(f"{WORKER}/{SETTINGS}", edited(8))
    for copy in (API, WORKER):
        story.write(f"{copy}/wait.sh", "#!/bin/sh\nexec sleep 1\n", executable=True)
    document = promote(story)
    assert [one["how"] for one in document["promoted"]] == ["as-is", "as-is", "merged", "equal"]
    assert story.read(f"common/{SETTINGS}") == edited(2, edited(8))
    assert story.run("verify").code == 0


def test_only_what_is_named(story: Monorepo) -> None:
    """A half-done experiment in another file, or another service, would come into the library with the fix."""
    for path in (f"{API}/{SETTINGS}", f"{API}/our_common/models/base.py", f"{WORKER}/pyproject.toml"):
        story.write(path, story.read(path) + "# edited\n")
    document = promote(story, f"{API}/{SETTINGS}", code=1)  # the others are left alone
    assert [one["file"] for one in document["promoted"]] == [f"{API}/{SETTINGS}"]
    assert [one["code"] for one in document["findings"]] == ["CS003", "CS003"]
    inside = story.json("promote", "models", code=1, cwd=f"{API}/our_common")
    assert [one["master_file"] for one in inside["promoted"]] == ["common/our_common/models/base.py"]
    for name, message in ((f"{API}/wait.sh", "nobody has edited it"), ("nobody", "is no service")):
        done = story.run("promote", name)
        assert (done.code, message in done.err) == (2, True)


def test_a_dry_run_writes_nothing(story: Monorepo) -> None:
    """Who only wants to see would find his master changed."""
    story.write(f"{API}/{SETTINGS}", edited(2))
    before = story.tree()
    assert "1 file would be promoted" in story.run("promote", "-n").out
    assert story.run("promote", "-n", "-q").out == ""
    story.write(f"common/{SETTINGS}", edited(2, LINES).replace("edited", "otherwise"))
    assert promote(story, "--dry-run", code=1)["refused"] == [f"{API}/{SETTINGS}"]
    assert story.tree() == before | {f"common/{SETTINGS}": story.read(f"common/{SETTINGS}").encode()}
    assert not (state(story) / "promote").exists()


@deep("promote in less usual ways")
def test_modes_and_links(story: Monorepo) -> None:
    """A script that was made executable in a copy, or a link that was turned, would come home as something else."""
    (story.root / API / SETTINGS).chmod(0o755)
    (story.root / API / "wait.sh").chmod(0o644)
    (story.root / API / "link").symlink_to("wait.sh")
    (story.root / f"common/{SETTINGS}").chmod(0o640)
    promote(story)
    assert [(story.root / "common" / path).stat().st_mode & 0o777 for path in (SETTINGS, "wait.sh")] == [0o750, 0o644]
    assert os.readlink(story.root / "common/link") == "wait.sh"
    (story.root / API / "link").unlink()
    (story.root / API / "link").symlink_to(SETTINGS)
    promote(story)
    assert os.readlink(story.root / WORKER / "link") == SETTINGS


def conflict(repo: Monorepo) -> None:
    """Change one line on both sides, and another file in the copy only."""
    repo.write(f"{API}/{SETTINGS}", edited(2))
    repo.write(f"common/{SETTINGS}", LINES.replace("LINE_2 = 2", "LINE_2 = 'otherwise'"))
    repo.write(f"{API}/pyproject.toml", repo.read(f"{API}/pyproject.toml") + "# edited\n")


def test_a_conflict_is_solved_outside_the_work_tree(story: Monorepo) -> None:
    """The marks of a merge would be committed, and copied into every service; or half of the edits would be home."""
    conflict(story)
    before = story.tree()
    done = story.run("promote")
    place = state(story) / "promote" / API / SETTINGS
    assert done.code == 1
    assert f"{API}/{SETTINGS}: CS017 conflicts with a change of the master, so nothing was promoted" in said(done)
    assert f"finish the merge in .git/common-sync/promote/{API}/{SETTINGS}, then run this again" in said(done)
    assert story.tree() == before
    text = place.read_text()
    assert "<<<<<<< master\n" in text
    assert "||||||| what the copy was made of\nLINE_2 = 2\n" in text
    place.write_text(text.replace("<<<<<<<", "begun"))
    place.write_text(text + "# begun\n")
    assert story.run("promote").code == 1
    assert place.read_text().endswith("# begun\n"), "what a person has begun stays"
    place.write_text(edited(2))
    assert [one["how"] for one in promote(story)["promoted"]] == ["merged", "as-is"]
    assert story.read(f"common/{SETTINGS}") == story.read(f"{WORKER}/{SETTINGS}") == edited(2)
    assert not place.exists()


def test_two_services_have_edited_one_line(story: Monorepo) -> None:
    """The master would be said to have changed, where it was another service; nobody would know with whom to talk."""
    story.write(f"{API}/{SETTINGS}", edited(2))
    story.write(f"{WORKER}/{SETTINGS}", LINES.replace("LINE_2 = 2", "LINE_2 = 'otherwise'"))
    before = story.tree()
    done = story.run("promote")
    assert f"{WORKER}/{SETTINGS}: CS017 conflicts with {API}/{SETTINGS}, so nothing was promoted" in said(done)
    assert (done.code, story.tree()) == (1, before)
    done = story.run("promote", f"common/{SETTINGS}")
    assert (done.code, "is in no copy, so it is no edit that could be taken over" in done.err) == (2, True)


def test_a_solution_of_another_conflict_is_not_taken(story: Monorepo) -> None:
    """What somebody has solved would be taken after one side has changed again, or be lost."""
    conflict(story)
    story.run("promote")
    place = state(story) / "promote" / API / SETTINGS
    place.write_text("solved = 1\n")
    story.write(f"{API}/{SETTINGS}", edited(2) + "MORE = 1\n")
    assert promote(story, code=1)["refused"] == [f"{API}/{SETTINGS}"]
    assert "<<<<<<<" in place.read_text()
    assert place.with_name("settings.py.1").read_text() == "solved = 1\n"
    story.write(f"{API}/{SETTINGS}", edited(2) + "MORE = 2\n")  # nobody has touched the merge this time
    promote(story, code=1)
    assert sorted(path.name for path in place.parent.iterdir()) == ["settings.py", "settings.py.1"]


def _gone(repo: Monorepo) -> str:
    repo.write(f"{API}/wait.sh", "#!/bin/sh\nedited\n", executable=True)
    (repo.root / "common/wait.sh").unlink()
    return "is gone from the master"


def _binary(repo: Monorepo) -> str:
    repo.write(f"{API}/{SETTINGS}", b"\0" + edited(2).encode())
    repo.write(f"common/{SETTINGS}", edited(8))
    return "is binary"


def _marks(repo: Monorepo) -> str:
    repo.write(f"{API}/{SETTINGS}", "<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> other\n")
    return "holds the marks of a merge"


def _ignored(repo: Monorepo) -> str:
    repo.write("common/.gitignore", "*.secret\n")
    repo.run("distribute")
    repo.write(f"{API}/my.secret", "1\n")
    return "would be ignored in the master"


def _excluded(repo: Monorepo) -> str:
    repo.write("common-sync.toml", 'master = "common"\nservices = ["services/*"]\nexclude = ["tests/"]\n')
    repo.write(f"{API}/tests/test_x.py", "")
    return "is excluded from the library by tests/"


def _folder(repo: Monorepo) -> str:
    repo.write("common/taken/x.py", "")
    repo.write(f"{API}/taken", "a file\n")
    return "has no room in the master, where common/taken is something else"


def _file(repo: Monorepo) -> str:
    repo.write("common/taken", "a file\n")
    repo.write(f"{API}/taken/x.py", "")
    return "has no room in the master, where common/taken is something else"


def _out(repo: Monorepo) -> str:
    (repo.root / API / "link").symlink_to("../app.py")
    return "is a symlink out of the master"


def _added(repo: Monorepo) -> str:
    repo.write(f"{API}/new.py", "mine\n")
    repo.write("common/new.py", "ours\n")
    return "nothing tells what both were made of"


def _no_base(repo: Monorepo) -> str:
    repo.write(f"common/{SETTINGS}", "never committed\n")
    repo.run("distribute")
    repo.write(f"{API}/{SETTINGS}", "edited\n")
    repo.write(f"common/{SETTINGS}", "again\n")
    return "was made of bytes that are neither in the master nor in git's history"


def _large(repo: Monorepo) -> str:
    os.truncate(repo.write(f"{API}/large.bin"), (64 << 20) + 1)
    return "larger than"


REFUSALS = [_gone, _binary, _marks, _ignored, _excluded, _folder, _file, _out, _added, _no_base, _large]


@pytest.mark.parametrize("prepare", sampled(REFUSALS, 7, "more edits that are refused"))
def test_one_refusal_refuses_all(story: Monorepo, prepare: Callable[[Monorepo], str]) -> None:
    """Half of a fix would be in the master, or something that no copy can take."""
    why = prepare(story)
    story.write(f"{API}/our_common/models/base.py", "class Base:\n    edited = True\n")
    before = story.tree()
    done = story.run("promote")
    assert done.code in (1, 2), done
    assert why in said(done)
    assert story.tree() == before
    assert not (state(story) / "promoting.json").exists()


def test_a_copy_made_by_hand(story: Monorepo) -> None:
    """In the copies that a team has made by hand, an edit is the reason to want this command."""
    (story.root / API / ".common-sync.json").unlink()
    (story.root / API / "wait.sh").chmod(0o644)  # made by a tool that knows no modes
    story.write(f"{API}/{SETTINGS}", edited(2))
    (story.root / API / SETTINGS).chmod(0o755)
    story.write(f"common/{SETTINGS}", edited(8))
    story.commit("the master goes on")
    document = promote(story)
    assert [(one["file"], one["how"]) for one in document["promoted"]] == [(f"{API}/{SETTINGS}", "merged")]
    assert story.read(f"{API}/{SETTINGS}") == edited(2, edited(8))
    assert not os.access(story.root / f"common/{SETTINGS}", os.X_OK)
    assert story.run("verify").code == 0


def test_a_line_that_a_copy_made_by_hand_and_the_master_have_changed(story: Monorepo) -> None:
    """The copy is as near to what the master holds now as to what it was made of: the master's newer line would go."""
    (story.root / API / ".common-sync.json").unlink()
    story.write(f"common/{SETTINGS}", LINES.replace("LINE_2 = 2", "LINE_2 = 'otherwise'"))
    story.commit("the master goes on")
    story.write(f"{API}/{SETTINGS}", edited(2))
    before = story.tree()
    done = story.run("promote")
    assert (done.code, "CS017 conflicts with a change of the master" in said(done)) == (1, True)
    assert story.tree() == before


@pytest.mark.parametrize("committed", [False, True])
def test_a_copy_made_by_hand_that_was_adopted(story: Monorepo, committed: bool) -> None:
    """What the master has got since somebody copied it by hand would go from it, and from every service."""
    (story.root / API / ".common-sync.json").unlink()
    story.write(f"{API}/{SETTINGS}", edited(2))
    story.write(f"common/{SETTINGS}", edited(8))
    story.commit("the master goes on")
    assert story.run("distribute").code == 1
    if committed:
        story.commit("adopted")
    assert [one["how"] for one in promote(story)["promoted"]] == ["merged"]
    assert story.read(f"common/{SETTINGS}") == edited(2, edited(8))
    assert story.run("verify").code == 0


def test_a_line_that_was_put_back_on_purpose(story: Monorepo) -> None:
    """Who takes a change of the master out of his copy would find it merged in again."""
    before = story.read(f"common/{SETTINGS}")
    story.write(f"common/{SETTINGS}", edited(8))
    assert story.run("distribute").code == 0
    story.write(f"{API}/{SETTINGS}", before)
    assert [one["how"] for one in promote(story)["promoted"]] == ["as-is"]
    assert story.read(f"common/{SETTINGS}") == before


def test_a_base_from_history(story: Monorepo) -> None:
    """A merge would be impossible as soon as the copy's own old bytes are committed over."""
    story.write(f"{API}/{SETTINGS}", edited(2))
    story.commit("edited and committed")
    story.write(f"common/{SETTINGS}", edited(8))
    story.commit("the master")
    assert [one["how"] for one in promote(story)["promoted"]] == ["merged"]
    assert story.read(f"common/{SETTINGS}") == edited(2, edited(8))


def test_a_base_that_is_not_in_this_clone(story: Monorepo) -> None:
    """A clone without blobs would fetch in silence, or merge from something else."""
    story.write(f"{API}/{SETTINGS}", edited(2))
    story.write(f"{WORKER}/{SETTINGS}", edited(2))
    story.commit("edited and committed")
    story.write(f"common/{SETTINGS}", edited(8))
    story.commit("the master")
    story.git("config", "uploadpack.allowFilter", "true")
    clone = Monorepo(story.root.parent / "clone")
    story.git("clone", "-q", "--filter=blob:none", f"file://{story.root}", str(clone.root))
    clone.git("remote", "set-url", "origin", "file:///nowhere")
    done = clone.run("promote")
    assert (done.code, "this clone lacks bytes of earlier commits" in said(done)) == (1, True)


def test_outside_git(repo: Monorepo) -> None:
    """Without git there is no history, but an edit of an unchanged master needs none."""
    for path in sorted((repo.root / ".git").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (repo.root / ".git").rmdir()
    home = {"XDG_STATE_HOME": str(repo.root.parent / "state")}
    assert repo.run("distribute", env=home).code == 0
    repo.write(f"{API}/{SETTINGS}", "DEBUG = True\n")
    repo.write(f"{API}/new.py", "")
    assert repo.run("promote", env=home).code == 0
    assert repo.read(f"{WORKER}/{SETTINGS}") == "DEBUG = True\n"


def stop_before_copies(repo: Monorepo) -> None:
    """Leave what a run leaves that was killed once the master was written, and before any copy followed."""
    repo.write(f"{API}/{SETTINGS}", edited(2))
    repo.write(f"common/{SETTINGS}", edited(8))
    before = {path: repo.read(path) for path in (f"{API}/{SETTINGS}", f"{WORKER}/{SETTINGS}")}
    manifests = {copy: repo.read(f"{copy}/.common-sync.json") for copy in (API, WORKER)}
    patch = "import common_sync.commands.distribute as d, os\nd._apply = lambda *_, **__: os._exit(9)"
    assert run(*patched(patch), "promote", cwd=repo.root).code == 9
    assert {path: repo.read(path) for path in before} == before
    assert {copy: repo.read(f"{copy}/.common-sync.json") for copy in manifests} == manifests
    assert repo.read(f"common/{SETTINGS}") == edited(2, edited(8))


def test_a_stopped_run_is_finished_by_distribute(story: Monorepo) -> None:
    """The edit would be called one still, and merged a second time: lines would come twice, or conflict with themselves."""
    stop_before_copies(story)
    drift = story.json("verify", code=1)["services"][0]["drift"]
    assert drift == [{"path": SETTINGS, "state": "stale"}]
    assert story.run("distribute").code == 0
    assert story.read(f"{API}/{SETTINGS}") == edited(2, edited(8))
    assert not (state(story) / "promoting.json").exists()


@deep("runs of the whole program that take long")
def test_a_stopped_run_is_finished_by_promote(story: Monorepo) -> None:
    """The command that was stopped is the one that a person runs again."""
    stop_before_copies(story)
    assert promote(story)["promoted"] == []
    assert (story.run("verify").code, story.read(f"{API}/{SETTINGS}")) == (0, edited(2, edited(8)))


@deep("runs of the whole program that take long")
def test_a_stopped_run_is_finished_by_the_hook(story: Monorepo) -> None:
    """A person who commits after his laptop has died would be told of an edit that the master has, and could not commit."""
    stop_before_copies(story)
    story.git("add", "-A")
    checked = story.hook("--check")
    assert (checked.code, "CS003" in said(checked), "CS004" in said(checked)) == (1, False, False)
    assert (state(story) / "promoting.json").exists()
    written = story.hook()
    assert (written.code, "git add" in said(written)) == (1, True)
    assert {story.read(f"{copy}/{SETTINGS}") for copy in (API, WORKER)} == {edited(2, edited(8))}
    assert not (state(story) / "promoting.json").exists()
    story.git("add", "-A")
    assert story.hook().code == 0
    assert story.run("verify").code == 0


@deep("promote in less usual ways")
def test_the_journal_is_of_one_state_only(story: Monorepo) -> None:
    """What somebody writes after a run was stopped would pass for what the run had taken over."""
    stop_before_copies(story)
    story.write(f"{API}/{SETTINGS}", edited(3))
    assert story.json("verify", "api", code=1)["services"][0]["state"] == "diverged"


def test_a_stopped_run_and_a_master_that_goes_on(story: Monorepo) -> None:
    """To merge twice is not safe: a person looks at it first."""
    stop_before_copies(story)
    story.write(f"common/{SETTINGS}", edited(5, edited(2, edited(8))))
    done = story.run("promote")
    assert (done.code, "may have been taken over by a run that was stopped" in said(done)) == (1, True)
    assert story.read(f"common/{SETTINGS}") == edited(5, edited(2, edited(8)))
    assert [one["how"] for one in promote(story)["promoted"]] == ["merged"]  # he has looked at it, and found it good
    assert story.read(f"common/{SETTINGS}") == edited(5, edited(2, edited(8)))


@pytest.mark.parametrize(
    "journal",
    [
        "",
        "[]",
        '{"schema": 2}',
        '{"schema": 1, "files": {"a": 1}}',
        '{"schema": 1, "files": {"services/api/common": {"x": ["1"]}}}',
        "\xff",
    ],
)
def test_a_journal_that_is_none(story: Monorepo, journal: str) -> None:
    """A file that somebody has broken would stop every command, or be believed."""
    story.write(f"{API}/{SETTINGS}", edited(2))
    (state(story) / "promoting.json").write_bytes(journal.encode("latin-1"))
    assert story.json("verify", "api", code=1)["services"][0]["state"] == "modified"
    assert promote(story)["complete"]
    assert not (state(story) / "promoting.json").exists()


def test_a_journal_leads_nowhere_else(story: Monorepo) -> None:
    """A journal that somebody has planted would have files removed outside the master."""
    outside = story.write("services/api/.common-sync.tmp", "mine\n")
    take = ["cs1:0", "cs1:0", "cs1:0"]
    files = {API: {"../services/api/x": take, "/etc/x": take}, "../elsewhere": {"x": take}}
    (state(story) / "promoting.json").write_text(json.dumps({"schema": 1, "files": files}))
    assert story.run("verify").code == 0
    story.write("common/new.py", "")
    outside_before = outside.read_text()
    assert outside_before == "mine\n"
    assert story.run("distribute", "worker").code == 0
    assert outside.read_text() == "mine\n"
