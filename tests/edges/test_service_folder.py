"""What a build would get of a service's folder."""

import os
from itertools import product
from pathlib import Path

import pytest
from support.depth import sampled
from support.repositories import run_git

from common_sync.edges.project.index import list_bits
from common_sync.edges.service.folder import Below, ServiceFolder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with symlinks of every kind: inside, outside, back in, in a circle, to nothing."""
    outside = tmp_path_factory.mktemp("outside").resolve()
    folder = outside / "service"
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/b/file").write_text("x")
    (outside / "file").write_text("y")
    for name, target in {
        "in": "a/b",
        "a/up": "..",
        "a/file": "b/file",
        "out": "..",
        "back": "../service/a",
        "absolute": str(folder / "a"),
        "elsewhere": str(outside),
        "circle": "circle",
        "a/nothing": "not/there",
    }.items():
        (folder / name).symlink_to(target)
    (outside / "home").symlink_to("service/a")
    return folder


STEPS = [
    "",
    ".",
    "..",
    "a",
    "b",
    "file",
    "in",
    "up",
    "out",
    "back",
    "absolute",
    "elsewhere",
    "circle",
    "nothing",
    "home",
    "none",
]


@pytest.mark.parametrize("listed", sampled([False, True], 1, "every way through symlinks twice"))
def test_symlinks_are_followed_inside(folder: Path, *, listed: bool) -> None:
    """A file outside of the service would be taken for one that its build gets, or one inside would not be found."""
    looked = ServiceFolder(str(folder))
    wrong = []
    for path in ("/".join(steps) for length in (1, 2, 3) for steps in product(STEPS, repeat=length)):
        real = os.path.realpath(os.path.join(folder, path))
        inside = real == str(folder) or real.startswith(f"{folder}/")
        kind = ("folder" if os.path.isdir(real) else "file" if os.path.isfile(real) else None) if inside else None
        if listed:
            looked.names(os.path.dirname(path))
        place = looked.look(path)
        if (place and place.kind) != kind:
            wrong.append((path, place, kind))
    assert wrong == []


def test_which_files_may_be_executed(tmp_path: Path) -> None:
    """A script that nobody can start would be called proven, or one that starts, broken."""
    for name, mode in {"run.sh": 0o755, "mine.sh": 0o744, "plain.sh": 0o644}.items():
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(mode)
    (tmp_path / "to_run.sh").symlink_to("run.sh")
    looked = ServiceFolder(str(tmp_path.resolve()))
    names = ["run.sh", "mine.sh", "plain.sh", "to_run.sh", "none.sh", "../none.sh"]
    assert [looked.may_run(name) for name in names] == [True, True, False, True, None, None]


def test_a_clone_has_the_bits_that_git_has(tmp_path: Path) -> None:
    """A script that starts here would be called proven, and not start in an image that CI builds."""
    service = tmp_path.resolve() / "services/api"
    service.mkdir(parents=True)
    for name in ("here.sh", "there.sh", "new.sh", "é b.sh"):
        (service / name).write_text("#!/bin/sh\n")
        (service / name).chmod(0o755)
    (service / "link.sh").symlink_to("here.sh")
    run_git(tmp_path, "init", "-q")
    run_git(
        tmp_path, "add", "services/api/here.sh", "services/api/there.sh", "services/api/é b.sh", "services/api/link.sh"
    )
    run_git(tmp_path, "update-index", "--chmod=-x", "services/api/here.sh", "services/api/é b.sh")
    (service / "there.sh").chmod(0o644)
    asked = list[str]()

    def list_once(folder: str) -> dict[str, bool]:
        asked.append(folder)
        return list_bits(folder)

    looked = ServiceFolder(str(service), list_once)
    above = ServiceFolder(str(service.parent), list_bits)
    names = ["here.sh", "there.sh", "new.sh", "é b.sh", "link.sh", "none.sh"]
    assert [looked.may_run(name) for name in names] == [True, False, True, True, True, None]
    assert asked == []
    assert [looked.may_run(name, cloned=True) for name in names] == [False, True, True, False, False, None]
    assert [Below(above, "api").may_run(name, cloned=True) for name in names[:2]] == [False, True]
    assert asked == [str(service)]


def test_outside_git_there_is_no_clone(tmp_path: Path) -> None:
    """`doctor` would end in an error where nobody has made a repository yet."""
    (tmp_path / "run.sh").touch(mode=0o755)
    assert ServiceFolder(str(tmp_path.resolve()), list_bits).may_run("run.sh", cloned=True) is True


@pytest.mark.parametrize("path", ["a/\0", "\0", "\0/a", "n" * 300, "/".join(["a"] * 3000)])
def test_names_that_no_file_can_have(folder: Path, path: str) -> None:
    """`doctor` would end in a traceback where a Dockerfile names such a file."""
    looked = ServiceFolder(str(folder))
    assert (looked.look(path), looked.names(path), looked.read(path)) == (None, [], None)
