"""`promote --to` and `--patch`: an edit in a copy of a library of another repository comes home there."""

import os
from pathlib import Path
from typing import Any

import pytest
from support.depth import deep
from support.foreign import API, CONFIGURATION, FILE, LOCK, WORKER, Pair
from support.monorepo import Monorepo, patched, run

SOURCE = "python/common/our_common/settings.py"
LINES = "".join(f"LINE_{number} = {number}\n" for number in range(1, 10))


def edited(number: int, text: str = LINES) -> str:
    """Return the lines with one of them changed."""
    return text.replace(f"LINE_{number} = {number}\n", f"LINE_{number} = 'edited'\n")


@pytest.fixture
def lined(taken: Pair) -> Pair:
    """Return two repositories in sync, with a file of nine lines in the third release of the library."""
    taken.platform.write(SOURCE, LINES)
    taken.platform.commit("nine lines")
    taken.platform.git("tag", "v3")
    taken.app.write("common-sync.toml", CONFIGURATION.replace('"v1"', '"v3"'))
    assert taken.run("distribute").code == 0
    taken.app.commit("v3")
    taken.asked()
    return taken


def promote(pair: Pair, *words: str, code: int = 0) -> dict[str, Any]:
    """Run it; return the JSON document."""
    return pair.app.json("promote", *words, code=code)


def test_an_edit_goes_into_a_checkout(lined: Pair) -> None:
    """A hotfix in a copy would have to be typed again in the library's own repository, or be lost at its next release."""
    lined.app.write(f"{API}/{FILE}", edited(2))
    lined.app.write(f"{API}/common/our_common/new/module.py", "new = 1\n", executable=True)
    before, lock = lined.app.tree(), lined.app.read(LOCK)
    done = lined.run("promote", "api")
    assert (done.code, "--to CHECKOUT" in " ".join(done.out.split())) == (1, True), done
    done = lined.run("promote", "--to", "../platform", "--dry-run")
    assert (done.code, "2 files would be promoted" in done.out) == (0, True), done
    assert lined.platform.git("status", "--porcelain") == ""
    done = lined.run("promote", "--to", "../platform")
    assert (done.code, done.err) == (0, ""), done
    assert f"services/api/{FILE}" in done.out
    assert "→ ../platform/python/common/our_common/settings.py: as it is, +1 -1" in done.out
    assert "2 files promoted; to see what has changed: git -C ../platform diff" in done.out
    assert lined.platform.read(SOURCE) == edited(2)
    assert os.access(lined.platform.root / "python/common/our_common/new/module.py", os.X_OK)
    assert (lined.app.tree(), lined.app.read(LOCK)) == (before, lock)
    assert not lined.connected()
    lined.platform.commit("home")
    lined.platform.git("tag", "v4")
    lined.app.write("common-sync.toml", CONFIGURATION.replace('"v1"', '"v4"'))
    assert lined.run("distribute").code == 0
    assert lined.app.read(f"{WORKER}/{FILE}") == edited(2)
    assert lined.run("verify").code == 0


@deep("two repositories")
def test_a_merge_is_made_once(lined: Pair) -> None:
    """Lines would come twice: a merge of a merge is another one, and the copy keeps the edit until the next release."""
    lined.app.write(f"{API}/{FILE}", edited(2))
    lined.platform.write(SOURCE, edited(8))
    document = promote(lined, "--to", "../platform")
    assert [(one["how"], one["added"], one["removed"]) for one in document["promoted"]] == [("merged", 1, 1)]
    assert (document["to"], document["complete"]) == ("../platform", True)
    assert lined.platform.read(SOURCE) == edited(2, edited(8))
    kept = Path(document["kept"])
    assert (kept.is_relative_to(lined.platform.root), (kept / SOURCE).read_text()) == (True, edited(8))
    for words in (("distribute",), ("verify",), ("promote", "--to", "../platform")):
        lined.run(*words)
        assert lined.app.read(f"{API}/{FILE}") == edited(2), words
    assert [one["how"] for one in promote(lined, "--to", "../platform")["promoted"]] == ["equal"]
    assert lined.platform.read(SOURCE) == edited(2, edited(8))
    lined.platform.commit("home")
    lined.platform.git("tag", "v4")
    lined.app.write("common-sync.toml", CONFIGURATION.replace('"v1"', '"v4"'))
    assert lined.run("distribute").code == 0  # the release has it, so it is no edit any more
    assert lined.app.read(f"{API}/{FILE}") == edited(2, edited(8))
    assert not (lined.app.root / ".git/common-sync/promoting.json").exists()


def test_a_conflict_is_finished_here(lined: Pair) -> None:
    """Marks of a merge would stand in the work tree of another team's repository."""
    lined.app.write(f"{API}/{FILE}", edited(2))
    lined.platform.write(SOURCE, edited(2).replace("edited", "otherwise"))
    before = lined.platform.tree()
    document = promote(lined, "--to", "../platform", code=1)
    assert document["refused"] == [f"{API}/{FILE}"]
    assert lined.platform.tree() == before
    merge = lined.app.root / ".git/common-sync/promote" / API / FILE
    assert "<<<<<<< " in merge.read_text()
    merge.write_text(edited(2).replace("edited", "both"))
    assert [one["how"] for one in promote(lined, "--to", "../platform")["promoted"]] == ["merged"]
    assert lined.platform.read(SOURCE) == edited(2).replace("edited", "both")


def test_a_patch(lined: Pair) -> None:
    """Who has no checkout of the library's repository could send its people nothing but a description."""
    lined.app.write(f"{API}/{FILE}", edited(2))
    lined.app.write(f"{API}/common/our_common/new file.bin", "\0\1")
    (lined.app.root / API / "common/link").symlink_to("wait.sh")
    (lined.app.root / API / "common/wait.sh").chmod(0o644)
    done = lined.run("promote", "--patch", "../fix.patch")
    assert (done.code, done.err) == (0, ""), done
    assert "4 files in a patch: git apply ../fix.patch takes it, in that repository" in done.out
    assert not lined.connected()
    lined.platform.git("apply", "--index", "../fix.patch")
    assert lined.platform.read(SOURCE) == edited(2)
    assert (lined.platform.root / "python/common/our_common/new file.bin").read_bytes() == b"\0\1"
    assert os.readlink(lined.platform.root / "python/common/link") == "wait.sh"
    assert not os.access(lined.platform.root / "python/common/wait.sh", os.X_OK)
    lined.platform.commit("home")
    lined.platform.git("tag", "v4")
    lined.app.write("common-sync.toml", CONFIGURATION.replace('"v1"', '"v4"'))
    assert lined.run("distribute").code == 0
    assert lined.run("verify").code == 0


REFUSED = [
    (("--to", "../gone"), "is no git checkout"),
    (("--to", "."), "has no folder python/common"),
    (("--to", "../other"), "does not have commit"),
    (("--to", "../platform", "--patch", "x"), "cannot be combined"),
    (("--to", ""), "names nothing"),
    (("--patch", "/proc/nope"), "cannot write it"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED)
def test_what_is_no_goal(lined: Pair, words: tuple[str, ...], message: str) -> None:
    """A slip would write into a repository that has nothing to do with the library."""
    other = Monorepo(lined.app.root.with_name("other"))
    other.root.mkdir()
    other.git("init", "-q")
    other.write(SOURCE, LINES)
    other.commit("another repository")
    lined.app.write(f"{API}/{FILE}", edited(2))
    before = lined.app.tree() | {"other": other.read(SOURCE).encode()}
    done = lined.run("promote", *words)
    assert (done.code, message in " ".join(done.err.split())) == (2, True), done
    assert lined.app.tree() | {"other": other.read(SOURCE).encode()} == before


@deep("promote --to in less usual ways")
def test_every_service_at_its_ref(lined: Pair) -> None:
    """Edits of services at several releases would come into one patch that fits none of them."""
    assert lined.run("pin", "worker", "v2").code == 0
    lined.app.write(f"{API}/{FILE}", edited(2))
    lined.app.write(f"{WORKER}/common/wait.sh", "#!/bin/sh\nsleep 1\n")
    done = lined.run("promote", "--patch", "x")
    assert (done.code, "at v2 and at v3 were edited" in done.err.replace("v3 and at v2", "v2 and at v3")) == (2, True)
    assert lined.run("promote", "worker", "--patch", "x").code == 0
    assert "sleep 1" in lined.app.read("x")
    assert len(promote(lined, "--to", "../platform")["promoted"]) == 2
    assert lined.platform.read("python/common/wait.sh") == "#!/bin/sh\nsleep 1\n"


@deep("promote --to in less usual ways")
def test_a_base_from_the_history_of_the_copy(lined: Pair) -> None:
    """An edit that was committed could be merged no more, though git has what it was made of."""
    lined.app.write(f"{API}/{FILE}", edited(2))
    lined.app.commit("edited and committed")
    lined.platform.write(SOURCE, edited(8))
    lined.platform.commit("goes on")
    assert [one["how"] for one in promote(lined, "--to", "../platform")["promoted"]] == ["merged"]
    assert lined.platform.read(SOURCE) == edited(2, edited(8))


@deep("promote --to in less usual ways")
def test_killed_before_the_checkout_is_written(lined: Pair) -> None:
    """A run that was killed would have the next one merge what is merged, or refuse an edit for ever."""
    lined.app.write(f"{API}/{FILE}", edited(2))
    lined.platform.write(SOURCE, edited(8))
    before = lined.platform.tree()
    patch = "import common_sync.commands.steps.promote.taking as e, os\ne.write_version = lambda *_: os._exit(9)"
    words = ("promote", "--to", "../platform")
    assert run(*patched(patch), *words, cwd=lined.app.root).code == 9
    assert lined.platform.tree() == before
    assert [lined.run(one).code for one in ("verify", "distribute")] == [1, 1]
    assert [one["how"] for one in promote(lined, *words[1:])["promoted"]] == ["merged"]
    assert lined.platform.read(SOURCE) == edited(2, edited(8))


@deep("promote --to in less usual ways")
def test_what_has_no_place_there(lined: Pair) -> None:
    """A file would be put where the library's repository ignores it, over a folder, or out of the library."""
    (lined.app.root / API / "common/out").symlink_to("../../../etc")
    lined.platform.write("python/common/mine", "")
    lined.app.write(f"{API}/common/mine/x.py", "")
    lined.platform.write(".gitignore", "secret.py\n")
    lined.app.write(f"{API}/common/secret.py", "")
    for words, count in ((("--to", "../platform"), 3), (("--patch", "x"), 1)):
        assert len(promote(lined, *words, code=1)["refused"]) == count
    assert not (lined.app.root / "x").exists()
    assert not (lined.platform.root / "python/common/secret.py").exists()
