"""Reading a library from git's objects, here and from another repository, by what git itself needs for that."""

import os
import shutil
import subprocess
import sys

from benchmarks.rivals import MANIFEST, tool
from benchmarks.rounds import Table, WrongResultError, check_status, take_turns
from benchmarks.running import Command, environment, run
from benchmarks.trees import MASTER, Shape, Tree, commit, write_program, write_text

READ = "**`read_committed`** of common-sync"
PLUMBING, GITPYTHON = "`git ls-tree -r` and `git cat-file --batch`", "GitPython"

SHAPE = Shape("objects", "6,000 files", services=1, folders=60, files=100, size=2400, rounds=1)
_FILES = SHAPE.folders * SHAPE.files
_PROGRAMS = {
    PLUMBING: """\
import subprocess, sys
rows = subprocess.run(["git", "ls-tree", "-r", "-z", "HEAD", "--", "common/"], capture_output=True, check=True).stdout
names = [row.split()[2] for row in rows.split(b"\\0") if row]
data = subprocess.run(["git", "cat-file", "--batch"], input=b"\\n".join(names), capture_output=True, check=True).stdout
found, place = [], 0
for name in names:
    end = data.index(b"\\n", place)
    size = int(data[place:end].split()[2])
    found.append(data[end + 1 : end + 1 + size])
    place = end + size + 2
assert len(found) == int(sys.argv[1])
""",
    READ: """\
import os, sys
from common_sync.edges.git.revisions import find_commit
from common_sync.edges.library.committed import read_committed
from common_sync.edges.library.targets import HELD
from common_sync.edges.project.load import load_project
project = load_project(os.curdir)
library = project.libraries[0]
found = read_committed(project.root, library, find_commit(project.root, "HEAD"), library.master, HELD)
assert len(found.entries) == int(sys.argv[1])
""",
    GITPYTHON: """\
import sys
import git
tree = git.Repo(".").head.commit.tree / "common"
found = [blob.data_stream.read() for blob in tree.traverse() if blob.type == "blob"]
assert len(found) == int(sys.argv[1])
""",
}


def measure_reading(folder: str, rounds: int) -> Table:
    """Return the runs that read a library as a commit has it.

    Args:
        folder: Where to build the repository.
        rounds: How many rounds.

    Raises:
        WrongResultError: One has not read all files.
    """
    root = Tree(os.path.join(folder, SHAPE.key), SHAPE).root
    try:
        commands = [
            Command(title, (sys.executable, "-c", text, str(_FILES)), sys.executable)
            for title, text in _PROGRAMS.items()
        ]
        return take_turns([(command, root) for command in commands], rounds)
    finally:
        shutil.rmtree(root)


def measure_foreign(folder: str) -> tuple[int, int]:
    """Return the bytes that come for a library of another repository, and those of its subtree where git packs it.

    A program in ssh's place runs here what would run there, and counts; the library is this tool's own package.

    Args:
        folder: Where to build the repositories.

    Raises:
        WrongResultError: The copy is not the library.
    """
    platform, app, came = (os.path.join(folder, name) for name in ("platform", "app", "came"))
    package = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "common_sync")
    try:
        shutil.copytree(package, os.path.join(platform, MASTER), ignore=shutil.ignore_patterns("__pycache__"))
        with open(os.path.join(platform, "much.bin"), "wb") as file:
            file.write(os.urandom(_MUCH))
        commit(platform)
        for words in (
            ("tag", "v1"),
            ("config", "uploadpack.allowFilter", "true"),
            ("config", "uploadpack.allowAnySHA1InWant", "true"),
        ):
            subprocess.run(("git", *words), cwd=platform, env=environment(), check=True)
        packed = subprocess.run(("sh", "-c", _PACK), cwd=platform, env=environment(), check=True, capture_output=True)
        os.makedirs(os.path.join(app, "services/api"))
        write_text(os.path.join(app, "services/api/main.py"), "")
        where = f'git = "ssh://platform{platform}", ref = "v1", path = "{MASTER}"'
        write_text(os.path.join(app, "common-sync.toml"), f'services = ["services/*"]\nmaster = {{ {where} }}\n')
        commit(app)
        _distribute(folder, app, came)
        _compare(os.path.join(platform, MASTER), os.path.join(app, "services/api", MASTER))
        return os.path.getsize(came), len(packed.stdout)
    finally:
        for root in (platform, app):
            shutil.rmtree(root, ignore_errors=True)


_MUCH = 20_000_000
_PACK = f"git rev-list --objects HEAD:{MASTER} | git pack-objects --quiet --stdout"


def _distribute(folder: str, app: str, came: str) -> None:
    place = os.path.join(folder, "ssh")
    write_program(os.path.join(place, "ssh"), f'for last; do :; done\nsh -c "$last" | tee -a {came}')
    variables = (f"PATH={place}:{os.environ['PATH']}", f"XDG_CACHE_HOME={os.path.join(folder, 'cache')}")
    command = Command("distribute", ("env", *variables, *tool("common-sync", "distribute")), "env")
    check_status(run(command, app), 0, "the first distribution of a library of another repository")


def _compare(master: str, copy: str) -> None:
    done = subprocess.run(("diff", "-rq", "-x", MANIFEST, master, copy), capture_output=True, check=False)
    if done.returncode:
        message = f"the copy of a library of another repository is not what it is there: {done.stdout[:500]!r}"
        raise WrongResultError(message)
