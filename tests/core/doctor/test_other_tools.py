"""What Nx, and workspaces of Node, make of the library's own project files once they are copied."""

import json
from collections.abc import Sequence

import pytest

from common_sync.core.doctor.checks.other_tools import find_doubled, is_package

PLACES = ("common", "services/api/common", "services/worker/common")
NX = {"nx.json": "{}"}


def package(workspaces: object) -> dict[str, str]:
    """Return the root's `package.json`, which states a workspace."""
    return {"package.json": json.dumps({"workspaces": workspaces})}


CASES = [
    (["project.json"], NX, (), ["common/project.json: is copied into services: Nx finds 3 projects of one name, and stops"]),
    (["a/b.py", "tools/project.json"], NX, (), ["common/tools/project.json: is copied into services: Nx finds 3 projects of one name, and stops"]),
    (["project.json"], {}, (), []),
    (["package.json"], NX, (), []),
    (["package.json"], package(["**"]), (), ["common/package.json: is copied into services: the workspace has 3 packages of one name, and its tools stop"]),
    (["package.json"], package({"packages": ["services/**"]}), (), ["common/package.json: is copied into services: the workspace has 2 packages of one name, and its tools stop"]),
    (["package.json"], package(["common", "services/*"]), (), []),
    (["package.json"], package(["common", "services/*"]), ("services/api/*",), ["common/package.json: is copied into services: the workspace has 2 packages of one name, and its tools stop"]),
    (["package.json"], package(3), (), []),
    (["package.json"], {"package.json": "[]"}, (), []),
    (["package.json"], {"package.json": "{"}, (), []),
]  # fmt: skip


@pytest.mark.parametrize(("files", "settings", "packages", "found"), CASES)
def test_a_copied_project_file(
    files: list[str], settings: dict[str, str], packages: Sequence[str], found: list[str]
) -> None:
    """Nx would stop at the first `distribute`, and nothing would say what to do about it."""
    doubled = find_doubled(files, "common", PLACES, settings, packages)
    assert [f"{one.file}: {one.message}" for one in doubled] == found


def test_without_a_copy_nothing_is_doubled() -> None:
    """A library that nobody holds, or whose copies Nx ignores, would be called in Nx's way."""
    assert list(find_doubled(["project.json"], "common", PLACES[:1], NX, ())) == []


@pytest.mark.parametrize(
    ("folder", "globs", "inside"),
    [
        ("services/api/common", ["services/*"], False),
        ("services/api/common", ["services/*/*"], True),
        ("services/api/common", ["./services/**/"], True),
        ("services/api/common", ["**/common"], True),
        ("common", ["**/common"], True),
        ("services/api/common", ["services/ap?/c*n"], True),
        ("services/api/common", ["**", "!**/common"], False),
        ("services/api/common", ["!**/common", "**"], True),
        ("services/api/common", ["services/(api)/common"], False),
    ],
)
def test_globs_of_a_workspace(folder: str, globs: list[str], inside: bool) -> None:
    """A file that does no harm would be named, or one that stops every tool would not."""
    assert is_package(folder, globs) is inside
