"""Change a copy in every way that a build could tell: the program names each, and its digest is another one each time.

And change all that a build could not tell, where and how the copy was made: digest and manifest stay the same, byte for byte.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from reliability.cases import NOBODY
from reliability.runs import Ended
from reliability.scenarios import MANIFEST, SERVICES, read_tree
from reliability.warm import Program, unmeasured
from support.depth import Record, deep, sample
from support.monorepo import PROGRAM, Monorepo

COPY = f"{SERVICES[0]}/common"

ODD = tuple(
    os.fsdecode(name)
    for name in (
        b"new\nline",
        b"co:lon",
        b'quo"te',
        b"back\\slash",
        b"\xff\xfe",
        "ä".encode(),
        b"-dash",
        b"sp ace",
        b"...",
    )
)
"""Names that somebody's encoding, quoting or sorting gets wrong."""

Change = Callable[[Path], object]


class Mutation(NamedTuple):
    """A change of a tree, and the paths that it must be named by."""

    reason: str
    change: Change
    named: tuple[str, ...]


def write(path: str, data: bytes) -> Change:
    """Return what writes a file, making its folder."""

    def change(top: Path) -> None:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(data)

    return change


def move(path: str, to: str) -> Change:
    """Return what renames a file or folder."""

    def change(top: Path) -> None:
        (top / to).parent.mkdir(parents=True, exist_ok=True)
        (top / path).rename(top / to)

    return change


def swap(one: str, other: str) -> Change:
    """Return what exchanges two files."""

    def change(top: Path) -> None:
        move(one, "aside")(top)
        move(other, one)(top)
        move("aside", other)(top)

    return change


def link(path: str, target: str) -> Change:
    """Return what puts a symlink in the place of what is there."""

    def change(top: Path) -> None:
        (top / path).unlink()
        (top / path).symlink_to(target)

    return change


def become_file(path: str) -> Change:
    """Return what puts a file in the place of a symlink: with the target as its text."""

    def change(top: Path) -> None:
        target = os.fsencode(os.readlink(top / path))
        (top / path).unlink()
        (top / path).write_bytes(target)

    return change


def follow(path: str) -> Change:
    """Return what puts the very file in the place of a symlink that leads to it, as a copy by `cp -L` does."""

    def change(top: Path) -> None:
        data = (top / path).read_bytes()
        (top / path).unlink()
        (top / path).write_bytes(data)

    return change


def both(*changes: Change) -> Change:
    """Return what does one change after another."""
    return lambda top: [change(top) for change in changes]


MUTATIONS = (
    Mutation("a changed byte", write("a.py", b"13"), ("a.py",)),
    Mutation("a byte more", write("a.py", b"12\n"), ("a.py",)),
    Mutation("an emptied file", write("a.py", b""), ("a.py",)),
    Mutation("a moved file", move("a.py", "pkg/a.py"), ("a.py", "pkg/a.py")),
    Mutation("a file in another case", move("a.py", "A.py"), ("a.py", "A.py")),
    Mutation("swapped contents", swap("a.py", "b.py"), ("a.py", "b.py")),
    Mutation("bytes shifted across a file boundary", both(write("a.py", b"1"), write("b.py", b"23")), ("a.py", "b.py")),
    Mutation("a file that became executable", lambda top: (top / "a.py").chmod(0o755), ("a.py",)),
    Mutation("a file that is executable no more", lambda top: (top / "run.sh").chmod(0o644), ("run.sh",)),
    Mutation("a file that became a link to its like", link("a.py", "twin.py"), ("a.py",)),
    Mutation("a link that became the file it leads to", follow("link"), ("link",)),
    Mutation("a link that became a file with its target", become_file("link"), ("link",)),
    Mutation("another target", link("link", "a.py"), ("link",)),
    Mutation("another way to the same target", link("link", "./b.py"), ("link",)),
    Mutation("a renamed folder", move("pkg", "pkg2"), ("pkg/c.py", "pkg2/c.py")),
    Mutation("an emptied folder", lambda top: (top / "pkg/c.py").unlink(), ("pkg/c.py",)),
    Mutation(
        "a folder that became a file",
        both(lambda top: shutil.rmtree(top / "pkg"), write("pkg", b"")),
        ("pkg", "pkg/c.py"),
    ),
    Mutation("a file under the manifest's name in a folder", write(f"pkg/{MANIFEST}", b"{}"), (f"pkg/{MANIFEST}",)),
    Mutation(
        "the manifest once more",
        lambda top: (top / "pkg" / MANIFEST).write_bytes((top / MANIFEST).read_bytes()),
        (f"pkg/{MANIFEST}",),
    ),
    Mutation("a second manifest", write(MANIFEST.upper(), b"{}"), (MANIFEST.upper(),)),
    Mutation("a new empty file", write("new.py", b""), ("new.py",)),
    Mutation("the same letters, composed otherwise", move("ä", "a\u0308"), ("ä", "a\u0308")),
    *(Mutation(f"a new file, {name!r}", write(f"pkg/{name}", b""), (f"pkg/{name}",)) for name in ODD),
    *(Mutation(f"a changed file, {name!r}", write(name, b"changed"), (name,)) for name in ODD),
)


def make_tree(top: Path, *, backwards: bool = False) -> None:
    """Write the tree that everything is tried on, in one order or the other."""
    files = {"a.py": b"12", "b.py": b"3", "twin.py": b"12", "pkg/c.py": b"", "run.sh": b"#!/bin/sh\n"}
    files |= {name: os.fsencode(name) for name in ODD}
    for path, data in sorted(files.items(), reverse=backwards):
        write(path, data)(top)
    (top / "run.sh").chmod(0o755)
    (top / "link").symlink_to("b.py")


def make_project(root: Path, *, git: bool = True, backwards: bool = False) -> Monorepo:
    """Return a repository with that tree as its master."""
    repo = Monorepo(root)
    repo.write("common-sync.toml", 'master = "common"\nservices = ["services/*"]\n')
    make_tree(root / "common", backwards=backwards)
    for service in SERVICES:
        repo.write(f"{service}/app.py")
    if git:
        repo.git("init", "-q", "--template=")
    return repo


def shown(path: str) -> str:
    """Return a path as JSON output has it."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def check(program: Program, cwd: Path, *arguments: str) -> tuple[Ended, str, set[str]]:
    """Run a check; return how it ended, the digest of the first copy, and the paths in it that are named."""
    ended = program.run(cwd, "verify", *arguments, "--output-format", "json")
    document = json.loads(ended.out)
    copy = document["copy"] if "copy" in document else document["services"][0]
    named = {finding["file"].removeprefix(f"{COPY}/") for finding in document["findings"]}
    return ended, copy["digest"], named


HALF = len(MUTATIONS) // 2
"""So many are tried by `make test`: each is two runs of the program."""


def test_every_mutation_is_named(program: Program, folder: Path, record_property: Record) -> None:
    """A copy that a build can tell from its master would pass every check, and be deployed."""
    repo = make_project(folder / "repo")
    assert program.run(repo.root, "distribute").code == 0
    original = folder / "original"
    shutil.copytree(repo.root / COPY, original, symlinks=True)
    digests = {check(program, repo.root)[1]: "as it was"}
    mutations = sample(MUTATIONS, HALF, record_property, "mutations of a copy")
    for mutation in mutations:
        shutil.rmtree(repo.root / COPY)
        shutil.copytree(original, repo.root / COPY, symlinks=True)
        mutation.change(repo.root / COPY)
        for arguments in ((), ("--copy", COPY)):
            ended, digest, named = check(program, repo.root, *arguments)
            assert (ended.code, named) == (1, {shown(path) for path in mutation.named}), (mutation.reason, arguments)
            assert digests.setdefault(digest, mutation.reason) == mutation.reason
    assert len(digests) == len(mutations) + 1
    record_property("count: mutations of a copy, all named", len(mutations))


def test_every_mutation_of_the_master_changes_the_digest(
    program: Program, folder: Path, record_property: Record
) -> None:
    """A change of the library would leave the digest that a deployment expects as it was."""
    repo = make_project(folder / "repo")
    original = folder / "original"
    (repo.root / "common").rename(original)
    digests: dict[str, str] = {}
    every = [one for one in MUTATIONS if one.reason != "the manifest once more"]  # a master has none
    mutations = sample(every, HALF, record_property, "mutations of the master")
    for mutation in (Mutation("as it was", lambda _: None, ()), *mutations):
        shutil.rmtree(repo.root / "common", ignore_errors=True)
        shutil.copytree(original, repo.root / "common", symlinks=True)
        mutation.change(repo.root / "common")
        assert program.run(repo.root, "distribute").code == 0, mutation.reason
        tree = json.loads((repo.root / COPY / MANIFEST).read_bytes())["tree"]
        assert digests.setdefault(tree, mutation.reason) == mutation.reason
        assert check(program, repo.root)[1] == tree
    record_property("count: mutations of the master, each with its own digest", len(mutations))


class Elsewhere(NamedTuple):
    """Another way to make the same copies.

    Attributes:
        folder: Where the repository is.
        env: What the environment says.
        umask: What new files may not be.
        git: Whether it is a git repository.
        backwards: Whether its files were written in another order.
        touched: Whether its files are of another time.
    """

    folder: str = "repo"
    env: Mapping[str, str] = {}
    umask: int = 0o022
    git: bool = True
    backwards: bool = False
    touched: bool = False


ELSEWHERE = {
    "the first": Elsewhere(),
    "another folder": Elsewhere("another/sp ace/ä/repo"),
    "another order": Elsewhere(backwards=True),
    "another time": Elsewhere(touched=True),
    "outside git": Elsewhere(git=False),
    "closed to others": Elsewhere(umask=0o077),
    "open to all": Elsewhere(umask=0),
    "the C locale": Elsewhere(env={"LC_ALL": "C"}),
    "a locale of another language": Elsewhere(env={"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "LANGUAGE": "tr"}),
    "another time zone, another seed": Elsewhere(env={"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"}),
    "optimised": Elsewhere(env={"PYTHONOPTIMIZE": "2"}),
    "all at once": Elsewhere(env={"PYTHONHASHSEED": "1"}, backwards=True, umask=0o027, git=False, touched=True),
}


def manifests(place: Path, how: Elsewhere) -> Iterator[bytes]:
    """Make the copies in such a place; yield their manifests."""
    repo = make_project(place / how.folder, git=how.git, backwards=how.backwards)
    if how.touched:
        for file in (repo.root / "common").rglob("*"):
            os.utime(file, (1, 1), follow_symlinks=False)
    env = unmeasured(XDG_STATE_HOME=str(place / "state"), **how.env)
    subprocess.run([*PROGRAM, "distribute", "-q"], cwd=repo.root, env=env, umask=how.umask, check=True)
    yield from ((repo.root / service / "common" / MANIFEST).read_bytes() for service in SERVICES)


@deep("more mutations")
def test_the_same_content_gives_the_same_bytes(folder: Path, record_property: Record) -> None:
    """Two developers would overwrite each other's manifests for ever, and a digest would say nothing about contents."""
    (folder / "places").mkdir()
    found = {
        name: set(manifests(folder / "places" / str(number), how))
        for number, (name, how) in enumerate(
            sample([*ELSEWHERE.items()], 4, record_property, "ways to make the same copy")
        )
    }
    assert {name: held for name, held in found.items() if held != found["the first"]} == {}
    assert len(found["the first"]) == 1
    record_property("count: ways to make the same copy, all with the same manifest", len(found))


def test_a_clone_is_in_sync(program: Program, folder: Path) -> None:
    """Whoever checks the repository out elsewhere would be told of drift, or get other manifests, where nothing has changed."""
    repo = make_project(folder / "repo")
    assert program.run(repo.root, "distribute").code == 0
    repo.commit()
    subprocess.run(["git", "clone", "-q", str(repo.root), str(folder / "clone")], check=True)
    clone = folder / "clone"
    for path in (folder, clone, *clone.rglob("*")) if os.geteuid() == 0 else ():
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    before = read_tree(clone)
    assert before == read_tree(repo.root)
    user = NOBODY if os.geteuid() == 0 else None
    assert [program.run(clone, word, user=user).code for word in ("verify", "distribute", "verify")] == [0, 0, 0]
    assert read_tree(clone) == before
    digests = {check(program, place, "--copy", COPY)[1] for place in (repo.root, clone)}
    assert len(digests) == 1
