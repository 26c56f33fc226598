"""`verify --since`: a library that has changed has another version as well. Where git cannot tell, that is an error."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from support.monorepo import Monorepo

SETTINGS, PROJECT = "common/our_common/settings.py", "common/pyproject.toml"


def change(repo: Monorepo, text: str = "DEBUG = True\n") -> None:
    """Change the library."""
    repo.write(SETTINGS, text)


def state(repo: Monorepo, version: str) -> None:
    """Have the library state a version."""
    repo.write(PROJECT, f'[project]\nname = "our-common"\nversion = "{version}"\n')


def fork(repo: Monorepo, there: Callable[[Monorepo], object]) -> None:
    """Have `side` go on from here by a commit, and stay where it left."""
    repo.git("checkout", "-q", "-b", "side")
    there(repo)
    repo.commit("there")
    repo.git("checkout", "-q", "main")


def both(*actions: Callable[[Monorepo], object]) -> Callable[[Monorepo], None]:
    """Return what does one after the other."""

    def act(repo: Monorepo) -> None:
        for one in actions:
            one(repo)

    return act


def raised(version: str) -> Callable[[Monorepo], None]:
    """Return what changes the library and its version, and commits nothing."""
    return both(lambda repo: change(repo, f"DEBUG = {version!r}\n"), lambda repo: state(repo, version))


def move(repo: Monorepo) -> None:
    """Give the master another folder."""
    repo.git("mv", "common", "shared")
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace('"common"', '"shared"') + 'copy = "common"\n')


class Case(NamedTuple):
    """What was done in a repository in sync, and what is said of the library; nothing where all is right."""

    act: Callable[[Monorepo], object]
    says: str = ""
    since: str = "main"


CASES = {
    "nothing": Case(lambda _: None),
    "a change": Case(change, "1 file differs from main, and the version is 1.2.3 in both"),
    "a new file that git does not know yet": Case(
        lambda repo: repo.write("common/new.py", "\n"), "1 file differs from main, and the version is 1.2.3 in both"
    ),
    "an executable bit": Case(lambda repo: (repo.root / SETTINGS).chmod(0o755), "1 file differs"),
    "a change that is committed": Case(
        both(change, lambda repo: repo.commit("x")), "1 file differs from HEAD~1, and the version", "HEAD~1"
    ),
    "what is not copied": Case(
        both(
            lambda repo: repo.write("common-sync.toml", repo.read("common-sync.toml") + 'exclude = ["tests/"]\n'),
            lambda repo: repo.write("common/tests/test_a.py", "1\n"),
        )
    ),
    "a version that was raised": Case(raised("1.3")),
    "the same version in other words": Case(raised("1.2.3.0"), "2 files differ from main, and the version is 1.2.3.0"),
    "a version that no index takes": Case(
        both(lambda repo: state(repo, "first try"), lambda repo: repo.commit("x"), change), "the version is first try"
    ),
    "another one that no index takes": Case(raised("first try")),
    "no version": Case(
        both(change, lambda repo: repo.write(PROJECT, '[project]\nname = "our-common"\ndynamic = ["version"]\n')),
        "2 files differ from main, and no version can be read, so nothing tells",
    ),
    "a version that was none before": Case(
        both(
            lambda repo: repo.write(PROJECT, '[project]\nname = "our-common"\n'),
            lambda repo: repo.commit("x"),
            raised("1"),
        )
    ),
    "a version of a setup.py": Case(
        both(
            lambda repo: (repo.root / PROJECT).unlink(),
            lambda repo: repo.write("common/setup.py", "from setuptools import setup\nsetup(version='2')\n"),
            lambda repo: repo.commit("x"),
            change,
        ),
        "the version is 2 in both",
    ),
    "what only the others have changed": Case(lambda repo: fork(repo, change), "", "side"),
    "a change beside theirs": Case(
        both(lambda repo: fork(repo, raised("1.3")), change), ", where this branch left side, and the version is 1.2.3", "side"
    ),
    "their version": Case(
        both(lambda repo: fork(repo, raised("1.3")), lambda repo: change(repo, "mine\n"), lambda repo: state(repo, "1.3")),
        "1 file differs from side, and the version is 1.3 in both",
        "side",
    ),
    "the same change": Case(both(lambda repo: fork(repo, raised("1.3")), raised("1.3")), "", "side"),
    "the next version after theirs": Case(both(lambda repo: fork(repo, raised("1.3")), raised("1.4")), "", "side"),
    "moved": Case(move, "the version is 1.2.3 in both"),
    "moved, and raised": Case(both(move, lambda repo: repo.write(f"shared/{Path(PROJECT).name}", '[project]\nname = "our-common"\nversion = "2"\n'))),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_library_that_has_changed_has_another_version(synced: Monorepo, name: str) -> None:
    """Two states would have one version: an index keeps the first, and nobody gets what was published."""
    case = CASES[name]
    case.act(synced)
    synced.run("distribute")
    done = synced.concise("verify", "--since", case.since)
    found = [line for line in done.out.splitlines() if "CS421" in line]
    assert (done.code, len(found)) == ((1, 1) if case.says else (0, 0)), done
    assert case.says in done.out
    assert synced.run("verify").code == 0


def test_it_names_the_line(synced: Monorepo) -> None:
    """Somebody would search for where the version is stated."""
    change(synced)
    synced.run("distribute")
    (found,) = synced.json("verify", "--since", "HEAD", code=1)["findings"]
    assert (found["code"], found["file"], found["line"]) == ("CS421", PROJECT, 3)
    assert found["remedy"] == "raise its version"


TWO = """\
services = ["services/*"]

[[library]]
master = "common"
services = ["services/api"]

[[library]]
master = "events"
services = ["services/worker"]
"""


def test_of_several_libraries_each_has_a_version(synced: Monorepo) -> None:
    """A library without a change would have to be raised with another, or a new one would be held against nothing."""
    synced.write("common-sync.toml", TWO)
    synced.write("events/pyproject.toml", '[project]\nname = "events"\nversion = "7"\n')
    synced.write("services/worker/requirements.txt", "-e ../../events\n")
    synced.write("services/worker/app.py", "\n")
    (synced.root / "services/worker/common").rename(synced.root / "gone")
    new = synced.concise("verify", "--since", "HEAD").out
    assert "CS421" not in new
    synced.commit("two")
    synced.write("events/a.py", "A = 1\n")
    found = synced.concise("verify", "--since", "HEAD").out
    assert "events/pyproject.toml:3: CS421 events: 1 file differs from HEAD" in found
    assert found.count("CS421") == 1


def test_a_pin_does_not_matter(synced: Monorepo) -> None:
    """With its services pinned, a library would change under one version without a word."""
    synced.git("tag", "v1")
    assert synced.run("pin", "api", "v1").code == synced.run("pin", "worker", "v1").code == 0
    synced.commit("pinned")
    change(synced)
    assert synced.run("verify").code == 0
    assert "CS421" in synced.concise("verify", "--since", "HEAD").out


def test_where_history_is_missing(synced: Monorepo, tmp_path: Path) -> None:
    """A shallow clone, as CI services make it, would pass whatever has changed."""
    change(synced)
    synced.run("distribute")
    synced.commit("changed")
    place = tmp_path / "shallow"
    synced.git("clone", "-q", "--depth", "1", f"file://{synced.root}", str(place))
    shallow = Monorepo(place)
    for since in ("HEAD~1", synced.git("rev-parse", "HEAD~1").strip()):
        done = shallow.run("verify", "--since", since)
        assert (done.code, done.out) == (2, ""), done
        assert "git fetch --unshallow" in done.err
    done = shallow.run("verify", "--since", "0" * 40)
    assert (done.code, "the branch is new" in done.err) == (2, True)
    shallow.git("fetch", "-q", "--unshallow")
    assert "CS421" in shallow.concise("verify", "--since", "HEAD~1").out


def test_one_copy_has_no_history(synced: Monorepo) -> None:
    """Somebody would take a copy for checked against a commit."""
    done = synced.run("verify", "--copy", "services/api/common", "--since", "HEAD")
    assert (done.code, done.out, "--since" in done.err) == (2, "", True)
