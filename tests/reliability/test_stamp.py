"""The hook's stamp holds all that a full run looks at, and whatever changes, it says what a full run says."""

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reliability.traced import STRACE
from support.depth import ALL, FULL, Record, skip
from support.monorepo import CONFIGURATION, UNMEASURED, Monorepo, environment, run
from support.stamped import STAMP, Stamped

from common_sync.edges.state import stamp

COMPOSE = """\
services:
  api:
    build: {context: api, dockerfile: Dockerfile}
include: [more/compose.yml]
"""


def _fill(repo: Monorepo) -> None:
    """Have services with all that a run may look at."""
    repo.write("common-sync.toml", CONFIGURATION + 'exclude = ["*.md"]\n')
    repo.write("deps.list", "requests\n")
    (repo.root / "common/link.py").symlink_to("our_common/settings.py")
    repo.write("services/api/requirements.txt", "-r ../../deps.list\n-e ./common\n-r requirements/more.txt\n")
    repo.write("services/api/requirements/more.txt", "fastapi\n")
    repo.write("services/api/Dockerfile", "FROM python:3.11\nCOPY . .\nRUN pip install -r requirements.txt ./common\n")
    repo.write("services/api/Dockerfile.dockerignore", "*.log\n")
    repo.write("services/api/pyproject.toml", '[tool.uv.sources]\nour-common = { path = "./common" }\n')
    repo.write("services/api/scripts/tool.py", "# /// script\n# dependencies = []\n# ///\n")
    repo.write("services/api/src/very/deep/in/it/all/x.py")
    repo.write("services/api/.venv/lib/x.py")
    (repo.root / "services/api/requirements-dev.txt").symlink_to("requirements/more.txt")
    repo.write("services/compose.yml", COMPOSE)
    repo.write("services/more/compose.yml", "services: {}\n")
    repo.write("services/worker/Makefile", "install:\n\tpip install -e ./common\n")
    repo.write("services/api/common/__pycache__/x.pyc")
    assert repo.run("distribute").code == 0
    repo.commit()


# All that is looked at is in it

_CALL = re.compile(r"(\w+)\((.*)")
_LOOKS = "%file,getdents64,openat,newfstatat,statx,readlink,readlinkat,execve"
_AT = re.compile(r'(?:AT_FDCWD|\d+)<([^>]*)>, "((?:[^"\\]|\\.)*)"')
_PLAIN = re.compile(r'"((?:[^"\\]|\\.)*)"')
_LISTED = re.compile(r"\d+<([^>]*)>")


def _trace(repo: Monorepo, patch: str, folder: Path) -> list[str]:
    """Return what strace says of a full run, of its own processes and not of git's."""
    program = f"import common_sync.edges.state.watching as w; w.RACY = 0\n{patch}\n"
    program += "from common_sync.interface.hook import main; main()"
    env = {name: value for name, value in environment(**UNMEASURED).items() if name != "CI"}
    words = [str(STRACE), "-ff", "-y", "-qq", "-s", "4096", "-e", "signal=none", "-e", f"trace={_LOOKS}"]
    program_words = ["-o", str(folder / "trace"), sys.executable, "-c", program, "--check"]
    subprocess.run([*words, *program_words], cwd=repo.root, env=env, check=True)
    texts = [file.read_text(errors="surrogateescape") for file in folder.glob("trace.*")]
    return [line for text in texts if '/git", ["git"' not in text for line in text.splitlines()]


def _list_looked_at(lines: list[str], here: Path) -> Iterator[tuple[str, str]]:
    """Yield each path that system calls have looked at, with a `d` where it was listed."""
    for line in lines:
        call = _CALL.match(line)
        assert call is not None, line
        name, rest = call.groups()
        if name == "getdents64":
            found = _LISTED.match(rest)
            assert found is not None, line
            yield stamp.LISTING, os.path.normpath(found[1])
        elif name != "execve":
            found = _AT.match(rest)
            plain = _PLAIN.match(rest) if found is None else None
            above, path = found.groups() if found is not None else (str(here), plain[1] if plain is not None else "")
            if path:
                yield "", os.path.normpath(os.path.join(above, path))


@pytest.mark.parametrize("workers", [False, True], ids=["one process", "several processes"])
def test_all_that_is_looked_at_is_in_it(synced: Monorepo, tmp_path: Path, *, workers: bool) -> None:
    """What a run looks at, and its stamp does not hold, could change without anybody noticing."""
    if STRACE is None:
        skip("NOT TESTED: there is no strace here")
    _fill(synced)
    patch = "import common_sync.commands.steps.survey as s; s.count_workers = lambda *_: 2" if workers else ""
    seen = set(_list_looked_at(_trace(synced, patch, tmp_path), synced.root))
    assert len(seen) > 150
    looks = os.fsdecode(stamp._unpack(Stamped(synced).stamp.read_bytes())[1]).split("\0")[::2]  # noqa: SLF001
    held = {(way, os.path.normpath(look[1:])) for look in looks for way in ("", look[0])}
    own = str(synced.root / ".git/common-sync")
    missing = {(way, path) for way, path in seen - held if path.startswith(str(tmp_path)) and not path.startswith(own)}
    assert missing == set()


# It says what a full run says

Change = Callable[[Monorepo, random.Random], None]


def _any_file(repo: Monorepo, chance: random.Random) -> Path:
    files = [path for path in repo.root.rglob("*") if ".git" not in path.parts and path.is_file()]
    return chance.choice(sorted(files))


def _edit_in_place(repo: Monorepo, chance: random.Random) -> None:
    file = _any_file(repo, chance)
    data = file.read_bytes()
    file.write_bytes(data.swapcase() if chance.random() < 0.5 else data + b"\n")


def _edit_with_old_times(repo: Monorepo, chance: random.Random) -> None:
    file = _any_file(repo, chance)
    status = file.stat()
    file.write_bytes(file.read_bytes().swapcase())
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def _replace(repo: Monorepo, chance: random.Random) -> None:
    file = _any_file(repo, chance)
    status, new = file.stat(), file.with_name("replacing")
    new.write_bytes(file.read_bytes() if chance.random() < 0.5 else file.read_bytes().swapcase())
    new.chmod(status.st_mode)
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.replace(file)


def _touch(repo: Monorepo, chance: random.Random) -> None:
    os.utime(_any_file(repo, chance))


def _remove(repo: Monorepo, chance: random.Random) -> None:
    _any_file(repo, chance).unlink()


def _make_file(repo: Monorepo, chance: random.Random) -> None:
    above = _any_file(repo, chance).parent
    name = chance.choice(
        ["new.py", "Dockerfile", "requirements.txt", "compose.yml", ".gitignore", ".gitattributes", "a.md"]
    )
    text = chance.choice(["", "-e ../../common\n", "*.py\n", "* text=auto\n", "FROM scratch\nCOPY ../common /c\n"])
    (above / name).write_text(text)


def _make_folder(repo: Monorepo, chance: random.Random) -> None:
    (_any_file(repo, chance).parent / chance.choice(["new", ".venv", "empty"])).mkdir(exist_ok=True)


def _rename(repo: Monorepo, chance: random.Random) -> None:
    path = _any_file(repo, chance)
    path = path.parent if chance.random() < 0.3 and path.parent != repo.root else path
    path.rename(path.with_name(f"{path.name}{chance.randrange(100)}"))


def _change_mode(repo: Monorepo, chance: random.Random) -> None:
    _any_file(repo, chance).chmod(chance.choice([0o644, 0o755, 0o600]))


def _link(repo: Monorepo, chance: random.Random) -> None:
    path = _any_file(repo, chance)
    path = path.parent if chance.random() < 0.3 and path.parent != repo.root else path
    other = path.with_name(f"linked{chance.randrange(10**6)}")
    path.rename(other)
    path.symlink_to(other.name)


def _git(*words: str) -> Change:
    def change(repo: Monorepo, chance: random.Random) -> None:
        tracked = repo.git("ls-files").splitlines()
        file = [chance.choice(tracked)] if "FILE" in words and tracked else []
        # what git refuses, as to remove a file that it was told to skip, changes nothing
        run("git", *(word for word in words if word != "FILE"), *file, cwd=repo.root)

    return change


def _work_elsewhere(repo: Monorepo, chance: random.Random) -> None:
    repo.write("services/api/src/very/deep/in/it/all/x.py", f"X = {chance.random()}\n")
    repo.write(f"notes-{chance.randrange(3)}.txt", f"{chance.random()}\n")
    repo.git("add", "-A")


def _put_right(repo: Monorepo, commit: str) -> None:
    """Go back to what was committed, with git as it was."""
    for name in SETTINGS:
        subprocess.run(["git", "config", "--unset-all", name], cwd=repo.root, check=False)
    (repo.root / ".git/index").unlink()
    repo.git("reset", "-q", "--hard", commit)
    repo.git("clean", "-qffdx")


SETTINGS = {
    "core.fileMode": "false",
    "core.autocrlf": "true",
    "core.ignoreCase": "true",
    "core.excludesFile": "common-sync.toml",
}
HARMLESS: list[Change] = [
    _touch,
    _work_elsewhere,
    _git("status"),
    _git("commit", "--allow-empty", "-q", "-m", "nothing"),
    _git("update-index", "-q", "--really-refresh"),
    _git("config", "user.name", "B"),
]
HARMFUL: list[Change] = [
    *(_edit_in_place, _edit_with_old_times, _replace, _remove, _make_file, _make_folder, _rename, _change_mode, _link),
    _git("update-index", "--assume-unchanged", "FILE"),
    _git("update-index", "--skip-worktree", "FILE"),
    _git("rm", "-q", "--cached", "-f", "FILE"),
    _git("rm", "-q", "-f", "FILE"),
    _git("add", "-A"),
    *(_git("config", name, value) for name, value in SETTINGS.items()),
]


def test_random_changes(synced: Monorepo, record_property: Record) -> None:
    """Somewhere among all that can change would be something that a stamp does not see."""
    _fill(synced)
    seed = random.SystemRandom().randrange(1 << 32) if FULL else 0
    hook, chance = Stamped(synced), random.Random(seed)  # noqa: S311 - no secret
    changes, stamps = 10_000 if FULL else 300 if ALL else 15, 0
    commit = synced.git("rev-parse", "HEAD").strip()
    hook.leave_stamp()
    for number in range(changes):
        names = []
        for _ in range(chance.choice([1, 1, 1, 2])):
            change = chance.choice(HARMFUL if chance.random() < 0.5 else HARMLESS)
            names.append(getattr(change, "__name__", ""))
            change(synced, chance)
        said, full = hook.run(), hook.run_in_full()
        stamps += said == STAMP
        assert said.code == full.code, (seed, number, names)
        if said.code != 0:
            _put_right(synced, commit)
            hook.leave_stamp()
    assert changes // 10 < stamps < changes
    record_property("count: random changes, each seen by a stamp and in full", changes)
