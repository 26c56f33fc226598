"""`verify` through the real program: of a repository, and of one copy by itself."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from support.monorepo import Done, Monorepo, run, unprivileged

from common_sync.core.findings import page_url

COPY = "services/api/common"
SETTINGS = f"{COPY}/our_common/settings.py"

Change = Callable[[Monorepo], object]


class Drift(NamedTuple):
    """A change in a repository in sync, and the line by which `verify` names it."""

    change: Change
    line: str
    remedy: str


_FORCE = "or common-sync distribute services/api --force discards it"

DRIFTS = {
    "an edit in a copy": Drift(
        lambda repo: repo.write(SETTINGS, "edited\n"),
        f"{SETTINGS}: CS003 edited in the copy",
        f"common-sync promote services/api takes it into the master, {_FORCE}",
    ),
    "a new file in a copy": Drift(
        lambda repo: repo.write(f"{COPY}/mine.py", "edited\n"),
        f"{COPY}/mine.py: CS005 neither the master nor the manifest has it",
        f"common-sync promote services/api takes it into the master, or move it away, {_FORCE}",
    ),
    "a deleted file": Drift(
        lambda repo: (repo.root / SETTINGS).unlink(),
        f"{SETTINGS}: CS002 missing",
        "common-sync distribute services/api",
    ),
    "a changed executable bit": Drift(
        lambda repo: (repo.root / SETTINGS).chmod(0o755),
        f"{SETTINGS}: CS003 edited in the copy",
        f"common-sync promote services/api takes it into the master, {_FORCE}",
    ),
    "an edit of the master": Drift(
        lambda repo: repo.write("common/our_common/settings.py", "newer\n"),
        f"{SETTINGS}: CS001 behind the master",
        "common-sync distribute services/api",
    ),
    "a file that is gone from the master": Drift(
        lambda repo: (repo.root / "common/wait.sh").unlink(),
        f"{COPY}/wait.sh: CS001 gone from the master",
        "common-sync distribute services/api",
    ),
    "a new file of the master": Drift(
        lambda repo: repo.write("common/new.py"),
        f"{COPY}/new.py: CS001 new in the master",
        "common-sync distribute services/api",
    ),
    "a copy that is gone": Drift(
        lambda repo: shutil.rmtree(repo.root / COPY),
        f"{COPY}: CS002 there is no copy (5 files)",
        "common-sync distribute services/api",
    ),
    "a manifest that is gone": Drift(
        lambda repo: (repo.root / COPY / ".common-sync.json").unlink(),
        f"{COPY}: CS006 the copy has no manifest",
        "common-sync distribute services/api",
    ),
    "a manifest that is behind": Drift(
        lambda repo: repo.write(
            f"{COPY}/.common-sync.json", repo.read(f"{COPY}/.common-sync.json").replace('"1.2.3"', '"1.2.2"')
        ),
        f"{COPY}: CS007 the manifest is behind the master",
        "common-sync distribute services/api",
    ),
    "a reference": Drift(
        lambda repo: repo.write("services/api/requirements.txt", "fastapi\n\n-e ../../common\n"),
        "services/api/requirements.txt:3: CS101 points at the master, which is not there where the service is built",
        "common-sync distribute services/api",
    ),
}


@pytest.mark.parametrize("name", DRIFTS)
def test_every_drift_is_named_with_its_remedy(synced: Monorepo, name: str) -> None:
    """A deployment check would pass though a service is not what the repository says."""
    drift = DRIFTS[name]
    drift.change(synced)
    before = synced.stamps(), synced.stamps(".git")
    done = synced.run("verify")
    assert (done.code, done.err) == (1, "")
    assert drift.line in synced.concise("verify").out.splitlines()
    assert drift.remedy in [one["remedy"] for one in synced.json("verify", code=1)["findings"]]
    assert re.search(
        r"^✗ [12] of 2 services not in sync with common \(our-common 1.2.3\), \d+\.\d\d s$", done.out, re.MULTILINE
    )
    assert synced.run("verify", "-q").out.count("\n") == 1, "the last line alone"
    assert (synced.stamps(), synced.stamps(".git")) == before, "it writes nothing, not even in .git"
    assert synced.run("verify", "worker").code == int(name.endswith("the master")), "the other service is not concerned"


def test_in_sync_is_one_line(synced: Monorepo) -> None:
    """A person would not see what was compared with what."""
    done = synced.run("verify")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("✓ 2 services in sync with common (our-common 1.2.3), ")
    assert len(done.out.splitlines()) == 1
    assert synced.run("verify", "-q") == Done(0, "", "")


def test_the_two_axes_are_told_apart(synced: Monorepo) -> None:
    """A person could not tell whose change it is: that of the copy or that of the master."""
    synced.write(SETTINGS, "edited\n")
    assert synced.run("verify").out.splitlines()[:-1] == [
        "Somebody has to decide: 1 service with edits that distribute leaves alone",
        "",
        "■ services/api  CS003 edited in the copy",
        "    common/our_common/settings.py",
        "  help: take the edits over to common, or discard them:",
        "        common-sync promote services/api",
        "        common-sync distribute services/api --force",
        "",
    ]
    synced.write("common/wait.sh", "newer\n", executable=True)
    assert synced.run("verify").out.splitlines()[8:-1] == [
        "distribute mends: 2 services that nobody has edited there",
        "",
        "▼ services/api     CS001 1 file behind",
        "▼ services/worker  CS001 1 file behind",
        "  help: common-sync distribute",
        "",
    ]
    services = synced.json("verify", code=1)["services"]
    assert [(one["touched"], one["behind"]) for one in services] == [(True, True), (False, True)]
    assert "edited" not in synced.run("verify", "worker", "-q").out


def test_every_file_that_is_behind_has_a_name(synced: Monorepo) -> None:
    """`-v` would count the files that distribute is about to write, and one would have to distribute to see which."""
    synced.write("common/wait.sh", "newer\n", executable=True)
    synced.write("common/new.py", "")
    (synced.root / SETTINGS).unlink()
    assert synced.run("verify", "-v", "api").out.splitlines()[2:7] == [
        "○ services/api  CS002 CS001 1 file missing, 2 files behind",
        "    common/our_common/settings.py  missing",
        "    common/wait.sh  behind the master",
        "    common/new.py  new in the master",
        "  help: common-sync distribute services/api",
    ]
    rows = synced.run("status", "-v").out.splitlines()
    assert rows[rows.index("○ services/api     1.2.3    1 missing, 2 behind") + 1 :][:4] == [
        "    common/new.py  behind",
        "    common/our_common/settings.py  missing",
        "    common/wait.sh  behind",
        "▼ services/worker  1.2.3    2 behind",
    ]


def test_caches_and_environments_in_a_copy_are_no_drift(synced: Monorepo) -> None:
    """Running a service's tests would make its copy wrong."""
    for path in ("our_common/__pycache__/settings.pyc", ".pytest_cache/x", ".venv/x", "x.egg-info/x", "build/lib/x.py"):
        synced.write(f"{COPY}/{path}")
    assert synced.run("verify").code == 0
    assert synced.run("verify", "--copy", COPY).code == 0


class Check(NamedTuple):
    """A change of a copy that has left its repository, and the line by which `verify --copy` names it."""

    change: Callable[[Path], object]
    line: str


def _edit_manifest(copy: Path, old: str, new: str) -> None:
    manifest = copy / ".common-sync.json"
    manifest.write_text(manifest.read_text().replace(old, new))


CHECKS = {
    "an edit": Check(
        lambda copy: (copy / "our_common/settings.py").write_text("edited"),
        "app/common/our_common/settings.py: CS003 edited in the copy",
    ),
    "a new file": Check(
        lambda copy: (copy / "mine.py").write_text("edited"),
        "app/common/mine.py: CS005 neither the master nor the manifest has it",
    ),
    "a deleted file": Check(lambda copy: (copy / "wait.sh").unlink(), "app/common/wait.sh: CS002 missing"),
    "a changed executable bit": Check(
        lambda copy: (copy / "wait.sh").chmod(0o644), "app/common/wait.sh: CS003 edited in the copy"
    ),
    "an edited tree digest": Check(
        lambda copy: _edit_manifest(copy, '"tree": "cs1:', '"tree": "cs1:0'),
        "app/common/.common-sync.json: CS008 the tree digest that it states is not that of the files that it lists: "
        "it was edited",
    ),
}


@pytest.fixture
def image(synced: Monorepo, tmp_path: Path) -> Path:
    """Return a place like an image: a copy, and nothing else of the repository."""
    shutil.copytree(synced.root / COPY, tmp_path / "image/app/common")
    return tmp_path / "image"


def verify(image: Path, *arguments: str) -> Done:
    """Run `verify --copy` where there is neither git nor a home."""
    program = (sys.executable, "-m", "common_sync", "verify", *arguments)
    return run(*program, cwd=image, env={"PATH": "/nonexistent", "HOME": "/nonexistent"})


@pytest.mark.parametrize("name", CHECKS)
def test_a_copy_by_itself(image: Path, name: str) -> None:
    """An image or a machine could not prove what it runs without the repository."""
    done = verify(image, "--copy", "app/common")
    assert (done.code, done.err) == (0, "")
    line, digest = done.out.splitlines()
    assert line == "✓ app/common is what its manifest says: our-common 1.2.3, 5 files"
    assert json.loads((image / "app/common/.common-sync.json").read_bytes())["tree"] == digest.strip()
    CHECKS[name].change(image / "app/common")
    done = verify(image, "--copy", "app/common")
    assert (done.code, done.err) == (1, "")
    assert done.out.splitlines()[-3:-1] == [
        "  help: distribute this copy anew",
        "✗ app/common is not what its manifest says (our-common 1.2.3)",
    ]
    assert CHECKS[name].line in " ".join(done.out.split())
    assert verify(image, "--copy", "app/common", "-q").out.splitlines() == done.out.splitlines()[-2:-1]


def test_a_copy_by_itself_against_a_digest(image: Path) -> None:
    """A whole copy, manifest and all, could be exchanged for another without anybody noticing."""
    digest = verify(image, "--copy", "app/common").out.splitlines()[1].strip()
    assert verify(image, "--copy", "app/common", "--expect-digest", digest).code == 0
    other = "cs1:" + "0" * 64
    done = verify(image, "--copy", "app/common", "--expect-digest", other)
    assert done.code == 1
    said = f"✗ app/common: CS008 the tree digest is {digest}, not the expected {other} help: "
    assert " ".join(done.out.split()).startswith(said)


@pytest.mark.parametrize("path", [".", "./", "../common", "$PWD"])
def test_a_copy_by_itself_from_inside(image: Path, path: str) -> None:
    """The check would depend on the folder that it is started in."""
    copy = image / "app/common"
    program = (sys.executable, "-m", "common_sync", "verify", "--copy", path.replace("$PWD", str(copy)))
    assert run(*program, cwd=copy).code == 0


def test_a_copy_by_itself_as_json(image: Path) -> None:
    """A script that checks images would have to read sentences."""
    (image / "app/common/mine.py").write_text("edited")
    done = verify(image, "--copy", "app/common", "--output-format", "json")
    document = json.loads(done.out)
    assert done.code == 1
    assert {key: type(value) for key, value in document.items()} == {
        "schema": int, "command": str, "in_sync": bool, "copy": dict, "findings": list
    }  # fmt: skip
    assert document["copy"] | {"digest": ""} == {
        "path": "app/common", "state": "extra", "digest": "", "files": 6, "library": "our-common", "master": "common",
        "version": "1.2.3",
    }  # fmt: skip
    assert document["findings"] == [
        {
            "code": "CS005", "severity": "error", "service": "app/common", "file": "app/common/mine.py", "line": None,
            "message": "neither the master nor the manifest has it", "remedy": "distribute this copy anew", "mend": None,
            "url": page_url("CS005"),
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("app/nothing", "app/nothing: there is no such copy"),
        ("app", "app: there is no manifest in this folder"),
        ("nothing/at/all", "nothing/at/all: cannot open the copy: no such file or directory"),
        ("app/common/wait.sh", "app/common/wait.sh: the copy's place is taken by what is no real folder"),
        ("app/link", "app/link: the copy's folder is a symlink, which is not followed"),
        ("/", "/: there is no manifest in this folder"),
        ("", ".: there is no manifest in this folder"),
    ],
)
def test_no_copy_to_check(image: Path, path: str, says: str) -> None:
    """A check of the wrong path would pass."""
    (image / "app/link").symlink_to("common")
    done = verify(image, "--copy", path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {says}")


def test_a_copy_by_itself_without_any_other_package(image: Path) -> None:
    """A machine that has Python and nothing else could not check what it runs."""
    code = f"""
import importlib, sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path] + [{str(Path(__file__).parents[1])!r}]
for name in ("typer", "rich", "git", "packaging", "tomlkit"):
    try:
        importlib.import_module(name)
    except ImportError:
        continue
    sys.exit(f"{{name}} can be imported, so this proves nothing")
from common_sync.commands.verify import verify_copy
check = verify_copy("app/common")
print(check.digest, len(check.findings))
"""
    done = run(sys.executable, "-I", "-S", "-c", code, cwd=image)
    assert (done.code, done.err) == (0, "")
    assert done.out.split() == [verify(image, "--copy", "app/common").out.split()[-1], "0"]


def test_the_core_alone(tmp_path: Path) -> None:
    """The core would need what is not installed where it is to run."""
    top = Path(__file__).parents[1]
    modules = sorted(top.glob("common_sync/core/**/*.py"))
    names = [".".join(module.relative_to(top).with_suffix("").parts) for module in modules if module.stem != "__init__"]
    code = f"import sys; sys.path = [p for p in sys.path if 'site-packages' not in p] + [{str(Path(__file__).parents[1])!r}]; "
    done = run(sys.executable, "-I", "-S", "-c", code + f"import {', '.join(names)}", cwd=tmp_path)
    assert done == Done(0, "", "")


def test_options_that_do_not_go_together(synced: Monorepo) -> None:
    """A digest that is given in vain would make a check look stricter than it is."""
    for arguments, says in (
        (("--expect-digest", "cs1:0"), "--expect-digest: goes with --copy"),
        (("api", "--copy", COPY), "--copy: takes no services"),
    ):
        done = synced.run("verify", *arguments)
        assert (done.code, done.out) == (2, "")
        assert says in done.err


def test_verify_needs_no_right_to_write(synced: Monorepo) -> None:
    """A read-only checkout could not be verified."""
    for folder, _, _ in os.walk(synced.root):
        Path(folder).chmod(0o555)
    done = run(*unprivileged(), sys.executable, "-m", "common_sync", "verify", cwd=synced.root)
    for folder, _, _ in os.walk(synced.root):
        Path(folder).chmod(0o755)
    assert (done.code, done.err) == (0, "")


def test_a_digest_that_is_cut_off(synced: Monorepo) -> None:
    """Whoever pastes the digest as it is shown would be told that his copy is not what it should be."""
    done = synced.run("verify", "--copy", "services/api/common", "--expect-digest", "cs1:83311c1e5362")
    assert (done.code, done.out) == (2, "")
    assert "--expect-digest takes cs1: and 64 hex digits, not 'cs1:83311c1e5362'" in done.err


def test_a_merge_of_manifests_that_is_not_finished(synced: Monorepo) -> None:
    """After a merge that git could not finish, nothing would work, and nobody would know what to do."""
    manifest = synced.root / "services/api/common/.common-sync.json"
    manifest.write_text(f"<<<<<<< ours\n{manifest.read_text()}=======\n{{}}\n>>>>>>> theirs\n")
    done = synced.run("verify")
    assert done.code == 2
    assert ".common-sync.json: holds the marks of a merge that is not finished\n" in done.err
    assert "help: git checkout --ours services/api/common/.common-sync.json && common-sync distribute\n" in done.err


def test_a_service_by_its_path_from_here(synced: Monorepo) -> None:
    """What the shell completes in a folder below the root would be no service."""
    for name, cwd in ((".", "services/api"), ("../api/", "services/worker"), (str(synced.root / "services/api"), ".")):
        assert synced.run("verify", name, cwd=cwd).code == 0
