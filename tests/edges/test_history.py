"""Former states of the master: what a copy without a manifest holds of them is nobody's edit."""

import os
from pathlib import Path

import pytest
from support.depth import sampled
from support.monorepo import MASTER, Monorepo, make_monorepo, run

SETTINGS = "common/our_common/settings.py"
COPY = "services/api/common"


@pytest.fixture
def aged(tmp_path: Path) -> Monorepo:
    """Return a repository whose master has changed three times since `services/api/common` was copied by hand."""
    repo = make_monorepo(tmp_path / "repo")
    for path, content in MASTER.items():
        repo.write(f"services/api/{path}", content)
    repo.write(f"{COPY}/wait.sh", "#!/bin/sh\n", executable=True)
    repo.commit("a copy by hand")
    repo.write(SETTINGS, "DEBUG = True\n")
    repo.commit("a setting")
    repo.write("common/our_common/models/base.py", "class Base:\n    pass\n")
    repo.commit("a model")
    (repo.root / "common/wait.sh").unlink()
    repo.commit("a script that goes")
    return repo


def states(repo: Monorepo) -> dict[str, str]:
    """Return path → state of what differs in the copy."""
    document = repo.json("verify", "api", code=1)
    return {file["path"]: file["state"] for file in document["services"][0]["drift"]}


def test_a_former_state_is_stale(aged: Monorepo) -> None:
    """Who has copied by hand would be told to bring old files home as if somebody had edited them."""
    assert states(aged) == {"our_common/models/base.py": "stale", "our_common/settings.py": "stale", "wait.sh": "stale"}
    assert aged.run("distribute", "api").code == 0
    assert aged.run("verify", "api").code == 0
    assert not (aged.root / COPY / "wait.sh").exists()


@pytest.mark.parametrize(
    ("path", "content", "state"),
    [
        ("our_common/settings.py", "DEBUG = 'mine'\n", "modified"),
        ("our_common/settings.py", "class Base: ...\n", "modified"),  # what another file once held
        ("our_common/mine.py", "", "extra"),
        ("wait.sh", "#!/bin/bash\n", "extra"),
    ],
)
def test_an_edit_stays_guarded(aged: Monorepo, path: str, content: str, state: str) -> None:
    """A line that somebody wrote would be overwritten because other files of the copy are old."""
    aged.write(f"{COPY}/{path}", content)
    assert states(aged)[path] == state
    assert aged.run("distribute", "api").code == 1
    assert aged.read(f"{COPY}/{path}") == content


def test_a_mode_that_differs(aged: Monorepo) -> None:
    """Copies that were made by a tool without executable bits would count as edited."""
    (aged.root / COPY / "wait.sh").chmod(0o644)
    (aged.root / COPY / "our_common/settings.py").chmod(0o755)
    assert set(states(aged).values()) == {"stale"}


def test_a_state_that_only_a_merge_had(aged: Monorepo) -> None:
    """What a merge made of two branches is in history, too."""
    aged.git("checkout", "-q", "-b", "other", "HEAD~3")
    aged.write(SETTINGS, "DEBUG = 2\n")
    aged.commit("another")
    aged.git("checkout", "-q", "main")
    run("git", "merge", "-q", "other", cwd=aged.root)
    aged.write(SETTINGS, "DEBUG = 'merged'\n")
    aged.commit("the merge")
    aged.write(SETTINGS, "DEBUG = 'later'\n")
    aged.commit("later")
    for content, state in (("DEBUG = 'merged'\n", "stale"), ("DEBUG = 2\n", "stale"), ("DEBUG = 3\n", "modified")):
        aged.write(f"{COPY}/our_common/settings.py", content)
        assert states(aged)["our_common/settings.py"] == state


def test_a_state_that_a_merge_has_dropped(aged: Monorepo) -> None:
    """A branch of which a merge has taken nothing is in history, and git would pass over it."""
    aged.git("checkout", "-q", "-b", "other", "HEAD~3")
    aged.write(SETTINGS, "DEBUG = 'dropped'\n")
    aged.commit("a branch")
    aged.git("checkout", "-q", "main")
    aged.git("merge", "-q", "-s", "ours", "-m", "nothing of it", "other")
    aged.write(f"{COPY}/our_common/settings.py", "DEBUG = 'dropped'\n")
    assert states(aged)["our_common/settings.py"] == "stale"


def test_a_symlink(aged: Monorepo) -> None:
    """A link that the library once had is no edit, and a file that holds the same words is one."""
    link = aged.root / "common/our_common/link.py"
    link.symlink_to("settings.py")
    aged.commit("a link")
    link.unlink()
    aged.commit("no link")
    copied = aged.root / COPY / "our_common/link.py"
    copied.symlink_to("settings.py")
    assert states(aged)["our_common/link.py"] == "stale"
    copied.unlink()
    copied.write_text("settings.py")
    assert states(aged)["our_common/link.py"] == "extra"


def test_with_a_manifest_history_is_not_asked(aged: Monorepo) -> None:
    """Somebody may have put an old state back on purpose: in a copy that is kept in sync, that is an edit."""
    aged.run("distribute", "api")
    aged.write(f"{COPY}/our_common/settings.py", "DEBUG = False\n")
    assert states(aged)["our_common/settings.py"] == "modified"


def test_a_clone_without_history(aged: Monorepo) -> None:
    """A shallow clone knows less, so it guards more; it never takes an edit for an old state."""
    clone = Monorepo(aged.root.parent / "clone")
    aged.git("clone", "-q", "--depth", "1", f"file://{aged.root}", str(clone.root))
    assert states(clone)["our_common/settings.py"] == "modified"


def test_a_clone_without_blobs_opens_no_connection(aged: Monorepo) -> None:
    """`verify` must answer without a network, whatever kind of clone it runs in."""
    aged.git("config", "uploadpack.allowFilter", "true")
    clone = Monorepo(aged.root.parent / "clone")
    aged.git("clone", "-q", "--filter=blob:none", f"file://{aged.root}", str(clone.root))
    clone.git("remote", "set-url", "origin", "file:///nowhere")
    assert set(states(clone).values()) == {"stale"}


def test_a_clone_without_trees_guards_more(aged: Monorepo) -> None:
    """`distribute` would fail where git has not even the names of files, though it can leave alone what it cannot know."""
    aged.git("config", "uploadpack.allowFilter", "true")
    clone = Monorepo(aged.root.parent / "clone")
    aged.git("clone", "-q", "--filter=tree:0", f"file://{aged.root}", str(clone.root))
    clone.git("remote", "set-url", "origin", "file:///nowhere")
    assert states(clone)["our_common/settings.py"] == "modified"


def test_before_the_first_commit_and_outside_git(tmp_path: Path) -> None:
    """There is no history to ask: what differs is guarded, and nothing fails."""
    for name, git in (("young", True), ("bare", False)):
        repo = make_monorepo(tmp_path / name, git=False)
        if git:
            repo.git("init", "-q")
        repo.write(f"{COPY}/our_common/settings.py", "DEBUG = 1\n")
        assert states(repo)["our_common/settings.py"] == "modified"


@pytest.mark.parametrize(
    "setting",
    sampled(
        [
            "log.showRoot=false",
            "log.showSignature=true",
            "log.follow=true",
            "log.diffMerges=off",
            "diff.relative=true",
            "diff.renames=copies",
            "core.quotePath=true",
            "color.ui=always",
            "format.pretty=oneline",
        ],
        3,
        "more settings of git",
    ),
)
def test_what_somebody_has_configured_changes_nothing(aged: Monorepo, setting: str) -> None:
    """The answer would depend on the machine."""
    aged.git("config", *setting.split("="))
    odd = aged.root / "common" / os.fsdecode(b"\xff \n.py")
    odd.write_text("1\n")
    aged.commit("an odd name")
    odd.write_text("2\n")
    aged.commit("changed")
    (aged.root / COPY / odd.name).write_text("1\n")
    assert set(states(aged).values()) == {"stale"}
