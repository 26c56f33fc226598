"""Whatever a stranger has committed, manifest, configuration or names: refused or handled, in bounded time and memory."""

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from reliability.scenarios import MANIFEST
from reliability.warm import unmeasured
from support.commits import HOOK
from support.depth import FULL, Record, deep, sampled
from support.monorepo import CONFIGURATION, PROGRAM, Done, Monorepo, make_monorepo

from common_sync.core.copies.manifest import LARGEST
from common_sync.edges.git.checkout import may_convert

COPY = "services/api/common"
MEMORY = (1 << 30) if FULL else 400 << 20
"""Bytes of address space: less than any machine has that builds services."""

SECONDS = 300
"""Of a processor; a limit that only ends a run that would take for ever."""

ENTRY = '{"exec":false,"sha256":"' + "0" * 64 + '"}'


def bounded() -> None:
    """Bound what the process may take."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def run_bounded(repo: Monorepo, *arguments: str, command: Sequence[str] = PROGRAM) -> Done:
    """Run the program with little memory and little time."""
    done = subprocess.run(
        [*command, *arguments],
        cwd=repo.root,
        env=unmeasured(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        preexec_fn=bounded,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def document(files: str = "", **keys: str) -> str:
    """Return a manifest with these rows."""
    rest = {"library": '"x"', "master": '"common"', "schema": "1", "tree": '"cs1:0"', "version": "null"} | keys
    return '{"files": {' + files + "}, " + ", ".join(f'"{key}": {value}' for key, value in rest.items()) + "}"


def rows(*paths: str) -> str:
    """Return rows for files at these paths."""
    return ",".join(f"{json.dumps(path)}:{ENTRY}" for path in paths)


def sparse(size: int, text: str = "") -> Callable[[Path], object]:
    """Return what makes a file of a size, with zeros after its text."""

    def make(path: Path) -> None:
        path.write_text(text)
        os.truncate(path, size)

    return make


def text(make: Callable[[], str]) -> Callable[[Path], object]:
    """Return what writes a file; its text is made only then, because it is long."""
    return lambda path: path.write_text(make())


ROOM = (LARGEST if FULL else LARGEST // 8) - 1000
"""Bytes of a manifest; what is larger than the largest is refused unread."""


def many(row: str) -> str:
    """Return as many rows as there is room for; `{}` is another number in each."""
    return ",".join(row.replace("{}", str(number)) for number in range(ROOM // (len(row) + 8)))


MORE = "more hostile manifests and configurations"

HOSTILE: dict[str, Callable[[Path], object]] = {
    "a gigabyte of nothing": sparse(1 << 30),
    "a gigabyte after a good beginning": sparse(1 << 30, document(rows("a"))),
    "a million entries": text(
        lambda: document(",".join(f'"{number}":{{"symlink":"a"}}' for number in range(1_000_000)))
    ),
    "as many entries as there is room for": text(lambda: document(many('"{}":{"symlink":"a"}'))),
    "as many that are refused": text(lambda: document(many('"/{}":1'))),
    "as many unknown keys": text(lambda: "{" + many('"{}":1') + "}"),
    "as many folders, each 100 deep": text(lambda: document(many('"{}' + "/a" * 100 + '":' + ENTRY))),
    "as many brackets": text(lambda: "[" * ROOM),
    "as many empty lists": text(lambda: "[" + "[]," * (ROOM // 3) + "[]]"),
    "as many empty objects": text(lambda: document("", library="[" + "{}," * (ROOM // 4) + "{}]")),
    "one long string": text(lambda: document("", library='"' + "x" * ROOM + '"')),
    "one long path": text(lambda: document(rows("x" * ROOM))),
    "one long path that leads upward": text(lambda: document(rows("../" * (ROOM // 3)))),
    "a number of a million digits": text(lambda: document("", schema="1" * 1_000_000)),
    "folders 200,000 deep": text(lambda: document(rows("a/" * 200_000 + "a"))),
}


@pytest.fixture
def edited(synced: Monorepo) -> Monorepo:
    """Return a repository in which the master has moved on, and a copy holds what a hostile manifest may name."""
    synced.write("common/our_common/settings.py", "newer\n")
    synced.write(f"{COPY}/mine.py", "mine\n")
    return synced


def wrong_ends(repo: Monorepo, before: dict[str, tuple[int, int]], *arguments: str) -> Iterator[str]:
    """Run; yield what may not come of it."""
    done = run_bounded(repo, *arguments)
    if done.code not in (1, 2) or (done.code == 2 and not done.err.startswith("error: ")):
        yield f"{arguments}: {done.code}: {done.out[-300:]} {done.err[-300:]}"
    if "not enough memory" in done.err:
        yield f"{arguments}: it takes more than {MEMORY} bytes"
    if len(done.out) + len(done.err) > 1_000_000:
        yield f"{arguments}: it says {len(done.out) + len(done.err)} bytes"
    if done.code == 2 and repo.stamps() != before:
        yield f"{arguments}: something has changed"


@deep("what a hostile file costs")
@pytest.mark.parametrize("name", sampled(HOSTILE, 6, MORE))
def test_a_hostile_manifest(edited: Monorepo, name: str, record_property: Record) -> None:
    """A pull request with one file in it would take all memory or time of whoever looks at it, or have files deleted."""
    HOSTILE[name](edited.root / COPY / MANIFEST)
    before = edited.stamps()
    wrong = [
        one
        for arguments in (("verify", "--copy", COPY), ("distribute", "api"))
        for one in wrong_ends(edited, before, *arguments)
    ]
    assert wrong == []
    assert edited.read(f"{COPY}/mine.py") == "mine\n"
    record_property("count: hostile manifests and configurations", 1)


FILE = "common-sync.toml"

CONFIGURATIONS: dict[str, Callable[[Path], object]] = {
    "a gigabyte of nothing": sparse(1 << 30),
    "a gigabyte after a good beginning": sparse(1 << 30, CONFIGURATION),
    "a device without end": lambda path: path.symlink_to("/dev/zero"),
    "a FIFO": os.mkfifo,
    "a folder": os.mkdir,
    "itself": lambda path: path.symlink_to(path.name),
    "many brackets": text(lambda: CONFIGURATION + "x = " + "[" * 100_000),
    "many tables": text(lambda: CONFIGURATION + "".join(f"[a{number}]\n" for number in range(20_000))),
    "many services": text(lambda: f'master = "common"\nservices = {[f"services/{n}" for n in range(2_000)]}\n'),
    "a glob with many stars": text(lambda: f'master = "common"\nservices = ["{"*" * 60}x", "{"**/" * 60}x"]\n'),
    "a pattern with many stars": text(lambda: CONFIGURATION + f'exclude = ["{"*a" * 60}x"]\n'),
    "a service that is a symlink out": text(lambda: 'master = "common"\nservices = ["services/out"]\n'),
    "services behind a symlink out": text(lambda: 'master = "common"\nservices = ["out/*"]\n'),
    "a master behind a symlink out": text(lambda: 'master = "out/api"\nservices = ["services/*"]\n'),
    "a copy above": text(lambda: CONFIGURATION + 'copy = "../common"\n'),
    "a copy at home": text(lambda: CONFIGURATION + 'copy = "~"\n'),
    "a copy of no name": text(lambda: CONFIGURATION + 'copy = ""\n'),
    "a copy that is the service": text(lambda: CONFIGURATION + 'copy = "."\n'),
    "a copy in .git": text(lambda: CONFIGURATION + 'copy = ".git"\n'),
    "a copy in .GIT": text(lambda: CONFIGURATION + 'copy = ".GIT/hooks"\n'),
    "a copy with a NUL": text(lambda: CONFIGURATION + 'copy = "a\\u0000b"\n'),
}


@pytest.mark.parametrize("name", sampled(CONFIGURATIONS, 8, MORE))
def test_a_hostile_configuration(edited: Monorepo, tmp_path: Path, name: str, record_property: Record) -> None:
    """A pull request with one file in it would hang every commit, or have copies written wherever it says."""
    outside = make_monorepo(tmp_path / "outside").root
    (edited.root / "services/out").symlink_to(outside / "services/api")
    (edited.root / "out").symlink_to(outside / "services")
    (edited.root / FILE).unlink()
    CONFIGURATIONS[name](edited.root / FILE)
    before = edited.stamps(), Monorepo(outside).stamps()
    wrong = [one for command in ("verify", "distribute") for one in wrong_ends(edited, before[0], command)]
    assert wrong == []
    assert run_bounded(edited, "distribute").code == 2 or name == "a pattern with many stars"
    assert before[1] == Monorepo(outside).stamps()
    record_property("count: hostile manifests and configurations", 1)


def test_a_device_without_end_in_other_places(edited: Monorepo) -> None:
    """A symlink to `/dev/zero` under a name that the program reads would fill the memory of every developer."""
    for path in (
        ".gitattributes",
        "services/api/requirements.txt",
        "services/api/common/.gitattributes",
        "pyproject.toml",
    ):
        (edited.root / path).unlink(missing_ok=True)
        (edited.root / path).symlink_to("/dev/zero")
    edited.git("add", "-A")
    (edited.root / "pyproject.toml").unlink()
    assert not may_convert([str(edited.root)], [])
    for command in ((*PROGRAM, "distribute"), HOOK):
        done = run_bounded(edited, command=command)
        assert (done.code in (1, 2), "not enough memory" in done.err) == (True, False), done


CLAIMS = {
    "names in another case": rows("OUR_COMMON/settings.py", "Wait.sh", "WAIT.SH"),
    "names composed otherwise": rows("\u00e4", "a\u0308"),
    "a line feed and an escape": rows("new\nline", "\u001b[2Jgone"),
    "a file where a folder is": rows("our_common"),
    "a folder where a file is": rows("wait.sh/deeper/mine.py"),
    "what a person wrote, with other bytes": rows("mine.py"),
    "an option": rows("-rf", "--force"),
    "what is ignored": rows(".venv/bin/python", "x.egg-info/PKG-INFO"),
}


@pytest.mark.parametrize("name", sampled(CLAIMS, 4, MORE))
def test_a_manifest_that_claims_what_is_not_so(edited: Monorepo, name: str, record_property: Record) -> None:
    """A manifest would have files deleted that a person wrote, because it says that they are the program's own."""
    for path in (".venv/bin/python", "x.egg-info/PKG-INFO"):
        edited.write(f"{COPY}/{path}", "mine\n")
    edited.write(f"{COPY}/{MANIFEST}", document(CLAIMS[name]))
    mine = {f"{COPY}/{path}": b"mine\n" for path in ("mine.py", ".venv/bin/python", "x.egg-info/PKG-INFO")}
    for command in ("verify", "distribute"):
        done = run_bounded(edited, command)
        assert (done.code, "\x1b" in done.out + done.err) == (1, False)
        assert mine.items() <= edited.tree().items()
    assert run_bounded(edited, "distribute", "--force").code == 0
    assert edited.read(f"{COPY}/our_common/settings.py") == "newer\n"
    record_property("count: hostile manifests and configurations", 1)


NAMES = ("-x", "--upload-pack=touch pwned", "ext::sh -c touch% pwned", ":(exclude)x", ":!x", "*", "-", "@{u}", "HEAD")
"""What git would take for an option, another protocol, a pattern or a revision."""

SHIM = """#!/bin/sh
printf '%s\\n' "$@" '' >> "$GIT_LOG"
exec "$REAL_GIT" "$@"
"""


@pytest.mark.parametrize("name", sampled(NAMES, 4, "more names that git could take for words"))
def test_names_are_no_words_to_git(tmp_path: Path, name: str, record_property: Record) -> None:
    """A folder with an unlucky name would have git do something else than list files."""
    repo = make_monorepo(tmp_path / "repo")
    (repo.root / "common").rename(repo.root / name)
    (repo.root / "services/api").rename(repo.root / f"services/{name}")
    for service in (name, "worker"):
        repo.write(f"services/{service}/requirements.txt", "fastapi\n")
    given = name if name != "*" else "[*]"
    repo.write(
        FILE, f"master = {json.dumps(name)}\nservices = [{json.dumps(f'services/{given}')}, 'services/worker']\n"
    )
    repo.commit()
    log, shims = tmp_path / "log", tmp_path / "shims"
    shims.mkdir()
    (shims / "git").write_text(SHIM)
    (shims / "git").chmod(0o755)
    log.touch()
    env = unmeasured(PATH=f"{shims}:{os.environ['PATH']}", GIT_LOG=str(log), REAL_GIT=str(shutil.which("git")))
    for command in ((*PROGRAM, "distribute"), (*PROGRAM, "verify"), (*PROGRAM, "explain", f"./{name}"), HOOK):
        done = subprocess.run(command, cwd=repo.root, env=env, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode in (0, 1), done
    assert repo.tree(name) == {k: v for k, v in repo.tree(f"services/worker/{name}").items() if k != MANIFEST}
    assert not list(tmp_path.rglob("pwned"))
    for call in log.read_text().split("\n\n"):
        words = call.strip("\n").split("\n")
        before = words[: words.index("--")] if "--" in words else words
        assert not [word for word in before if name in word and len(name) > 1 and not word.startswith("/")], words
    record_property("count: names that git could take for words", 1)
