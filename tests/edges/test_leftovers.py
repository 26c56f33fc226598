"""Which folders a glob takes for services: what somebody wrote, and nothing that a branch or a tool has left behind."""

import os
import random
import subprocess
from pathlib import Path

import pytest
from support.depth import sampled
from support.repositories import Files, build, run_git

from common_sync.core.configuration import parse_configuration
from common_sync.core.copies.rules import BUILT_IN, Rules
from common_sync.edges.git import ask
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


def test_an_empty_cache_is_no_service(tmp_path: Path) -> None:
    """A cache whose files were deleted would get a copy of the library; an empty folder of another name may become a service."""
    build(tmp_path, {"common/x.py": "", "services/api/main.py": ""})
    for name in ("__pycache__", "venv", "new"):
        (tmp_path / "services" / name).mkdir()
    assert match_services(str(tmp_path), "services/*", ["common"], ["common"]) == ["services/api", "services/new"]


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


_NAMES = ("x.py", "x.pyc", "x.db", "x~", ".env", "keep.db")
_FOLDERS = ("app", "__pycache__", "build", "dist", "ignored", "venv", "sub/build", "a b", "sub/ignored/deep", "*")


@pytest.mark.parametrize("seed", sampled(range(100), 5, "random trees"))
def test_any_tree(tmp_path: Path, seed: int) -> None:
    """A service would be passed over, or a leftover be taken for one, where git is asked in a way that is faster."""
    choose = random.Random(seed)  # noqa: S311 - the same trees each time
    build(tmp_path, {".gitignore": "*.db\nignored/\n!keep.db\n/services/a/gone\n"})
    folders = [f"services/{name}" for name in ("a", "b", "c", "c/inner", "d e", "[f]", "g", "g/app")]
    for folder in folders:
        for _ in range(choose.choice((0, 1, 1, 2, 4))):
            place = tmp_path / folder / choose.choice(("", "", *_FOLDERS)) / choose.choice(_NAMES)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
    (tmp_path / "services/b/.gitignore").parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "services/b/.gitignore").write_text(choose.choice(("", "*\n", "!ignored/\n", "!__pycache__/\n")))
    tracked = tmp_path / choose.choice(("services/a", "services/c", "services", "none"))
    if tracked.is_dir():
        run_git(tmp_path, "--literal-pathspecs", "add", "--force", os.fspath(tracked))
    if choose.random() < 0.3:
        build(tmp_path / "services/d e/own", {"x.py": ""})
    there = [folder for folder in folders if (tmp_path / folder).is_dir()]
    assert find_used(str(tmp_path), there, ["common"]) == {one for one in there if _has_written(tmp_path, one)}


def _has_written(root: Path, folder: str) -> bool:
    """Tell by each file that git names whether there is one that is no cache; an empty folder may become a service."""
    command = [
        "git",
        "--literal-pathspecs",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        folder,
    ]
    named = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    empty = not any(files for _, _, files in os.walk(root / folder))
    return empty or any(Rules(BUILT_IN).exclusion(one[len(folder) + 1 :]) is None for one in named if one)


def test_how_many_services_are_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`verify` of a thousand services would take twice as long: git would name each file of each copy."""
    services = [f"services/s{number}" for number in range(20)]
    files = {f"{service}/common/{name}": "" for service in services for name in (".common-sync.json", "x.py", "y.py")}
    build(tmp_path, {"common/x.py": "", **files}, git=False)
    run_git(tmp_path, "init")
    answers: list[str] = []
    monkeypatch.setattr(ask, "listeners", [lambda _, answer: answers.append(answer)])
    assert match_services(str(tmp_path), "services/*", ["common"], ["common"]) == sorted(services)
    assert sorted("".join(answers).split("\0")) == ["", *sorted(f"{service}/" for service in services)]
