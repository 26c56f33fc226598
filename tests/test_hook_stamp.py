"""The hook's stamp: where nothing has changed it says so at once, and whatever has changed, it never says what a full run would not."""

import ast
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.commits import commit, install_hook
from support.depth import deep, skip
from support.libraries import make_libraries
from support.monorepo import UNMEASURED, Monorepo, environment, run
from support.stamped import FULL, STAMP, Said, Stamped

from common_sync.core.copies import plan
from common_sync.edges.state import stamp, watching
from common_sync.edges.state.stamp import OF_TARGET

SETTINGS = "services/api/common/our_common/settings.py"
OUTSIDE = "deps.list"


@pytest.fixture
def stamped(synced: Monorepo) -> Stamped:
    """Return a repository in sync, with a stamp; a service includes a file from outside every service."""
    synced.write(OUTSIDE, "requests  # pin\n")  # as long as what leads to the master: only its times will tell
    synced.write("services/api/requirements.txt", f"-e ./common\n-r ../../{OUTSIDE}\n")
    synced.write("services/api/src/deep.py", "import our_common\n")
    synced.commit()
    hook = Stamped(synced)
    hook.leave_stamp()
    return hook


def test_the_second_run_knows(synced: Monorepo) -> None:
    """Every commit would cost a full run."""
    hook = Stamped(synced)
    assert [hook.run() for _ in range(3)] == [FULL, STAMP, STAMP]


def test_the_second_run_knows_of_a_pin(synced: Monorepo) -> None:
    """Every commit would cost a full run, and git for each pinned service, as soon as one service is pinned."""
    synced.git("tag", "v1")
    synced.write("common/our_common/settings.py", "DEBUG = True\n")
    assert synced.run("distribute").code == 0
    assert synced.run("pin", "api", "v1").code == 0
    synced.commit("pinned")
    hook = Stamped(synced)
    assert [hook.run() for _ in range(2)] == [FULL, STAMP]
    synced.write("services/api/common/our_common/settings.py", "DEBUG = True\n")
    assert hook.run() == Said(1)


def test_the_second_run_knows_of_two_libraries(synced: Monorepo) -> None:
    """Every commit would cost a full run as soon as there is a second library."""
    repo = make_libraries(synced)
    assert repo.run("distribute").code == 0
    repo.commit("distributed")
    hook = Stamped(repo)
    assert [hook.run() for _ in range(2)] == [FULL, STAMP]
    repo.write("libs/events/our_events/__init__.py", "one = 2\n")
    assert hook.run() == Said(1)


def test_it_imports_nothing_that_costs(stamped: Stamped) -> None:
    """To import what the hook needs of Python's own library takes three times as long as Python takes to start."""
    code = (
        "import os, sys; before = set(sys.modules)\n"
        "os._exit = lambda code: sys.exit(f'{code} {sorted({*sys.modules} - before)}')\n"
        "from common_sync.interface.hook import main; main()"
    )
    env = {name: value for name, value in environment(**UNMEASURED).items() if name != "CI"}
    Stamped(stamped.repo, UNMEASURED).leave_stamp()
    command = [sys.executable, "-c", code, "--check"]
    done = subprocess.run(command, cwd=stamped.repo.root, env=env, capture_output=True, text=True, check=False)
    words = done.stderr.split(maxsplit=1)
    assert words[0] == "0", done
    names = set(ast.literal_eval(words[1]))
    assert {name for name in names if not name.startswith("common_sync")} == {"zlib"}
    assert len(names) <= 10


def test_it_is_for_one_set_of_arguments(synced: Monorepo) -> None:
    """Hooks for two projects of one repository would each time undo what the other has left."""
    hooks = [Stamped(synced), Stamped(synced, None, "--root", str(synced.root))]
    assert [hook.run() for hook in hooks * 2] == [FULL, FULL, STAMP, STAMP]


def test_what_was_said_is_said_again(stamped: Stamped, capsys: pytest.CaptureFixture[str]) -> None:
    """A new file of the library would be named at one commit by chance, and at the next one not."""
    file = stamped.repo.write("common/our_common/new.py")
    for _ in range(2):
        assert stamped.run() == FULL
        assert "git add common/our_common/new.py" in capsys.readouterr().out
    file.unlink()
    stamped.leave_stamp()
    assert not capsys.readouterr().out


# What does not matter costs no full run


def _work_elsewhere(repo: Monorepo) -> None:
    repo.write("services/api/src/deep.py", "import our_common as common\n")
    repo.write("README.md", "# Read me\n")
    (repo.root / "README.md").unlink()
    repo.git("add", "services/api/src")


def _touch_index(repo: Monorepo) -> None:
    repo.git("update-index", "--refresh")
    repo.git("commit", "-q", "--allow-empty", "-m", "nothing")


@pytest.mark.parametrize("change", [_work_elsewhere, _touch_index])
def test_what_the_hook_does_not_look_at(stamped: Stamped, change: Callable[[Monorepo], None]) -> None:
    """A commit of what has nothing to do with the library would wait for a full run."""
    change(stamped.repo)
    assert stamped.run() == STAMP
    assert stamped.run_in_full() == FULL


# What matters is seen, however well it hides


def _edit(repo: Monorepo) -> None:
    repo.write(SETTINGS, "DEBUG = True!\n")


def _edit_and_set_the_times_back(repo: Monorepo) -> None:
    file = repo.root / SETTINGS
    before = file.stat()
    file.write_bytes(file.read_bytes().swapcase())
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace_by_the_same_size(repo: Monorepo) -> None:
    file = repo.root / SETTINGS
    before, new = file.stat(), file.with_name("new")
    new.write_bytes(file.read_bytes().swapcase())
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(file)


def _edit_in_the_index_too(repo: Monorepo) -> None:
    _edit(repo)
    repo.git("add", "-A")


def _stage_a_part(repo: Monorepo) -> None:
    text = repo.read("common/our_common/settings.py")
    repo.write("common/our_common/settings.py", "A = 1\n")
    repo.git("add", "-A")
    repo.write("common/our_common/settings.py", text)


def _assume_unchanged(repo: Monorepo) -> None:
    repo.git("update-index", "--assume-unchanged", SETTINGS)
    _edit(repo)


def _assume_unchanged_only(repo: Monorepo) -> None:
    repo.git("update-index", "--assume-unchanged", SETTINGS)


def _unstage(repo: Monorepo) -> None:
    repo.git("rm", "-q", "--cached", SETTINGS)


def _make_executable(repo: Monorepo) -> None:
    repo.git("config", "core.fileMode", "false")
    (repo.root / SETTINGS).chmod(0o755)


def _put_in_an_empty_folder(repo: Monorepo) -> None:
    repo.write("services/api/common/our_common/models/more.py")


def _add_a_service(repo: Monorepo) -> None:
    repo.write("services/new/app.py", "import our_common\n")
    repo.git("add", "-A")


def _remove_a_service(repo: Monorepo) -> None:
    (repo.root / "services/worker").rename(repo.root / "old")


def _replace_a_copy(repo: Monorepo) -> None:
    copy, other = repo.root / "services/api/common", repo.root / "other"
    run("cp", "-a", str(copy), str(other), cwd=repo.root)
    (other / "our_common/settings.py").write_text("DEBUG = None!\n")
    copy.rename(repo.root / "old")
    other.rename(copy)


def _lead_a_folder_elsewhere(repo: Monorepo) -> None:
    folder = repo.root / "services/api/common/our_common"
    folder.rename(repo.root / "moved")
    folder.symlink_to(repo.root / "moved")


def _include_the_master(repo: Monorepo) -> None:
    repo.write(OUTSIDE, "-e ../../common\n")
    repo.git("add", "-A")


def _make_a_reference(repo: Monorepo) -> None:
    repo.write("services/worker/Dockerfile", "FROM scratch\nCOPY ../common /common\n")
    repo.git("add", "-A")


def _change_the_configuration(repo: Monorepo) -> None:
    repo.write("common-sync.toml", 'master = "common"\nservices = ["services/*"]\nexclude = ["*.sh"]\n')
    repo.git("add", "-A")


def _configure_twice(repo: Monorepo) -> None:
    repo.write("pyproject.toml", '[tool.common-sync]\nmaster = "common"\nservices = ["services/*"]\n')


def _leave_what_was_killed(repo: Monorepo) -> None:
    repo.write("services/api/.common-sync.new/one.py")


def _change_the_attributes(repo: Monorepo) -> None:
    repo.write(".gitattributes", "")
    repo.git("add", "-A")


def _convert(repo: Monorepo) -> None:
    repo.git("config", "core.autocrlf", "true")
    repo.write(SETTINGS, "DEBUG = False\r\n")
    repo.git("add", "-A")


def _ignore_above(repo: Monorepo) -> None:
    repo.write("../.gitignore", "*\n")
    repo.write(".gitignore", "common/\n")


def _ignore_everywhere(repo: Monorepo) -> None:
    repo.write("../ignored", "*.py\n")
    repo.git("config", "core.excludesFile", str(repo.root.parent / "ignored"))


def _lose_the_master(repo: Monorepo) -> None:
    (repo.root / "common").rename(repo.root / "gone")


def _hide_behind_sparse_checkout(repo: Monorepo) -> None:
    repo.git("update-index", "--skip-worktree", "common/wait.sh")
    (repo.root / "common/wait.sh").unlink()


CHANGES = [
    *(_edit, _edit_and_set_the_times_back, _replace_by_the_same_size, _edit_in_the_index_too, _stage_a_part),
    *(_assume_unchanged, _assume_unchanged_only, _unstage, _make_executable, _put_in_an_empty_folder, _add_a_service),
    *(_remove_a_service, _replace_a_copy, _lead_a_folder_elsewhere, _include_the_master, _make_a_reference),
    *(_change_the_configuration, _configure_twice, _leave_what_was_killed, _change_the_attributes, _convert),
    *(_ignore_above, _ignore_everywhere, _lose_the_master, _hide_behind_sparse_checkout),
]
PASSES = {_assume_unchanged_only, _remove_a_service, _leave_what_was_killed, _ignore_above, _ignore_everywhere}
"""After these, all is still in sync; whether by the stamp or in full, the hook may say so."""


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_it_says_what_a_full_run_says(stamped: Stamped, change: Callable[[Monorepo], None]) -> None:
    """A commit would go past the hook that a full run would have stopped."""
    change(stamped.repo)
    said = stamped.run()
    assert said.code == stamped.run_in_full().code
    assert (said.code == 0) == (change in PASSES), said
    assert stamped.run().code == said.code


def test_a_file_may_change_while_nobody_can_tell(stamped: Stamped) -> None:
    """What changes within the clock's grain of being read keeps its times, and would never be seen again."""
    stamped.stamp.unlink()
    assert [stamped.run(racy=watching.RACY) for _ in range(2)] == [FULL, FULL]
    assert not stamped.stamp.exists()


def test_a_clock_that_runs_backwards(stamped: Stamped, monkeypatch: pytest.MonkeyPatch) -> None:
    """By such a clock nobody can tell what was touched last."""
    stamped.stamp.unlink()
    clock = iter(range(time.time_ns() + 10**12, 0, -(10**12)))
    monkeypatch.setattr(time, "time_ns", lambda: next(clock))
    assert [stamped.run() for _ in range(2)] == [FULL, FULL]


# What decides beside the disk


@pytest.mark.parametrize(
    "variables",
    [
        {"GIT_INDEX_FILE": ".git/other"},
        {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fileMode", "GIT_CONFIG_VALUE_0": "false"},
        {"GIT_DIR": ".git"},
        {"HOME": "/nowhere"},
        {"PATH": f"/nowhere:{os.environ['PATH']}"},
        {"PRE_COMMIT_TO_REF": "HEAD"},
        {"CI": "true"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_another_environment(stamped: Stamped, variables: dict[str, str]) -> None:
    """An index of its own, or other settings of git's, would be passed over."""
    other = Stamped(stamped.repo, variables)
    assert not other.run().by_stamp
    if "CI" in variables or "PRE_COMMIT_TO_REF" in variables:
        assert stamped.run() == STAMP, "it was written over"


def test_all_variables_that_are_read_are_in_the_key() -> None:
    """What decides, and is not in the stamp, would be passed over."""
    package = Path(stamp.__file__).parents[2]
    text = "".join(
        file.read_text()
        for file in package.rglob("*.py")
        if not {"environments", "completion.py", "report.py"} & {*file.parts}
    )
    names = {
        *re.findall(r'environ(?:\.get\(|\.pop\(|\[)"(\w+)"', text),
        *re.findall(r'"(\w+)" (?:not )?in os\.environ', text),
    }
    shown = {
        "NO_COLOR",
        "FORCE_COLOR",
        "TERM",
        "COLUMNS",
        "_COMMON_SYNC_COMPLETE",
    }  # where a stamp is left, nothing is printed
    assert len(names) > len(shown)
    assert {name for name in names - shown if not name.startswith(stamp.READ)} == set()


def test_each_module_of_the_program_is_noted(stamped: Stamped) -> None:
    """Who has the tool from a checkout, and pulls, would be told what the one of before has found."""
    assert os.fsencode(f"{OF_TARGET}{plan.__file__}\0") in stamped.stamp.read_bytes()


def test_what_is_new_at_each_commit_does_not_matter(stamped: Stamped) -> None:
    """The stamp would never be used at a commit, for which it is."""
    assert Stamped(stamped.repo, {"GIT_AUTHOR_DATE": "@1 +0000", "GIT_EDITOR": ":"}).run() == STAMP


@pytest.mark.parametrize("what", ["version", "interpreter", "user", "folder"])
def test_another_program_user_or_folder(stamped: Stamped, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """What an older version took for in sync may not be so for this one."""
    if what == "version":
        monkeypatch.setattr(stamp, "__version__", "0.0.1")
    elif what == "interpreter":
        monkeypatch.setattr(sys, "version", "3.10")
    elif what == "user":
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    else:
        os.rename(stamped.repo.root, stamped.repo.root.with_name("moved"))
        stamped.repo.root = stamped.repo.root.with_name("moved")
    assert not stamped.run().by_stamp


def test_nobody_wants_it(stamped: Stamped) -> None:
    """Who doubts a stamp could not have a full run."""
    before = stamped.stamp.read_bytes()
    assert Stamped(stamped.repo, None, "--no-cache").run() == FULL
    assert stamped.stamp.read_bytes() == before
    assert [file.name for file in stamped.stamp.parent.glob("hook*")] == [stamped.stamp.name]


def test_a_check_by_verify_reads_all(stamped: Stamped) -> None:
    """Who asks `verify` wants to know of what no times tell."""
    file = stamped.repo.root / SETTINGS
    status = file.stat()
    file.write_bytes(file.read_bytes().swapcase())
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert stamped.repo.run("verify").code == 1


# Stamps that are none


def _forge(stamped: Stamped) -> bytes:
    """Return the stamp of an edited copy, made by hand to say "in sync": the edited file is left out."""
    data = stamped.stamp.read_bytes()
    _edit(stamped.repo)
    at = data.index(SETTINGS.encode())
    start, end = data.rindex(b"\0", 0, at), data.index(b"\0", data.index(b"\0", at) + 1)
    return data[:start] + data[end:]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut off": lambda data: data[:-1],
    "cut off early": lambda data: data[: len(data) // 2],
    "only its head": lambda data: data.partition(b"\n")[0],
    "a bit has changed": lambda data: data[:-100] + bytes([data[-100] ^ 1]) + data[-99:],
    "more": lambda data: data + b"\n",
    "another format": lambda data: data.replace(b"stamp-1", b"stamp-2"),
    "huge lengths": lambda data: b"common-sync-stamp-1 0 9999999999999999999\n" + data,
    "no stamp": lambda _: b"\xff" * 1000,
    "a number that is none": lambda data: data.replace(b" ", b" x", 1),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_stamp_is_none(stamped: Stamped, damage: str) -> None:
    """What a crash or a full disk has left of it would be believed."""
    stamped.stamp.write_bytes(DAMAGES[damage](stamped.stamp.read_bytes()))
    assert [stamped.run() for _ in range(2)] == [FULL, STAMP]


def test_a_stamp_that_was_made_by_hand(stamped: Stamped) -> None:
    """Who edits a stamp could have an edited copy pass."""
    stamped.stamp.write_bytes(_forge(stamped))
    assert stamped.run().code == 1


def test_a_stamp_starts_nothing_but_git(stamped: Stamped) -> None:
    """What stands in a file would be run."""
    parts = stamp._unpack(stamped.stamp.read_bytes())  # noqa: SLF001 - nothing else reads one
    for command in ("touch\0pwned", "git\0-C\0.\0gc", "git\0-C\0.\0-c\0alias.ls-files=!touch pwned\0ls-files"):
        forged = stamp.pack([parts[0], parts[1], command.encode(), b""])
        stamped.stamp.write_bytes(forged)
        assert stamped.run() == FULL
    assert not (stamped.repo.root / "pwned").exists()


def _link(place: Path) -> None:
    place.rename(place.with_name("elsewhere"))
    place.symlink_to("elsewhere")


def _link_folder(place: Path) -> None:
    place.parent.rename(place.parent.with_name("elsewhere"))
    place.parent.symlink_to("elsewhere")


def _give_a_second_name(place: Path) -> None:
    os.link(place, place.with_name("twin"))


def _open_to_all(place: Path) -> None:
    place.chmod(0o666)


def _give_away(place: Path) -> None:
    if os.geteuid() != 0:
        skip("only root may give a file away")
    os.chown(place, 12345, -1)


def _make_huge(place: Path) -> None:
    os.truncate(place, 1 << 30)


def _make_fifo(place: Path) -> None:
    place.unlink()
    os.mkfifo(place)


def _make_folder(place: Path) -> None:
    place.unlink()
    place.mkdir()


@pytest.mark.parametrize(
    "place",
    [_link, _link_folder, _give_a_second_name, _open_to_all, _give_away, _make_huge, _make_fifo, _make_folder],
    ids=lambda place: place.__name__.strip("_"),
)
def test_what_is_not_this_users_own_stamp(stamped: Stamped, place: Callable[[Path], None]) -> None:
    """Somebody else's stamp would be believed, or one that is no file would hang the hook."""
    place(stamped.stamp)
    assert stamped.run() == FULL
    _edit(stamped.repo)
    assert stamped.run().code == 1


def test_a_killed_writer_leaves_nothing_that_counts(stamped: Stamped) -> None:
    """Half a stamp would be believed, or what killed runs leave would fill the folder."""
    left = stamped.stamp.with_name(f"{stamped.stamp.name}.new-1")
    stamped.stamp.rename(left)
    assert [stamped.run() for _ in range(2)] == [FULL, STAMP]
    assert not left.exists()


@deep("runs of the whole program that take long")
def test_two_hooks_at_once(synced: Monorepo) -> None:
    """Each would find what the other had half written."""
    program = (
        "import common_sync.edges.state.watching as w; w.RACY = 0\nfrom common_sync.interface.hook import main; main()"
    )
    env = {name: value for name, value in environment().items() if name != "CI"}
    command = [sys.executable, "-c", program, "--check"]
    runs = [subprocess.Popen(command, cwd=synced.root, env=env) for _ in range(4)]
    assert [run.wait() for run in runs] == [0] * 4
    assert Stamped(synced).run() == STAMP
    _edit(synced)
    runs = [subprocess.Popen(command, cwd=synced.root, env=env, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [run.wait() for run in runs] == [1] * 4


def test_a_disk_that_takes_no_stamp(synced: Monorepo) -> None:
    """The hook would fail a commit because it cannot write down that all is well."""
    (synced.root / ".git/common-sync").mkdir(exist_ok=True)
    (synced.root / ".git/common-sync/hook --check").mkdir()
    hook = Stamped(synced)
    assert [hook.run() for _ in range(2)] == [FULL, FULL]


def test_at_a_real_commit(synced: Monorepo) -> None:
    """It would be of no use where it is needed."""
    install_hook(synced, first="unset CI")
    assert commit(synced).code == 0
    assert not (synced.root / ".git/common-sync/hook").exists(), "all was touched just now"
    _edit(synced)
    assert commit(synced).code == 1
