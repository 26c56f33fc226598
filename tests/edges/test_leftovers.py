"""Which folders a glob takes for services: what somebody wrote, and nothing that a branch or a tool has left behind."""

import os
from pathlib import Path

import pytest
from support.repositories import Files, build, run_git

from common_sync.core.configuration import parse_configuration
from common_sync.edges.project.leftovers import find_tracked, find_used
from common_sync.edges.project.services import discover_services, match_services

CASES = [
    pytest.param({"main.py": ""}, True, id="a file that git does not know yet"),
    pytest.param({"app/main.py": ""}, True, id="a file in a folder"),
    pytest.param({"README.md": ""}, True, id="anything that a person wrote"),
    pytest.param({"__pycache__/x.pyc": ""}, False, id="a cache"),
    pytest.param({"app/__pycache__/x.pyc": "", ".pytest_cache/v": "", ".mypy_cache/x": ""}, False, id="caches"),
    pytest.param({".venv/bin/python": "", "api.egg-info/PKG-INFO": ""}, False, id="what installs have made"),
    pytest.param({".idea/x.xml": "", ".DS_Store": ""}, False, id="what an editor and a system leave"),
    pytest.param({"data.db": ""}, False, id="what git ignores"),
    pytest.param({"node_modules/x/index.js": "", "build/lib/x.py": ""}, False, id="what builds have made"),
    pytest.param({"common/.common-sync.json": "{}", "common/x.py": ""}, True, id="a copy alone"),
    pytest.param({"ignored/.common-sync.json": "{}", "ignored/x.py": ""}, False, id="a copy that git ignores"),
    pytest.param({"common/.common-sync.json": "{}", "main.py": ""}, True, id="a copy, and a program"),
    pytest.param({"common/.common-sync.json": "{}", "go.mod": ""}, True, id="a copy, and another file"),
    pytest.param({".common-sync.json": "{}", "x.py": ""}, False, id="it is a copy itself"),
]


@pytest.mark.parametrize("git", [True, False], ids=["git", "plain"])
@pytest.mark.parametrize(("files", "service"), CASES)
def test_what_a_glob_takes(tmp_path: Path, files: Files, *, service: bool, git: bool) -> None:
    """A folder that another branch has left behind would get a copy, and `verify` would fail for it."""
    build(tmp_path, {"common/x.py": "", "services/api/main.py": "", ".gitignore": "*.db\nignored/\n"}, git=git)
    for path, text in files.items():
        place = tmp_path / "services/new" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    found = match_services(str(tmp_path), "services/*", ["common"], ["common"])
    assert found == ["services/api", *(["services/new"] if service else [])]


def test_a_service_in_a_copy_of_another(tmp_path: Path) -> None:
    """Another service's nested copy would be taken for a service, and get a copy of its own."""
    files = {
        "common/x.py": "",
        "a/main.py": "",
        "a/lib/common/.common-sync.json": "{}",
        "a/lib/common/x/y.py": "",
        "a/lib/x.py": "",
    }
    build(tmp_path, files)
    assert match_services(str(tmp_path), "a/**", ["common"], ["common"]) == ["a/lib"]


def test_a_service_that_is_named_counts(tmp_path: Path) -> None:
    """A folder that the configuration names would be passed over in silence."""
    build(tmp_path, {"common/x.py": "", "services/__pycache__/x.pyc": ""})
    text = 'master = "common"\nservices = ["services/__pycache__"]\n'
    table: dict[str, object] = {"master": "common", "services": ["services/__pycache__"]}
    configuration, _ = parse_configuration(table, text, str(tmp_path / "common-sync.toml"))
    assert discover_services(str(tmp_path), configuration) == (("services/__pycache__",), [])


def test_what_git_knows(tmp_path: Path) -> None:
    """The hook would make a copy in a folder that no commit holds, or pass over one that is a repository of its own."""
    build(tmp_path / "services/own", {"x.py": ""})
    run_git(tmp_path / "services/own", "commit", "--message", "first")
    build(tmp_path, {"services/api/main.py": "", "services/a b/x.txt": ""})
    (tmp_path / "services/new").mkdir()
    (tmp_path / "services/new/main.py").touch()
    folders = ["services/a b", "services/api", "services/new", "services/own"]
    assert find_tracked(str(tmp_path), folders) == {"services/a b", "services/api", "services/own"}
    assert find_tracked(str(tmp_path), []) == set()


def test_a_machine_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies could not be verified in an image that has no git."""
    build(tmp_path, {"common/x.py": "", "services/api/main.py": ""})
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    assert match_services(str(tmp_path), "services/*", ["common"], ["common"]) == ["services/api"]


def test_folders_whose_names_begin_alike(tmp_path: Path) -> None:
    """A folder of leftovers would count as a service because the one beside it is one, or the one inside it."""
    names = ("a", "a-b", "a.b", "a0", "ab", "b/a", "ä")
    files = {f"services/{name}/__pycache__/x.pyc": "" for name in names}
    build(
        tmp_path, {"common/x.py": "", **files, "services/a.b/x.go": "", "services/b/a/y.go": "", "services/ä/x.go": ""}
    )
    folders = [*(f"services/{name}" for name in names), "services/b"]
    assert find_used(str(tmp_path), folders, ["common"]) == {"services/a.b", "services/b", "services/b/a", "services/ä"}
