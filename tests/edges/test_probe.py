"""The probe, which runs where common-sync is not: it says of a copy what `verify --copy` says."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.monorepo import UNMEASURED, run

from common_sync.commands.verify import verify_copy
from common_sync.core.copies.manifest import format_manifest, make_manifest
from common_sync.core.copies.rules import BUILT_IN
from common_sync.core.errors import TreeError
from common_sync.core.model import Entry, File, Origin, Symlink
from common_sync.core.paths import MANIFEST_NAME
from common_sync.remote import probe

CONTENTS = {"a.py": b"", "models/base.py": b"x = 1\n", "models/deep/b.py": b"y = 2\n", ".vscode/kept.json": b"{}"}
LEFT_ALONE = [f"/{MANIFEST_NAME}", *(rule.pattern for rule in BUILT_IN)]


def pack(files: dict[str, list[str]]) -> str:
    """Return what should be in a folder as the probe is told."""
    return "\0".join(part for path, entry in files.items() for part in (path, *entry))


def make_copy(folder: Path) -> dict[str, list[str]]:
    """Write a copy with its manifest; return what should be in it."""
    entries: dict[str, Entry] = {"link": Symlink("models/base.py")}
    for path, data in CONTENTS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
        entries[path] = File(hashlib.sha256(data).hexdigest(), executable=False)
    (folder / "link").symlink_to("models/base.py")
    (folder / MANIFEST_NAME).write_bytes(format_manifest(make_manifest(Origin("our-common", "common", "1.0"), entries)))
    files = {path: ["file", hashlib.sha256(data).hexdigest()] for path, data in CONTENTS.items()}
    return {**files, "link": ["link", "models/base.py"]}


def ask(files: dict[str, list[str]], places: list[tuple[int, str]], capsys: pytest.CaptureFixture[str]) -> list[Any]:
    """Return what the probe answers about places."""
    assert probe.answer("mark", 0, LEFT_ALONE, [pack(files)], places) == probe.AS_WANTED
    out = capsys.readouterr().out
    assert out.startswith("mark")
    told = json.loads(out[4:])
    assert isinstance(told, list)
    return told


def _replace(file: Path) -> None:
    file.unlink()
    file.symlink_to(os.devnull)


def _move_behind_a_link(folder: Path) -> None:
    elsewhere = folder.parents[2] / "elsewhere"
    shutil.move(folder, elsewhere)
    folder.symlink_to(elsewhere)


def _make_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _add(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"z = 3\n")


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda _: None, ""),
    "a changed file": (lambda copy: (copy / "models/base.py").write_bytes(b"x = 2\n"), "changed models/base.py"),
    "a file that may be executed": (lambda copy: (copy / "a.py").chmod(0o755), "changed a.py"),
    "a link that leads elsewhere": (lambda copy: _replace(copy / "link"), "changed link"),
    "a link in a file's place": (lambda copy: _replace(copy / "a.py"), "changed a.py"),
    "a pipe in a file's place": (lambda copy: _make_pipe(copy / "a.py"), "changed a.py"),
    "a file that is gone": (lambda copy: (copy / "a.py").unlink(), "missing a.py"),
    "a folder that is gone": (lambda copy: shutil.rmtree(copy / "models/deep"), "missing models/deep/b.py"),
    "a folder behind a link": (
        lambda copy: _move_behind_a_link(copy / "models/deep"),
        "extra models/deep, missing models/deep/b.py",
    ),
    "a file in a folder that is left alone": (
        lambda copy: (copy / ".vscode/kept.json").write_bytes(b""),
        "changed .vscode/kept.json",
    ),
    "a module more": (lambda copy: _add(copy / "more.py"), "extra more.py"),
    "a link more": (lambda copy: (copy / "more").symlink_to("/"), "extra more"),
    "a folder of a build, below": (lambda copy: _add(copy / "models/build/c.py"), "extra models/build/c.py"),
    "a folder of a build": (lambda copy: _add(copy / "build/c.py"), ""),
    "compiled files": (lambda copy: _add(copy / "models/__pycache__/base.pyc"), ""),
    "a file of a cache's name": (lambda copy: _add(copy / "__pycache__"), "extra __pycache__"),
    "an installed copy": (lambda copy: _add(copy / "our_common.egg-info/PKG-INFO"), ""),
    "an editor's file": (lambda copy: _add(copy / ".#a.py"), ""),
    "a file of Emacs": (lambda copy: _add(copy / "#a.py#"), ""),
    "an empty folder": (lambda copy: (copy / "empty").mkdir(), ""),
}


@pytest.mark.parametrize("change", CHANGES)
def test_it_says_what_verify_says(tmp_path: Path, change: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A server would be said to hold the library although it does not, or the other way round."""
    copy = tmp_path / "common"
    files = make_copy(copy)
    act, expected = CHANGES[change]
    act(copy)
    found = probe.find_differences(files, LEFT_ALONE, os.fsencode(copy))
    assert ", ".join(f"{word} {os.fsdecode(path)}" for path, word in found) == expected
    assert probe.probe([("common", "it", pack(files))], LEFT_ALONE, [str(copy)]) == (1 if expected else 0)
    assert capsys.readouterr().out.startswith(f"{copy}: {'differs from' if expected else 'holds'} it")
    (told,) = ask(files, [(0, str(copy))], capsys)
    counted = [expected.count(f"{word} ") for word in ("changed", "missing", "extra")]
    assert [told[word] for word in ("changed", "missing", "extra")] == counted
    assert (told["own"], len(told["named"])) == (None, sum(counted))
    try:
        drifted = bool(verify_copy(str(copy)).findings)
    except TreeError:
        drifted = True
    assert drifted == bool(expected)


def test_what_it_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A person would not see which files differ, or a name would send a control sequence to the terminal."""
    files = make_copy(tmp_path)
    (tmp_path / "a.py").unlink()
    (tmp_path / "models/base.py").write_bytes(b"")
    for number in range(20):
        (tmp_path / f"\x1b[2J{number:02}").write_bytes(b"")
    assert probe.probe([("common", "it", pack(files))], LEFT_ALONE, [str(tmp_path)]) == probe.DIFFERS
    first, second, *rest = capsys.readouterr().out.splitlines()
    assert first == f"{tmp_path}: differs from it: 1 changed, 1 missing, 20 extra"
    assert second == "  extra    '\\x1b[2J00'"
    assert rest[-1] == "  and 2 more"


def test_what_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is not there would pass, or a script could not tell it from one that differs."""
    files = make_copy(tmp_path / "common")
    folders = [str(tmp_path / name) for name in ("common", "nowhere", "common/a.py")]
    assert probe.probe([("common", "it", pack(files))], LEFT_ALONE, folders) == probe.UNKNOWN
    err = capsys.readouterr().err
    assert err == f"error: {folders[1]}: No such file or directory\nerror: {folders[2]}: Not a directory\n"
    assert probe.probe([("common", "it", pack(files))], LEFT_ALONE, []) == probe.UNKNOWN
    assert capsys.readouterr().err == "error: no folder is named\n  help: python3 - FOLDER...\n"


def test_folders_without_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nested folders would end the program as if the copy differed, and hide what does."""
    files = make_copy(tmp_path)
    nested = os.path.join(tmp_path, *["d"] * 1100)
    os.makedirs(os.path.join(tmp_path, *["d"] * 500))
    for end in range(500, 1100):
        os.mkdir(os.path.join(tmp_path, *["d"] * (end + 1)))
    assert probe.probe([("common", "it", pack(files))], LEFT_ALONE, [str(tmp_path)]) == probe.AS_WANTED
    assert capsys.readouterr().err == ""
    while nested != str(tmp_path):  # other tools cannot
        os.rmdir(nested)
        nested = os.path.dirname(nested)


def test_the_file_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A person would look for the fault in the whole folder."""
    name = "n" * 300  # nobody may read it, not even root
    files = {**make_copy(tmp_path), name: ["file", ""]}
    assert probe.probe([("common", "it", pack(files))], LEFT_ALONE, [str(tmp_path)]) == probe.UNKNOWN
    assert capsys.readouterr().err == f"error: {tmp_path}/{name}: File name too long\n"


def test_another_state_of_the_library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A person would not learn that a machine has an older library, and would look for who has edited it."""
    make_copy(tmp_path)
    tree = json.loads((tmp_path / MANIFEST_NAME).read_bytes())["tree"]
    (told,) = ask({}, [(0, str(tmp_path))], capsys)
    assert (told["extra"], told["own"]) == (4, ["our-common", "1.0", tree])
    (tmp_path / "a.py").write_bytes(b"edited")
    (told,) = ask({}, [(0, str(tmp_path))], capsys)
    assert told["own"] is None


SPOILED = ["{", "[]", "{}", '{"files": {"a": {}}}', '{"files": {"a": 3}}', "\xff"]


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_manifest_that_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: str) -> None:
    """A manifest that somebody has spoiled would end the probe, and a person would not learn what the folder holds."""
    make_copy(tmp_path)
    (tmp_path / MANIFEST_NAME).write_bytes(spoil.encode("latin-1"))
    (told,) = ask({}, [(0, str(tmp_path))], capsys)
    assert (told["extra"], told["own"]) == (4, None)


def test_what_it_cannot_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that cannot be read would be called missing, or hide what is told of the others."""
    files = make_copy(tmp_path / "common")
    deep = {"n" * 300: ["file", ""]}  # nobody may read it, not even root
    places = [str(tmp_path / name) for name in ("common", "nowhere", "common/a.py")]
    current, gone, wrong = ask(files, [(0, place) for place in places], capsys)
    assert (current["changed"], gone, wrong) == (0, {"gone": True}, {"error": f"{places[2]}: Not a directory"})
    (told,) = ask(deep, [(0, places[0])], capsys)
    assert told == {"error": f"{places[0]}/{'n' * 300}: File name too long"}


def test_a_manifest_that_leads_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever edits a copy's manifest would have the probe look at any file of the machine."""
    make_copy(tmp_path / "common")
    (tmp_path / "secret").write_bytes(b"x")
    stated = json.loads((tmp_path / "common" / MANIFEST_NAME).read_bytes())
    stated["files"]["../secret"] = {"exec": False, "sha256": hashlib.sha256(b"x").hexdigest()}
    (tmp_path / "common" / MANIFEST_NAME).write_text(json.dumps(stated))
    (told,) = ask({}, [(0, str(tmp_path / "common"))], capsys)
    assert told["own"] is None


LISTED = b"""\
22 1 0:21 / / rw,relatime - overlay overlay rw
25 22 0:23 / /proc rw - proc proc rw
30 22 254:1 /srv/shop /app rw - ext4 /dev/sda1 rw
31 30 254:1 /my\\040lib /app/my\\040lib/models/x ro - ext4 /dev/sda1 rw
"""


@pytest.mark.parametrize(
    ("folder", "mount"),
    [
        (b"/app/common", b"/app"),
        (b"/app", b"/app/my lib/models/x"),
        (b"/app/my lib", b"/app/my lib/models/x"),
        (b"/app/my lib/models/x", b"/app/my lib/models/x"),
        (b"/app/my lib/models/xy", b"/app"),
        (b"/application/common", b""),
        (b"/srv/shop", b""),
    ],
)
def test_what_is_mounted(folder: bytes, mount: bytes) -> None:
    """A person would believe the image, although a folder of the host lies over its copy."""
    assert probe.find_mount(LISTED, folder) == mount


def test_a_real_mount(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The format of the real file would be another one than that of the table."""
    make_copy(tmp_path)
    here, there = ask({}, [(0, str(tmp_path)), (0, "/proc/self/task")], capsys)
    assert str(tmp_path).startswith(here["mount"])
    assert there["mount"] == "/proc"


def test_each_folder_is_held_against_its_own_library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A copy of one library would be held against another one, or a folder that nobody knows be called proven."""
    files = make_copy(tmp_path / "api" / "common")
    make_copy(tmp_path / "api" / "libs" / "common")
    (tmp_path / "api" / "libs" / "common" / "a.py").write_text("edited = 1\n")
    wanted = [("common", "one", pack(files)), ("libs/common", "two", pack(files))]
    folders = [f"{tmp_path}/api/common/", f"{tmp_path}/api/libs/common", str(tmp_path)]
    assert [probe.probe(wanted, LEFT_ALONE, [folder]) for folder in folders] == [
        probe.AS_WANTED,
        probe.DIFFERS,
        probe.UNKNOWN,
    ]
    out, err = capsys.readouterr()
    assert [line.partition(": ")[2] for line in out.splitlines() if ": " in line] == [
        "holds one",
        "differs from two: 1 changed",
    ]
    assert err == (
        f"error: {tmp_path}: is not the path of a copy, which ends with one of 'common', 'libs/common'\n"
        "  help: make the probe of one library, by --library\n"
    )


def test_what_it_imports(tmp_path: Path) -> None:
    """Each host of a fleet would take twice as long to say that its copies are as wanted."""
    files = pack(make_copy(tmp_path))
    call = f"probe.answer('mark', 9, {LEFT_ALONE!r}, [{files!r}], [(0, {str(tmp_path)!r})])"
    code = f"import sys\nfrom common_sync.remote import probe\n{call}\nprint(*sys.modules)"
    done = run(sys.executable, "-S", "-c", code, cwd=tmp_path, env=UNMEASURED)
    told, modules = done.out.splitlines()
    assert json.loads(told.removeprefix("mark"))[0]["named"] == []
    assert {"json", "re", "enum", "fnmatch", "subprocess"}.isdisjoint(modules.split())
