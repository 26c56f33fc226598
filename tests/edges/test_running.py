"""When a process was started and when its folder has changed: real processes, real files, and systemd's words."""

import json
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.monorepo import UNMEASURED, run
from support.waiting import wait_for

from common_sync.core.copies.rules import BUILT_IN
from common_sync.core.fleet.processes import Process, read_process
from common_sync.remote import running

LEFT_ALONE = ["/.common-sync.json", *(rule.pattern for rule in BUILT_IN)]
WAIT = "import sys\nimport our_common.inner\nprint('imported', flush=True)\nsys.stdin.read()\n"
UNIT = "shop-api.service"
UNLISTED = f"the processes of {UNIT} cannot be listed"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return the folder of a copy, reached by a symlink, as a release is."""
    release = tmp_path / "releases/1/common"
    (release / "our_common/inner").mkdir(parents=True)
    for path in (".common-sync.json", "pyproject.toml", "our_common/__init__.py", "our_common/inner/__init__.py"):
        (release / path).write_text("")
    (tmp_path / "current").symlink_to("releases/1")
    return tmp_path / "current/common"


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file with what systemd says of units."""
    program, says = tmp_path / "bin/systemctl", tmp_path / "says"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1" = --user ] && exec cat {says}.user\nexec cat {says}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    says.write_text("LoadState=not-found\nActiveState=inactive\nMainPID=0\n")
    return says


def start(copy: Path) -> subprocess.Popen[str]:
    """Start a process that has imported the copy, as soon as it is told."""
    process = subprocess.Popen(
        [sys.executable, "-c", WAIT], env={"PYTHONPATH": str(copy)}, stdin=-1, stdout=-1, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "imported\n"
    return process


@pytest.fixture
def process(copy: Path, systemd: Path) -> Iterator[Callable[[], Process | None]]:
    """Return what tells how a process stands that was started after the copy was written."""
    begun: list[subprocess.Popen[str]] = []

    def see() -> Process | None:
        systemd.write_text(f"LoadState=loaded\nActiveState=active\nType=simple\nMainPID={begun[-1].pid}\n")
        told = running.find_start(UNIT)
        return read_process({**told, "changed": running.find_change(LEFT_ALONE, os.fsencode(copy))})

    def is_newer() -> bool:
        begun.append(start(copy))  # Python's own compiled files come with it
        seen = see()
        return seen is not None and seen.is_newer

    try:
        wait_for(is_newer)
        yield see
    finally:
        for one in begun:
            one.communicate("")


def edit(copy: Path) -> None:
    """Change a file in its place, and give it its old time back."""
    path = copy / "our_common/__init__.py"
    before = path.stat()
    path.write_text("A = 1\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def exchange(copy: Path) -> None:
    """Put another folder in the copy's place, whose files are as old."""
    copy.resolve().rename(copy.resolve().with_name("former"))
    copy.resolve().with_name("former").rename(copy.resolve())


def switch(copy: Path) -> None:
    """Have `current` lead to another release whose files are as old."""
    link = copy.parent.with_name("next")
    link.symlink_to("releases/1")
    link.rename(copy.parent)


CHANGES: dict[str, Callable[[Path], object]] = {
    "edit": edit,
    "added": lambda copy: (copy / "our_common/more.py").write_text(""),
    "removed": lambda copy: (copy / "our_common/inner/__init__.py").unlink(),
    "removed at the top": lambda copy: (copy / "pyproject.toml").unlink(),
    "mode": lambda copy: (copy / "our_common/__init__.py").chmod(0o755),
    "manifest": lambda copy: (copy / ".common-sync.json").write_text("{}"),
    "folder moved in": exchange,
    "release switched": switch,
    "compiled files removed": lambda copy: shutil.rmtree(copy / "our_common/__pycache__"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_after_the_start(copy: Path, process: Callable[[], Process | None], change: str) -> None:
    """A process that has imported what was there before would be called current."""
    CHANGES[change](copy)
    seen = process()
    assert seen is not None
    assert not seen.is_newer
    assert not seen.is_of_the_future


def test_what_is_no_change(copy: Path, process: Callable[[], Process | None]) -> None:
    """A process would have to be started again because it was started, read, or has written beside its library."""
    for path in copy.rglob("*.py"):
        path.read_bytes()
    (copy / "our_common/__pycache__/more.pyc").write_bytes(b"")
    (copy.parent / "log").write_text("")
    seen = process()
    assert seen is not None
    assert seen.is_newer


def test_a_folder_of_an_image(copy: Path, tmp_path: Path) -> None:
    """Each container would have to be started again because Python has written beside the library of its image."""
    folder, tick = os.fsencode(copy), tmp_path / "tick"
    before = running.find_change(LEFT_ALONE, folder, in_container=True)
    assert before == running.find_change(LEFT_ALONE, folder)

    def is_later() -> bool:
        tick.touch()
        return tick.stat().st_ctime > before

    wait_for(is_later)
    os.utime(copy, ns=(0, copy.stat().st_mtime_ns))  # as where all above is copied out of the image first
    (copy / "our_common/__pycache__").mkdir()
    (copy / "our_common/__pycache__/__init__.pyc").write_bytes(b"")
    assert running.find_change(LEFT_ALONE, folder, in_container=True) == before
    assert running.find_change(LEFT_ALONE, folder) > before
    (copy / "our_common/inner/__init__.py").unlink()
    assert running.find_change(LEFT_ALONE, folder, in_container=True) > before


@pytest.mark.parametrize(
    ("system", "user", "told"),
    [
        ("", "", {"error": "systemd does not answer there"}),
        ("LoadState=not-found\n", "LoadState=not-found\n", {"error": f"systemd knows no unit {UNIT}"}),
        ("LoadState=not-found\n", "", {"error": f"systemd knows no unit {UNIT}"}),
        ("LoadState=loaded\nActiveState=failed\nType=simple\nMainPID=0\n", "", {"stopped": "failed"}),
        ("LoadState=not-found\n", "LoadState=loaded\nActiveState=inactive\n", {"stopped": "inactive", "user": True}),
        ("LoadState=loaded\nMainPID=x\n", "", {"error": f"{UNLISTED}: invalid literal for int() with base 10: 'x'"}),
        (
            "LoadState=loaded\nActiveState=inactive\nType=oneshot\n",
            "",
            {"none": f"{UNIT} runs from time to time"},
        ),
        ("LoadState=loaded\nMainPID=99999999\n", "", {"error": "what runs has ended while it was looked at"}),
    ],
)
def test_a_unit_without_a_process(systemd: Path, system: str, user: str, told: dict[str, str]) -> None:
    """A service that does not run would be called current, or one that ends by itself wrong."""
    systemd.write_text(system)
    Path(f"{systemd}.user").write_text(user)
    assert running.find_start(UNIT) == told


def test_all_processes_of_a_unit_count(systemd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is older than the main process would go on with an old library, and be called current."""
    monkeypatch.setattr(running, "_GROUPS", (str(tmp_path),))
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/cgroup.procs").write_text(f"{os.getpid()}\n")
    starts = []
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        for group in ("", "ControlGroup=/shop\n"):
            systemd.write_text(f"LoadState=loaded\nMainPID={process.pid}\n{group}")
            starts.append(float(str(running.find_start(UNIT)["started"])))
    assert starts[1] < starts[0]


def test_a_control_group_that_goes(systemd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One unit that ends while it is looked at would leave all that is asked of its host without an answer."""
    monkeypatch.setattr(running, "_GROUPS", (str(tmp_path),))
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/cgroup.procs").symlink_to("gone")
    systemd.write_text("LoadState=loaded\nMainPID=0\nControlGroup=/shop\n")
    assert running.find_start(UNIT) == {"error": f"{UNLISTED}: No such file or directory"}


def test_no_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without systemd would end the program there."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert running.find_start(UNIT) == {"error": "systemctl: No such file or directory"}


@pytest.mark.parametrize(
    ("url", "editable", "says"),
    [
        ("file://{copy}", True, ""),
        ("file://{copy}", False, "it was installed into {place}"),
        ("file:///elsewhere/common", True, "it was installed editable from /elsewhere/common"),
        (None, True, "it was installed into {place}"),
    ],
)
def test_where_it_is_imported_from(copy: Path, url: str | None, editable: bool, says: str) -> None:
    """A folder that nothing imports from would say what a process runs."""
    folder = copy.resolve()
    installed = folder.parent / ".venv/lib/python3.11/site-packages/Our.Common-1.2.dist-info"
    installed.mkdir(parents=True)
    if url is not None:
        told = {"url": url.format(copy=folder), "dir_info": {"editable": editable}}
        (installed / "direct_url.json").write_text(json.dumps(told))
    found = running.find_other(str(folder), "our_common", UNIT)
    assert found == says.format(place=installed.parent)
    assert running.find_other(str(folder), "other", UNIT) == ""
    further = folder.parents[1] / ".venv/lib/python3.11/site-packages/our_common-1.0.dist-info"
    further.mkdir(parents=True)
    assert running.find_other(str(folder), "our_common", UNIT) == found, "the nearest environment counts"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("our-common.egg-link", "{copy}\n.", ""),
        ("our_common.egg-link", "{copy}/src\n../", ""),
        ("our_common.egg-link", "/elsewhere/common\n.", "it was installed editable from /elsewhere/common"),
        ("our_common-1.0-py3.11.egg-info", "", "it was installed into {place}"),
        ("our.egg-link", "/elsewhere/common\n.", ""),
    ],
)
def test_what_older_tools_have_installed(copy: Path, name: str, text: str, says: str) -> None:
    """A folder that nothing imports from would say what a process runs, where an old setuptools has installed the library."""
    folder = copy.resolve()
    place = folder.parent / ".venv/lib/python3.11/site-packages"
    place.mkdir(parents=True)
    (folder / "src").mkdir()
    (place / name).write_text(text.format(copy=folder))
    found = running.find_other(str(folder), "our-common", UNIT)
    assert found == says.format(place=place)


def test_what_a_user_has_installed(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that imports from ~/.local, which `-I` leaves out, would be called current by a folder that it does not import."""
    folder, places = copy.resolve(), [tmp_path / "user-packages", tmp_path / "site-packages"]
    monkeypatch.setattr(site, "getusersitepackages", lambda: str(places[0]))
    monkeypatch.setattr(sys, "path", [str(places[1])])
    told = json.dumps({"url": f"file://{folder}", "dir_info": {"editable": True}})
    for place in places:
        (place / "our_common-1.0.dist-info").mkdir(parents=True)
        (place / "our_common-1.0.dist-info/direct_url.json").write_text(told)
    assert running.find_other(str(folder), "our-common", running.CONTAINER) == ""
    for place in places:  # which of the two counts is not known
        (place / "our_common-1.0.dist-info/direct_url.json").rename(tmp_path / "kept")
        assert running.find_other(str(folder), "our-common", running.CONTAINER) == f"it was installed into {place}"
        (tmp_path / "kept").rename(place / "our_common-1.0.dist-info/direct_url.json")


def test_what_looks_at_processes_is_imported_only_where_there_is_one(tmp_path: Path) -> None:
    """Each host of a fleet would take half as long again to say what its copies hold."""
    program = "import sys; import common_sync.remote.running; print(*sys.modules)"
    done = run(sys.executable, "-I", "-c", program, cwd=tmp_path, env=UNMEASURED)
    assert "common_sync.remote.probe" in done.out.split(), done
    assert {"subprocess", "glob", "urllib.parse"}.isdisjoint(done.out.split())
