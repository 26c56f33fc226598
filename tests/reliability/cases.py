"""One try: a copy of a prepared repository, the run that is hindered in it, and what must hold afterwards."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from reliability.runs import Calls, Ended, Hindrance
from reliability.scenarios import (
    Item,
    Scenario,
    Tree,
    below,
    is_leftover,
    make_repository,
    out_of_sync,
    read_tree,
)
from reliability.warm import Program
from support.monorepo import Monorepo

NOBODY = 65534
"""A user who is not root and owns nothing."""

EDITED = frozenset({"CS003", "CS004", "CS005"})
"""The findings that say that a person has edited a copy."""

_FINDING = re.compile(r"(?P<path>.+?)(?::\d+)?: (?P<code>CS\d{3}) .*")


class Prepared(NamedTuple):
    """A scenario on the disk, and what it comes to when nothing is in its way.

    Attributes:
        scenario: The scenario.
        folder: Holds the repository before the run, and the user's state folder; it is copied for each try.
        before: What the repository holds.
        after: What it holds after a run that nothing hinders.
        edits: What a person wrote in the copies.
        calls: The calls that such a run makes.
    """

    scenario: Scenario
    folder: Path
    before: dict[str, Item]
    after: dict[str, Item]
    edits: Tree
    calls: tuple[str, ...]


class Case(NamedTuple):
    """One copy of a prepared repository, the warm process, and the user that the program runs as there."""

    prepared: Prepared
    folder: Path
    program: Program
    user: int | None = None

    @property
    def root(self) -> Path:
        """The repository."""
        return self.folder / "repo"

    @property
    def env(self) -> dict[str, str]:
        """Where the program keeps what belongs to no repository."""
        return {"XDG_STATE_HOME": str(self.folder / "state")}

    def run(self, *arguments: str, calls: Calls = "changing", hindrance: Hindrance | None = None) -> Ended:
        """Run the program."""
        return self.program.run(self.root, *arguments, calls=calls, hindrance=hindrance, env=self.env, user=self.user)

    def distribute(self, *, calls: Calls = "changing", hindrance: Hindrance | None = None) -> Ended:
        """Run what the scenario is about."""
        return self.run(*self.prepared.scenario.arguments, calls=calls, hindrance=hindrance)

    def copy(self, name: str) -> "Case":
        """Return a copy of it as it is now."""
        return self._replace(folder=copy_folder(self.folder, self.folder.with_name(name)))

    def kept(self) -> set[tuple[str, Item]]:
        """Return what `--force` has kept: paths from the root, and what is there."""
        sets = [path for top in (self.root / ".git", self.folder / "state") for path in top.glob("**/discarded/*")]
        return {(path, item) for one in sets for path, item in read_tree(one).items()}


def copy_folder(folder: Path, to: Path) -> Path:
    """Copy a folder, symlinks and modes and all."""
    shutil.copytree(folder, to, symlinks=True, dirs_exist_ok=True)
    return to


def prepare(scenario: Scenario, folder: Path, program: Program, calls: Calls = "changing") -> Prepared:
    """Bring a repository into a scenario's state, and try what a run comes to that nothing hinders."""
    repo = make_repository(folder / "template" / "repo", git=scenario.git)
    (folder / "template" / "state").mkdir()
    nothing = Prepared(scenario, folder / "template", {}, {}, {}, ())
    if not scenario.fresh:
        assert Case(nothing, nothing.folder, program).run("distribute").code == 0
    scenario.prepare(Monorepo(repo.root))
    before = read_tree(repo.root)
    tried = Case(nothing, copy_folder(nothing.folder, folder / "tried"), program)
    ended = tried.distribute(calls=calls)
    after = read_tree(tried.root)
    assert ended.code == 0, ended
    assert [*out_of_sync(after)] == []
    assert [path for path in after if is_leftover(path)] == []
    return Prepared(
        scenario, nothing.folder, before, after, {path: before[path] for path in scenario.edits}, ended.calls
    )


def new_case(prepared: Prepared, program: Program, name: str = "case") -> Case:
    """Return a fresh copy of a prepared repository; the one of the same name before it is removed."""
    folder = prepared.folder.with_name(name)
    if folder.exists():
        shutil.rmtree(folder)
    return Case(prepared, copy_folder(prepared.folder, folder), program)


def losses(case: Case) -> Iterator[str]:
    """Yield every path that is neither as it was nor as it should become, and every edit that is nowhere any more."""
    prepared, now = case.prepared, read_tree(case.root)
    for path in sorted(prepared.before.keys() | prepared.after.keys() | now.keys()):
        item = now.get(path)
        if not is_leftover(path) and item not in (prepared.before.get(path), prepared.after.get(path)):
            yield f"{path} is {item and item.data[:80]!r}"
    kept = case.kept() if prepared.edits else set()
    for path, item in prepared.edits.items():
        if now.get(path) != item and (path, item) not in kept:
            yield f"{path}: the edit is lost"


def lies(case: Case, ended: Ended) -> Iterator[str]:
    """Yield what `verify` says that is not so: in sync when it is not, or an edit where nobody made one."""
    broken = sorted(out_of_sync(read_tree(case.root)))
    if ended.code != (1 if broken else 0):
        yield f"verify ended with {ended.code}, but out of sync are {broken}: {ended.err}"
        return
    now = read_tree(case.root)
    for line in ended.out.splitlines():
        finding = _FINDING.fullmatch(line)
        if finding is not None and finding["code"] in EDITED:
            path = finding["path"]
            if path not in case.prepared.edits or now.get(path) != case.prepared.edits[path]:
                yield f"taken for an edit: {line}"


def unfinished(case: Case, ended: Ended) -> Iterator[str]:
    """Yield what the run that was to finish the work left undone, or left lying about."""
    now = read_tree(case.root)
    if ended.code != 0 or "waiting" in ended.err:
        yield f"it ended with {ended.code}: {ended.out} {ended.err}"
    yield from (f"{service} is not in sync" for service in out_of_sync(now))
    yield from (f"{path} was left" for path in now if is_leftover(path))


def move_master(root: Path) -> None:
    """Change every file of the master once more, and take away what it had added."""
    for path, item in below(read_tree(root), "common").items():
        file = root / "common" / path
        if path.startswith("new/"):
            file.unlink()
        elif item.kind == "file":
            file.write_bytes(item.data + b"and changed again\n")


def as_nobody(case: Case) -> Case:
    """Give the repository to a user who is not root, where the tests run as root."""
    give_away(case.folder)
    return case._replace(user=NOBODY) if os.geteuid() == 0 else case


def give_away(top: Path) -> None:
    """Give a folder, and all in it, to that user."""
    for place, folders, files in os.walk(top) if os.geteuid() == 0 else ():
        for name in (".", *folders, *files):
            os.chown(os.path.join(place, name), NOBODY, NOBODY, follow_symlinks=False)
