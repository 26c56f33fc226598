"""`distribute` through the real program: every state of the design's table, and every kind of tree."""

import json
import os
import re
import shlex
import shutil
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from support.depth import deep
from support.monorepo import CONFIGURATION, PROGRAM, Monorepo, make_monorepo, run, show

COPY = "services/api/common"
SETTINGS, BASE, WAIT = "our_common/settings.py", "our_common/models/base.py", "wait.sh"
MANIFEST = ".common-sync.json"

Change = Callable[[Monorepo], object]


def remove(repo: Monorepo, path: str) -> None:
    """Remove a file, a symlink or a folder."""
    file = repo.root / path
    shutil.rmtree(file) if file.is_dir() and not file.is_symlink() else file.unlink()


def write(path: str, content: str = "edited\n", *, executable: bool = False) -> Change:
    """Return a change that writes a file."""
    return lambda repo: repo.write(path, content, executable=executable)


def both(*changes: Change) -> Change:
    """Return a change that makes several."""

    def change(repo: Monorepo) -> None:
        for one in changes:
            one(repo)

    return change


def gone(path: str) -> Change:
    """Return a change that removes something."""
    return lambda repo: remove(repo, path)


def linked(path: str, target: str) -> Change:
    """Return a change that puts a symlink in a file's place."""

    def change(repo: Monorepo) -> None:
        (repo.root / path).unlink(missing_ok=True)
        (repo.root / path).symlink_to(target)

    return change


class Row(NamedTuple):
    """One row of the design's table, with what a user sees.

    Attributes:
        change: What happens to a repository in sync.
        path: The file of the copy that it is about.
        drift: The states of files that `verify` names, by path.
        state: The copy's state.
        kept: What the file holds after `distribute`; None when it is not there.
        forced: What it holds after `distribute --force`, where that is another matter.
        says: What `distribute` prints about the service; nothing where it is in sync already.
        code: The code of the finding that stays after `distribute`.
    """

    change: Change
    path: str
    drift: Mapping[str, str]
    state: str
    kept: bytes | None
    says: str
    forced: bytes | None = b"the same"
    code: str = ""


ORIGINAL, EDITED, NEWER = b"DEBUG = False\n", b"edited\n", b"newer\n"

ROWS: dict[str, Row] = {
    "current": Row(lambda _: None, SETTINGS, {}, "current", ORIGINAL, ""),
    "stale: the master was edited": Row(
        write("common/" + SETTINGS, "newer\n"), SETTINGS, {SETTINGS: "stale"}, "stale", NEWER, "1 file"
    ),
    "stale: new in the master": Row(
        write("common/new.py", "newer\n"), "new.py", {"new.py": "stale"}, "stale", NEWER, "1 file"
    ),
    "stale: gone from the master": Row(
        gone("common/" + SETTINGS), SETTINGS, {SETTINGS: "stale"}, "stale", None, "1 file"
    ),
    "stale: executable in the master": Row(
        write("common/" + SETTINGS, ORIGINAL.decode(), executable=True),
        SETTINGS, {SETTINGS: "stale"}, "stale", ORIGINAL, "1 file",
    ),
    "stale: a symlink in the master": Row(
        linked("common/" + SETTINGS, "__init__.py"), SETTINGS, {SETTINGS: "stale"}, "stale", b"-> __init__.py", "1 file"
    ),
    "modified": Row(
        write(f"{COPY}/{SETTINGS}"), SETTINGS, {SETTINGS: "modified"}, "modified", EDITED, "1 file left alone",
        ORIGINAL, "CS003",
    ),
    "modified: the executable bit": Row(
        lambda repo: (repo.root / COPY / WAIT).chmod(0o644), WAIT, {WAIT: "modified"}, "modified", b"#!/bin/sh\n",
        "1 file left alone", b"#!/bin/sh\n", "CS003",
    ),
    "modified: a symlink": Row(
        linked(f"{COPY}/{SETTINGS}", "/etc/hostname"), SETTINGS, {SETTINGS: "modified"}, "modified", b"-> /etc/hostname",
        "1 file left alone", ORIGINAL, "CS003",
    ),
    "diverged: both edited": Row(
        both(write(f"{COPY}/{SETTINGS}"), write("common/" + SETTINGS, "newer\n")),
        SETTINGS, {SETTINGS: "diverged"}, "diverged", EDITED, "1 file left alone", NEWER, "CS004",
    ),
    "diverged: edited, and gone from the master": Row(
        both(write(f"{COPY}/{SETTINGS}"), gone("common/" + SETTINGS)),
        SETTINGS, {SETTINGS: "diverged"}, "diverged", EDITED, "1 file left alone", None, "CS004",
    ),
    "diverged: added in both": Row(
        both(write(f"{COPY}/new.py"), write("common/new.py", "newer\n")),
        "new.py", {"new.py": "diverged"}, "diverged", EDITED, "1 file left alone", NEWER, "CS004",
    ),
    "current: changed to the same bytes": Row(
        both(write(f"{COPY}/{SETTINGS}"), write("common/" + SETTINGS)),
        SETTINGS, {}, "stale", EDITED, "manifest",
    ),
    "current: added in both alike": Row(
        both(write(f"{COPY}/new.py"), write("common/new.py")), "new.py", {}, "stale", EDITED, "manifest"
    ),
    "current: deleted in both": Row(
        both(gone(f"{COPY}/{SETTINGS}"), gone("common/" + SETTINGS)),
        SETTINGS, {}, "stale", None, "manifest",
    ),
    "missing": Row(gone(f"{COPY}/{SETTINGS}"), SETTINGS, {SETTINGS: "missing"}, "missing", ORIGINAL, "1 file"),
    "missing, and the master has changed": Row(
        both(gone(f"{COPY}/{SETTINGS}"), write("common/" + SETTINGS, "newer\n")),
        SETTINGS, {SETTINGS: "missing"}, "missing", NEWER, "1 file",
    ),
    "missing: a whole folder": Row(
        gone(f"{COPY}/our_common/models"), BASE, {BASE: "missing"}, "missing", b"class Base: ...\n", "1 file"
    ),
    "extra": Row(
        write(f"{COPY}/mine.py"), "mine.py", {"mine.py": "extra"}, "extra", EDITED, "1 file left alone", None, "CS005"
    ),
    "extra: waits for what is in its way": Row(
        both(gone(f"{COPY}/our_common/models"), write(f"{COPY}/our_common/models")),
        "our_common/models", {"our_common/models": "extra", BASE: "missing"}, "extra", EDITED, "2 files left alone",
        None, "CS005",
    ),
    "cache": Row(
        write(f"{COPY}/our_common/__pycache__/settings.cpython-311.pyc"),
        "our_common/__pycache__/settings.cpython-311.pyc", {}, "current", None, "",
    ),
    "ignored: a virtual environment": Row(
        write(f"{COPY}/.venv/pyvenv.cfg"), ".venv/pyvenv.cfg", {}, "current", EDITED, ""
    ),
    "ignored: what an editable install leaves": Row(
        write(f"{COPY}/our_common.egg-info/PKG-INFO"), "our_common.egg-info/PKG-INFO", {}, "current", EDITED, ""
    ),
    "an empty folder": Row(
        lambda repo: (repo.root / COPY / "empty").mkdir(), "nothing", {}, "current", None, ""
    ),
    "unmanaged, equal to the master": Row(
        gone(f"{COPY}/{MANIFEST}"), SETTINGS, {}, "unmanaged", ORIGINAL, "adopted"
    ),
    "unmanaged, and different": Row(
        both(gone(f"{COPY}/{MANIFEST}"), write(f"{COPY}/{SETTINGS}")),
        SETTINGS, {SETTINGS: "modified"}, "unmanaged", EDITED, "adopted 1 file left alone", ORIGINAL, "CS003",
    ),
    "no copy": Row(
        gone(COPY),
        SETTINGS,
        dict.fromkeys(["our_common/__init__.py", BASE, SETTINGS, "pyproject.toml", WAIT], "missing"),
        "missing", ORIGINAL, "new copy 1.2.3 5 files",
    ),
}  # fmt: skip


def held(repo: Monorepo, path: str) -> bytes | None:
    """Return what a path of the copy holds."""
    file = repo.root / COPY / path
    if file.is_symlink():
        return b"-> " + os.fsencode(os.readlink(file))
    return file.read_bytes() if file.is_file() else None


def written(repo: Monorepo, before: Mapping[str, tuple[int, int]], below: str) -> set[str]:
    """Return the files of services that were there, still are, and are not what they were."""
    files = (path for path in before if path.startswith(below) and (repo.root / "services" / path).is_file())
    after = repo.stamps("services")
    return {path for path in files if after[path] != before[path]}


@pytest.mark.parametrize("name", ROWS)
def test_every_state_is_named_and_no_edit_is_lost(synced: Monorepo, name: str) -> None:
    """A user would lose an edit made in a copy, or never learn that a copy is not what it should be."""
    row = ROWS[name]
    row.change(synced)
    before = synced.stamps("services")
    document = synced.json("verify", code=0 if row.state == "current" else 1)
    found = document["services"][0]
    assert (found["name"], found["state"]) == ("services/api", row.state)
    assert {drift["path"]: drift["state"] for drift in found["drift"]} == row.drift
    assert synced.stamps("services") == before, "verify writes nothing"

    done = synced.run("distribute")
    assert (done.code, done.err) == (1 if row.code else 0, "")
    told = [line.split() for line in done.out.partition("\n\n")[0].splitlines() if " services/api " in line]
    # of several libraries each is named: tests/test_second_library.py
    assert [" ".join(words[2:]).removeprefix("common: ") for words in told] == ([row.says] if row.says else [])
    assert held(synced, row.path) == row.kept
    assert (f"    common/{row.path}\n" in done.out) == bool(row.code)
    assert f" {row.code} " in done.out or not row.code
    if name != "no copy":
        concerned = {f"api/common/{path}" for path in (*row.drift, row.path, MANIFEST)}
        assert written(synced, before, "api/") <= concerned, "what is not concerned is not touched"

    again = synced.stamps("services")
    assert synced.run("distribute").code == done.code
    assert synced.stamps("services") == again, "a second run writes nothing"
    if row.code:
        _force(synced, row)


def _force(repo: Monorepo, row: Row) -> None:
    held_before = held(repo, row.path)
    done = repo.run("distribute", "--force")
    assert (done.code, done.err) == (0, "")
    word = {"CS003": "modified", "CS004": "diverged", "CS005": "extra"}[row.code]
    assert f"    discarded {COPY}/{row.path} ({word})\n" in done.out
    assert done.out.count("discarded services/") == 1
    assert held(repo, row.path) == row.forced
    assert repo.run("verify").code == 0
    assert "this brings it back: common-sync restore 1\n" in done.out
    if row.path != "our_common/models":  # where a folder stands now, the way is to be made free first
        assert repo.run("restore", "1").code == 0
        assert held(repo, row.path) == held_before


def test_first_distribution(repo: Monorepo) -> None:
    """A user would deploy a service whose copy lacks a file, has another mode, or whose requirements lead nowhere."""
    master = repo.tree("common")
    untouched = repo.stamps("common") | repo.stamps("services/api/app.py")
    done = repo.run("distribute")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[:2] == [
        "✓ services/api     new copy 1.2.3  5 files, requirements.txt",
        "✓ services/worker  new copy 1.2.3  5 files, requirements.txt",
    ]
    for service in ("api", "worker"):
        copy = repo.tree(f"services/{service}/common")
        manifest = json.loads(copy.pop(MANIFEST))
        assert copy == master
        assert sorted(manifest["files"]) == sorted(master)
        assert repo.read(f"services/{service}/requirements.txt") == "fastapi\n-e ./common\n"
        assert (repo.root / f"services/{service}/common/wait.sh").stat().st_mode & stat.S_IXUSR
        assert not (repo.root / f"services/{service}/common/pyproject.toml").stat().st_mode & stat.S_IXUSR
    assert repo.stamps("common") | repo.stamps("services/api/app.py") == untouched
    assert repo.leftovers() == []


def test_second_distribution_writes_nothing_at_all(synced: Monorepo) -> None:
    """Docker's cache and file watchers would take every run for a change."""
    before = synced.stamps()
    done = synced.run("distribute")
    assert done.code == 0
    assert done.out.startswith("2 services already in sync, ")
    assert len(done.out.splitlines()) == 1
    verbose = synced.run("distribute", "-v").out.splitlines()
    assert verbose[:2] == ["· services/api     in sync", "· services/worker  in sync"]
    assert synced.stamps() == before


def test_a_difference_that_stays(synced: Monorepo) -> None:
    """A person would see their edit go in what is said to be written, and not know that it stays."""
    for name in ("settings.py", "__init__.py"):
        synced.write(f"services/api/common/our_common/{name}", "mine\n")
    synced.write("common/our_common/__init__.py", "")
    shown = synced.run("distribute", "--diff")
    left = [line for line in shown.out.splitlines() if line.startswith("Stays as it is: ")]
    assert (shown.code, left) == (
        1,
        [f"Stays as it is: services/api/common/our_common/{name}" for name in ("__init__.py", "settings.py")],
    )
    assert "-mine" not in shown.out
    assert "-mine" in synced.run("distribute", "--diff", "--force").out
    assert "-mine" in synced.run("diff").out
    assert "-mine" not in synced.json("distribute", "--diff", code=1)["diff"]


@pytest.mark.parametrize("option", ["--dry-run", "-n", "--diff"])
def test_dry_run_writes_nothing(synced: Monorepo, option: str) -> None:
    """A look at what would happen would be what happens."""
    synced.write("common/" + SETTINGS, "newer\n")
    synced.write(f"{COPY}/mine.py", "edited\n")
    before = synced.stamps(), synced.stamps(".git")
    done = synced.run("distribute", option)
    assert done.code == 1
    assert "→ services/worker  1 file\n✗ services/api     1 file, 1 file left alone\n" in done.out
    assert "1 service would be brought in sync, 1 left to you; nothing was written, " in done.out
    assert ("-DEBUG = False\n+newer\n" in done.out) == (option == "--diff")
    assert (synced.stamps(), synced.stamps(".git")) == before
    done = synced.run("distribute", option, "--force")
    assert done.code == 0
    assert f"    would discard {COPY}/mine.py (extra)\n" in done.out
    assert "brings it back" not in done.out
    assert (synced.stamps(), synced.stamps(".git")) == before


def test_quiet_is_the_last_line_and_what_is_discarded(synced: Monorepo) -> None:
    """A script with `-q --force` would throw an edit away without a line in its log."""
    assert synced.run("distribute", "-q") == (0, "", "")
    synced.write(f"{COPY}/mine.py", "edited\n")
    done = synced.run("distribute", "--quiet")
    assert done.code == 1
    assert done.out.startswith("1 service left to you, 1 already in sync, ")
    assert len(done.out.splitlines()) == 1
    done = synced.run("distribute", "-q", "--force")
    assert done.code == 0
    assert done.out.startswith(f"discarded {COPY}/mine.py (extra)\nwhat was discarded is kept; ")


def test_verbose_names_every_file(synced: Monorepo) -> None:
    """A user could not see which files a run has changed."""
    synced.write("common/new.py")
    synced.write("common/" + SETTINGS, "newer\n")
    remove(synced, "common/" + BASE)
    done = synced.run("distribute", "-v", "api")
    assert [line.strip() for line in done.out.splitlines()[1:4]] == [
        f"new {COPY}/new.py",
        f"deleted {COPY}/{BASE}",
        f"updated {COPY}/{SETTINGS}",
    ]
    assert not (synced.root / COPY / "our_common/models").exists(), "a folder goes with its last file"


@pytest.mark.parametrize("name", ["services/api", "api", "./services/api", "services/api/"])
def test_named_services_only(repo: Monorepo, name: str) -> None:
    """A user who names one service would have all of them changed."""
    done = repo.run("distribute", name)
    assert (done.code, len(done.out.splitlines())) == (0, 4), done
    assert "services/worker" not in done.out + repo.read(".gitattributes")
    assert (repo.root / "services/api/common").is_dir()
    assert not (repo.root / "services/worker/common").exists()
    assert repo.run("verify", name).code == 0
    assert repo.run("verify").code == 1


def test_many_findings_are_cut_short(synced: Monorepo) -> None:
    """A user whose formatter ran over a copy would not see the other services for the findings of one."""
    for number in range(30):
        synced.write(f"{COPY}/n{number:02}.py", "edited\n")
    done = synced.run("distribute")
    assert done.out.count("common/n") == 5
    assert "    and 25 more files (-v names them)\n" in done.out
    assert synced.run("distribute", "-v").out.count("common/n") == 30
    assert len(synced.json("verify", code=1)["findings"]) == 30


NAMES = [
    b"sp ace.py", b"new\nline.py", b"-dash", b"a::b", b"\xff\xfe.bin", b"Case.py", b"case.py", b"esc\x1b[31mred.py",
    "日本é.py".encode(), b"quo\"te'.py", b"back\\slash", b"*.py", b":(glob)x", b"#hash", b"!bang", b"tab\t.py", b" ",
]  # fmt: skip


@deep("more names")
@pytest.mark.parametrize("git", [True, False])
def test_names_of_every_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, git: bool) -> None:
    """A file with an unusual name would be left out of the copies, or break every run."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    repo = make_monorepo(tmp_path / "repo", git=git)
    for folder in (b"", b"fol der\n"):
        for name in NAMES:
            path = os.path.join(os.fsencode(repo.root), b"common", folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            Path(os.fsdecode(path)).write_bytes(name)
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    assert repo.run("distribute", env=state).code == 0
    assert {k: v for k, v in repo.tree(COPY).items() if k != MANIFEST} == repo.tree("common")
    stamps = repo.stamps()
    assert repo.run("distribute", env=state).code == 0
    assert repo.run("verify").code == 0
    assert repo.stamps() == stamps
    for name in NAMES:
        Path(os.fsdecode(os.path.join(os.fsencode(repo.root / COPY), name))).write_bytes(b"edited")
    done = repo.run("distribute", env=state)
    assert (done.code, f"and {len(NAMES) - 5} more files" in done.out) == (1, True)
    assert not set(done.out.replace("\n", "")) & {"\x1b", "\t"}
    done = repo.run("verify", "-v", env=state)
    assert not set(done.out.replace("\n", "")) & {"\x1b", "\t"}
    assert sum(line.startswith("    common/") for line in done.out.splitlines()) == len(NAMES), (
        "no name spreads over two lines"
    )
    assert repo.concise("verify").out.count("CS003") == len(NAMES)
    assert repo.run("distribute", "--force", env=state).code == 0
    assert repo.run("verify").code == 0


MOST_MEMORY = """
import os, resource, sys
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""Prints the most memory that a process took. A small one in between: what is measured of a process begins with what it was
forked from, and pytest is large."""


@deep("large and many files")
def test_empty_large_and_many(repo: Monorepo) -> None:
    """An empty file would be lost, or a large library would take more memory than the machine has."""
    repo.write("common/empty", b"")
    repo.write("common/large.bin", os.urandom(1 << 20) * 20)
    for number in range(2000):
        repo.write(f"common/folders/{number % 50}/{number}/f.py", f"{number}\n")
    done = run(sys.executable, "-c", MOST_MEMORY, *PROGRAM, "distribute", "-q", cwd=repo.root)
    assert done.code == 0, done
    assert int(done.out) < 100_000, "KB"
    for service in ("api", "worker"):
        copy = repo.tree(f"services/{service}/common")
        del copy[MANIFEST]
        assert copy == repo.tree("common")
    assert repo.run("verify").code == 0


@deep("how much memory is taken")
@pytest.mark.parametrize("command", ["distribute", "verify"])
def test_memory_does_not_grow_with_the_library(repo: Monorepo, command: str) -> None:
    """A library with large data files, or with very many small ones, would take more memory than a small machine has."""
    repo.write("common/large.bin", b"")
    os.truncate(repo.root / "common/large.bin", 150 << 20)
    for number in range(300):
        repo.write(f"common/data/{number}.bin", os.urandom(1 << 10) * 200)
    if command == "verify":
        assert repo.run("distribute", "-q").code == 0
    done = run(sys.executable, "-c", MOST_MEMORY, *PROGRAM, command, "-q", cwd=repo.root)
    assert done.code == 0, done
    assert int(done.out) < 90_000, "KB: 40 MB of files are held, and Python with the program takes 20"


@deep("runs of the whole program that take long")
def test_remedies_that_can_be_pasted(repo: Monorepo) -> None:
    """A command that is copied from the output would do something else, or nothing."""
    repo.write('services/my "$(touch no)" service/x.py')
    repo.write("-x/x.py")
    repo.write("common-sync.toml", 'master = "common"\nservices = ["services/my*", "-x"]\n')
    program = " ".join(PROGRAM)
    for line in repo.run("verify").out.splitlines():
        if line.startswith("  help: "):
            command = line.removeprefix("  help: ").replace("common-sync ", f"{program} ", 1)
            assert run("sh", "-c", command, cwd=repo.root).code == 0
    assert repo.run("verify").code == 0
    repo.write('services/my "$(touch no)" service/common/wait.sh', "edited\n")
    (line,) = [line for line in repo.run("verify").out.splitlines() if line.endswith(" --force")]
    assert run("sh", "-c", line.strip().replace("common-sync ", f"{program} ", 1), cwd=repo.root).code == 0
    assert repo.run("verify").code == 0
    assert not list(repo.root.rglob("no"))


@deep("large and many files")
@pytest.mark.parametrize("git", [True, False])
def test_the_deepest_folders(tmp_path: Path, *, git: bool) -> None:
    """A copy that was made could not be checked, or one that could be made would be refused."""
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    repo = make_monorepo(tmp_path / "repo", git=git)
    deep = "/".join(["d"] * 128)
    repo.write(f"common/{deep}/x.py", "1\n")
    assert repo.run("distribute", env=state).code == 0
    assert repo.run("verify").code == 0
    repo.write(f"common/{deep}/d/x.py", "1\n")
    for command in ("distribute", "verify"):
        done = repo.run(command, env=state)
        assert done.code == 2
        assert "folders nested more than 128 deep" in done.err


KINDS = ("file", "folder", "link")


def _put(repo: Monorepo, kind: str) -> None:
    path = repo.root / "common/thing"
    if path.is_symlink() or path.exists():
        remove(repo, "common/thing")
    if kind == "file":
        repo.write("common/thing", "a file\n")
    elif kind == "folder":
        repo.write("common/thing/deeper/x.py", "below\n")
    else:
        path.symlink_to("our_common")


@pytest.mark.parametrize(("old", "new"), [(old, new) for old in KINDS for new in KINDS if old != new])
@pytest.mark.parametrize("committed", [True, False])
def test_one_kind_becomes_another(repo: Monorepo, old: str, new: str, *, committed: bool) -> None:
    """A user who makes a module a package could not distribute, before or after the commit."""
    _put(repo, old)
    repo.commit()
    assert repo.run("distribute", "-q").code == 0
    if old == "folder":
        (repo.root / COPY / "thing/deeper/empty").mkdir()
        repo.write(f"{COPY}/thing/deeper/__pycache__/x.pyc")
    _put(repo, new)
    if committed:
        repo.commit()
    assert repo.run("distribute")[0] == 0
    assert repo.tree("common") == {k: v for k, v in repo.tree(COPY).items() if k != MANIFEST}
    assert repo.run("verify").code == 0


def test_a_symlink_planted_in_a_copy_is_not_followed(synced: Monorepo, tmp_path: Path) -> None:
    """A run would write or delete outside the service, wherever somebody's symlink leads."""
    outside = tmp_path / "outside"
    shutil.copytree(synced.root / "common/our_common", outside)
    remove(synced, f"{COPY}/our_common")
    (synced.root / COPY / "our_common").symlink_to(outside)
    synced.write("common/" + SETTINGS, "newer\n")
    held_outside = sorted(path.read_bytes() for path in outside.rglob("*") if path.is_file())
    done = synced.concise("distribute")
    assert done.code == 1
    assert f"{COPY}/{SETTINGS}: CS002 waits for our_common, which is in its way" in done.out
    assert synced.run("distribute", "--force").code == 0
    assert sorted(path.read_bytes() for path in outside.rglob("*") if path.is_file()) == held_outside
    assert synced.run("verify").code == 0


def test_an_ignored_folder_in_the_way_stays(synced: Monorepo) -> None:
    """`--force` would delete somebody's virtual environment."""
    synced.write(f"{COPY}/tool/.venv/pyvenv.cfg", "mine\n")
    synced.write("common/tool", "a file now\n")
    for option in ((), ("--force",)):
        done = synced.concise("distribute", *option)
        assert done.code == 1
        assert f"{COPY}/tool: CS001 waits for tool/.venv, which is in its way" in done.out
    assert synced.read(f"{COPY}/tool/.venv/pyvenv.cfg") == "mine\n"


def test_what_belongs_to_the_master(repo: Monorepo) -> None:
    """A copy would hold what git ignores or the configuration excludes, or lack what is new."""
    repo.write("common/.gitignore", "*.log\n/secret\n!keep.log\n")
    repo.write("common-sync.toml", CONFIGURATION + 'exclude = ["tests/", "*.md", "!keep.md"]\n')
    for path in (
        "a.log", "keep.log", "secret", "tests/test_a.py", "sub/tests/x.py", "README.md", "keep.md", "new.py",
        "__pycache__/x.pyc", "our_common/__pycache__/x.cpython-311.pyc", ".venv/bin/python", "x.egg-info/PKG-INFO",
        "build/x.py", "our_common/build/x.py", ".DS_Store", ".env", ".common-sync.tmp", ".common-sync.new",
    ):  # fmt: skip
        repo.write(f"common/{path}", "x\n")
    repo.write("common/x.orig")
    repo.git("add", "-f", "common/a.log")
    assert repo.run("distribute", "-q").code == 0
    assert set(repo.tree(COPY)) == {
        MANIFEST, ".gitignore", "a.log", "keep.log", "keep.md", "new.py", "x.orig", "our_common/build/x.py",
        "our_common/__init__.py", SETTINGS, BASE, "pyproject.toml", WAIT,
    }  # fmt: skip


def test_outside_git(tmp_path: Path) -> None:
    """Somebody without git would have no copies, or would have what .gitignore leaves out."""
    state = tmp_path / ("very long " * 20) / "state"
    repo = make_monorepo(tmp_path / ("deep/" * 60) / "repo", git=False)
    repo.write(".gitignore", "*.log\n")
    repo.write("common/our_common/.gitignore", "!a.log\nx y\\ \n\\#hash\n[\n")
    for path in ("b.log", "our_common/a.log", "our_common/b.log", "our_common/#hash", "our_common/__pycache__/x.py"):
        repo.write(f"common/{path}")
    settings = {"XDG_STATE_HOME": str(state), "PATH": "/nonexistent"}
    for _ in range(2):
        assert repo.run("distribute", env=settings).code == 0
        assert repo.run("verify", env=settings).code == 0
    assert set(repo.tree(COPY)) == {
        MANIFEST, "our_common/.gitignore", "our_common/a.log", "our_common/__init__.py", SETTINGS, BASE, "pyproject.toml",
        WAIT,
    }  # fmt: skip
    assert [file.name for file in state.rglob("lock")] == ["lock"]
    home = {"HOME": str(tmp_path / "home")}
    assert repo.run("distribute", env=home).code == 0
    assert len(list((tmp_path / "home/.local/state/common-sync").iterdir())) == 1


def test_in_a_worktree(synced: Monorepo, tmp_path: Path) -> None:
    """Somebody who works in a second worktree would change the files, or wait for the lock, of the first."""
    synced.git("worktree", "add", "-q", str(tmp_path / "second"))
    second = Monorepo(tmp_path / "second")
    assert second.run("verify").code == 0
    second.write("common/" + SETTINGS, "newer\n")
    before = synced.stamps()
    assert second.run("distribute").code == 0
    assert second.read(f"{COPY}/{SETTINGS}") == "newer\n"
    assert synced.stamps() == before
    assert not (second.root / ".git").is_dir()


def test_what_is_discarded_in_a_worktree_outlives_it(synced: Monorepo, tmp_path: Path) -> None:
    """The bytes that `--force` has kept would be gone with a worktree that nobody needs any more."""
    synced.git("worktree", "add", "-q", str(tmp_path / "second"))
    second = Monorepo(tmp_path / "second")
    second.write(f"{COPY}/{SETTINGS}", "mine\n")
    assert second.run("distribute", "--force").code == 0
    synced.git("worktree", "remove", "--force", str(second.root))
    kept = (synced.root / ".git/common-sync/discarded").rglob("settings.py")
    assert [file.read_text() for file in kept] == ["mine\n"]


def test_below_the_top_of_the_repository(tmp_path: Path) -> None:
    """A monorepo that is a folder of a larger repository could not use the tool."""
    make_monorepo(tmp_path / "top" / "mono", git=False)
    top = Monorepo(tmp_path / "top")
    top.write(".gitignore", "*.log\n")
    top.write("mono/common/a.log")
    top.git("init", "-q")
    top.commit()
    for folder in ("mono", "mono/services/api", "mono/common/our_common"):
        assert top.run("distribute", cwd=folder).code == 0
    assert top.run("verify", "--root", "mono").code == 0
    assert "a.log" not in top.tree(f"mono/{COPY}")
    assert len(top.tree(f"mono/{COPY}")) == 6
    assert top.run("verify").code == 2, "above the configuration, there is none"


def test_symlinks_inside_the_master(repo: Monorepo) -> None:
    """A symlink would become the file that it leads to, or be lost."""
    common = repo.root / "common"
    (common / "latest").symlink_to("our_common/settings.py")
    (common / "our_common/up").symlink_to("../wait.sh")
    (common / "folder").symlink_to("our_common")
    (common / "nowhere").symlink_to("not-there")
    assert repo.run("distribute", "-q").code == 0
    assert repo.run("verify").code == 0
    for path in ("latest", "our_common/up", "folder", "nowhere"):
        assert os.readlink(repo.root / COPY / path) == os.readlink(common / path)
    (repo.root / COPY / "latest").unlink()
    (repo.root / COPY / "latest").symlink_to("our_common/__init__.py")
    assert f"{COPY}/latest: CS003 edited in the copy" in repo.concise("verify").out


def test_a_copy_path_of_several_folders(repo: Monorepo) -> None:
    """A service with a `src/` folder could not have its copy there."""
    repo.write("common-sync.toml", CONFIGURATION + 'copy = "src/vendored/common"\n')
    assert repo.run("distribute").code == 0
    assert repo.read("services/api/requirements.txt") == "fastapi\n-e ./src/vendored/common\n"
    copy = "services/api/src/vendored/common"
    assert len(repo.tree(copy)) == 6
    repo.write("services/api/src/vendored/.common-sync.new/half", "of a run that was killed\n")
    repo.write(f"{copy}/our_common/.common-sync.tmp", "of another\n")
    assert repo.run("verify").code == 0
    assert repo.run("distribute").code == 0
    assert repo.leftovers() == []
    remove(repo, "services/api/src")
    (repo.root / "services/api/src").symlink_to(repo.root / "common")
    done = repo.run("distribute")
    assert (done.code, repo.tree("common").keys() & {"vendored"}) == (2, set())
    assert done.err.startswith("error: services/api/src/vendored/common: the copy's place is taken by what is no real")


def test_a_copy_made_by_hand_is_adopted(repo: Monorepo) -> None:
    """A team that has copied by hand until now would have to delete its copies first."""
    shutil.copytree(repo.root / "common", repo.root / COPY)
    repo.write(f"{COPY}/{SETTINGS}", "mine\n")
    remove(repo, f"{COPY}/{BASE}")
    before = repo.stamps("services")
    done = repo.run("distribute")
    assert (done.code, repo.read(f"{COPY}/{SETTINGS}")) == (1, "mine\n")
    assert re.search(r"✗ services/api +adopted +1 file, requirements\.txt, 1 file left\s+alone\n", done.out)
    assert written(repo, before, "api/") == {"api/requirements.txt"}


def test_an_empty_folder_is_no_copy_yet(repo: Monorepo) -> None:
    """A folder that git or Docker made for a mount would have to be removed by hand."""
    (repo.root / COPY).mkdir()
    done = repo.run("distribute")
    assert done.code == 0
    assert len(repo.tree(COPY)) == 6


def test_services_without_requirements_and_at_any_depth(tmp_path: Path) -> None:
    """A service that is no Python package, or lies deeper than others, would get no copy."""
    repo = Monorepo(tmp_path / "repo")
    repo.write("shared/lib/core.py", "1\n")
    repo.write("gateway/main.go")
    repo.write("apps/a/team/service/x.py")
    repo.write("common-sync.toml", 'master = "shared/lib"\nservices = ["gateway", "apps/**/service"]\ncopy = "lib"\n')
    repo.git("init", "-q")
    done = repo.run("distribute")
    assert done.code == 0
    assert done.out.splitlines()[0] == "✓ apps/a/team/service  new copy  1 file"
    assert repo.read("gateway/lib/core.py") == repo.read("apps/a/team/service/lib/core.py") == "1\n"
    assert repo.json("status", code=0)["services"][1]["references"] == []


def test_configuration_in_pyproject(repo: Monorepo) -> None:
    """A team that keeps everything in pyproject.toml would need one more file."""
    remove(repo, "common-sync.toml")
    repo.write("pyproject.toml", f"[project]\nname = 'x'\n[tool.common-sync]\n{CONFIGURATION}")
    assert repo.run("distribute", cwd="services/api").code == 0
    assert repo.run("verify").code == 0


@deep("runs of the whole program that take long")
def test_the_umask_decides_who_may_read(repo: Monorepo) -> None:
    """A copy would be closed to the user that the service runs as, or open to everybody."""
    for umask, mode in (("0027", 0o640), ("0002", 0o664)):
        shutil.rmtree(repo.root / COPY, ignore_errors=True)
        command = " ".join(PROGRAM)
        assert run("sh", "-c", f"umask {umask}; {command} distribute -q", cwd=repo.root).code == 0
        assert stat.S_IMODE((repo.root / COPY / SETTINGS).stat().st_mode) == mode
    assert repo.run("verify").code == 0


@deep("runs of the whole program that take long")
def test_it_says_what_to_commit(tmp_path: Path) -> None:
    """A newcomer would commit what git knows already, and no copy."""
    repo = make_monorepo(tmp_path / "repo")
    repo.git("rm", "-q", "--cached", "common-sync.toml")
    words = (*PROGRAM, "distribute")
    told = show(*words, cwd=repo.root).out.splitlines()[-1]
    assert told.startswith(
        "next: git add .gitattributes common-sync.toml services/api/common services/api/requirements.txt "
    )
    assert run(*shlex.split(told.removeprefix("next: ")), cwd=repo.root).code == 0
    repo.git("commit", "-q", "-m", "copies")
    assert repo.git("status", "--porcelain") == ""
    assert "next:" not in show(*words, cwd=repo.root).out, "nothing was written"
    repo.write("common/our_common/settings.py", "DEBUG = True\n")
    assert "next:" not in show(*words, "--dry-run", cwd=repo.root).out
    repo.write("services/api/note.txt", "")
    told = show(*words, cwd=repo.root / "services").out.splitlines()[-1]
    assert told == "next: git add ../common api/common worker/common"
    repo.write("common/our_common/settings.py", "DEBUG = None\n")
    assert "next:" not in repo.run("distribute").out, "who runs it in a pipe does not ask"
