"""Discovery: which files of a repository are looked at, however large or odd it is."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.counted import assert_grows_with_size
from support.depth import deep, sampled
from support.detection import BESIDE, SERVICES, check
from support.monorepo import PROGRAM, run
from support.repositories import PACKAGE, PROJECT, Files, below, build, run_git, service

from common_sync.commands.init import find_root, propose
from common_sync.commands.steps.proposing import Proposal
from common_sync.core.errors import ConfigurationError, GitError


def test_submodules_are_looked_into(tmp_path: Path) -> None:
    """A workspace of several repositories would seem to be empty."""
    build(tmp_path / "common", PROJECT)
    build(tmp_path / "services" / "api", {"requirements.txt": "-e ../../common\n", "main.py": ""})
    build(tmp_path / "services" / "worker", {"requirements.txt": "-e ../../common\n", "main.py": ""})
    build(tmp_path / "vendor" / "x", {"requirements.txt": "-e ../../services/api\n", "main.py": ""})
    for folder in ("common", "services/api"):
        run_git(tmp_path / folder, "commit", "--message", "first")
    run_git(tmp_path, "init")
    run_git(tmp_path, "add", "common")
    modules = '[submodule "common"]\n\tpath = common\n[submodule "x"]\n\tpath = vendor/x\n\tpath = gone\n'
    (tmp_path / ".gitmodules").write_text(modules)
    check(tmp_path, BESIDE)


def test_a_folder_on_the_disk_that_git_ignores_is_no_service(tmp_path: Path) -> None:
    """A folder that git ignores would become a service by a glob, or keep init from writing one."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES, ".gitignore": "scratch/\n", "services/scratch/x.py": ""})
    check(tmp_path, BESIDE)


LIES = ["..", "../elsewhere", "/", ".", "./", "common/..", "gone", "\\x00", "link", "a/" * 3000]


@pytest.mark.parametrize("path", LIES)
def test_gitmodules_that_lie(tmp_path: Path, path: str) -> None:
    """A repository would be read for ever, or another one beside it."""
    build(tmp_path / "elsewhere", {**below("lib", PROJECT), **service("a", "-e ../lib")})
    root = build(tmp_path / "root", {**below("common", PROJECT), **SERVICES})
    (root / "link").symlink_to("../elsewhere")
    (root / ".gitmodules").write_text(f'[submodule "x"]\n\tpath = {path}\n[submodule "y"\n')
    run_git(root, "add", "--all")
    check(root, BESIDE)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("include: compose.yml\nservices: {}\n", id="it includes itself"),
        pytest.param("services: &a\n  x: *a\n", id="it is in itself"),
        pytest.param("services:\n  a:\n    build: {context: ., dockerfile: '${FILE}'}\n", id="a variable"),
        pytest.param(
            "services:\n  a:\n    build: {context: 'https://x/y.git', additional_contexts: {l: 'docker-image://x'}}\n",
            id="URLs",
        ),
        pytest.param("services:\n  a: {build: 3}\n  b: [x]\n  3: {volumes: {x: y}}\n", id="other types"),
        pytest.param("[" * 200, id="many brackets"),
        pytest.param("version https://git-lfs.github.com/spec/v1\noid sha", id="a pointer of LFS that is cut off"),
        pytest.param("build\0volumes: \ud800", id="no text"),
    ],
)
def test_compose_files_that_nobody_expects(tmp_path: Path, text: str) -> None:
    """One odd compose file would end the search in a traceback."""
    data = text.encode("utf-8", "surrogatepass")
    root = build(tmp_path, {**below("common", PROJECT), **SERVICES}, git=False)
    for name in (
        "compose.yml",
        "services/api/Dockerfile.x",
        "services/api/pyproject.toml",
        "services/api/environment.yml",
    ):
        (root / name).write_bytes(data)
    check(root, BESIDE)


@pytest.mark.parametrize("git", [True, False], ids=["git", "plain"])
def test_ignored_folders_are_not_looked_into(tmp_path: Path, *, git: bool) -> None:
    """A folder that git ignores would become a service."""
    files = {**below("common", PROJECT), **SERVICES, ".gitignore": "scratch/\n", **service("scratch", "-e ../common")}
    check(build(tmp_path, files, git=git), BESIDE)


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    """A pipe, a huge file, a folder of that name or a database's own folder would stop the search, or hang it."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES, "pgdata/x": ""}, git=False)
    too_long = "d" * 250
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):  # longer than any path that the system takes
        os.mkdir(too_long, dir_fd=folder)
        folder, above = os.open(too_long, os.O_RDONLY, dir_fd=folder), folder
        os.close(above)
    os.close(folder)
    os.mkfifo(tmp_path / "services" / "api" / "requirements-fifo.txt")
    (tmp_path / "services" / "api" / "requirements-huge.txt").write_bytes(b"-e ../worker\n" * 1_300_000)
    (tmp_path / "services" / "api" / "requirements-none.txt").symlink_to("nowhere")
    (tmp_path / "services" / "api" / "requirements-folder.txt").symlink_to(".")
    (tmp_path / "pgdata").chmod(0)
    try:
        check(tmp_path, BESIDE)
    finally:
        (tmp_path / "pgdata").chmod(0o755)


def test_paths_that_the_system_lets_nobody_follow(tmp_path: Path) -> None:
    """A script that writes to `/proc/1/fd/1`, as in many images, would end the search and every later run."""
    names = "services:\n  api:\n    build: {context: services/api, dockerfile: /proc/1/exe}\n    volumes: [/proc/1/cwd:/x]\n"
    files = {"services/api/start.sh": "cat ../../common/x >/proc/1/fd/1\n", "compose.yml": names}
    files["services/api/link.sh"] = "exec ../../common/run /proc/1/root/common\n"
    root = build(tmp_path, {**below("common", PROJECT), **SERVICES, **files})
    check(root, BESIDE)
    for command in ("distribute", "verify", "doctor"):
        assert run(*PROGRAM, command, cwd=root).code in {0, 1}


def test_endless_folders_end(tmp_path: Path) -> None:
    """A tree of folders without end would end in a traceback."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES, "deep/" + "d/" * 200 + "x.py": ""}, git=False)
    check(tmp_path, BESIDE)


def test_names_that_no_configuration_can_hold(tmp_path: Path) -> None:
    """One folder with an odd name would make the whole configuration invalid."""
    odd = ("bad\udcff", "~home", "line\nfeed")
    files = {**below("common", PROJECT), **SERVICES}
    for name in odd:
        files |= service(name, "-e ../common")
    check(build(tmp_path, files), BESIDE)


def test_sparse_checkout_is_refused(tmp_path: Path) -> None:
    """Services that are not checked out would be left out silently."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES})
    run_git(tmp_path, "commit", "--message", "first")
    run_git(tmp_path, "sparse-checkout", "set", "common")
    with pytest.raises(GitError, match="sparse"):
        propose(str(tmp_path))


def many_applications(number_of: int) -> dict[str, str]:
    """Return applications of ten files that have nothing to do with the library, in folders that are called alike."""
    files = {**below("common", PROJECT), **SERVICES}
    for number in range(number_of):
        folder = f"apps/{number % 10}/app{number}"
        files |= {f"{folder}/{name}.py": f"{name} = {number}\n" * 5 for name in ("models", "views", "urls", "admin")}
        files |= {f"{folder}/{name}/__init__.py": "" for name in ("api", "utils", "jobs")}
        files |= {f"{folder}/api/serializers.py": f"x = {number}\n", f"{folder}/utils/text{number % 9}.py": "x = 1\n"}
    return files


def many_copies(number_of: int) -> dict[str, str]:
    """Return services that each have a copy of the library, and ask for it."""
    files = below("common", PACKAGE)
    for number in range(number_of):
        files |= {**service(f"services/s{number}", "-e ./common"), **below(f"services/s{number}/common", PACKAGE)}
    return files


@deep("large repositories")
@pytest.mark.parametrize("files", sampled([many_applications, many_copies], 1, "more shapes of large repositories"))
def test_large_repository(tmp_path: Path, files: Callable[[int], Files]) -> None:
    """A user with a large repository would wait, and take the tool for hung."""

    def prepare(size: int) -> Callable[[], Proposal]:
        top = build(tmp_path / f"{size}", files(size))
        return lambda: propose(str(top))

    proposal = prepare(120)()
    assert (proposal.first.master, proposal.patterns) == ("common", ("services/*",))
    assert_grows_with_size(prepare, 50)


# where to look


def test_root_is_found_from_a_service(tmp_path: Path) -> None:
    """A user who stands in a service would be told that there is no master."""
    build(tmp_path / "backend", {**below("common", PROJECT), **SERVICES}, git=False)
    build(tmp_path, {"README.md": ""})
    backend = tmp_path / "backend"
    assert find_root(str(backend / "services" / "api")) == str(backend)
    assert find_root(str(backend)) == str(backend)
    assert find_root(str(tmp_path)) == str(tmp_path)


def test_root_that_is_configured(tmp_path: Path) -> None:
    """A user who stands in a service would get a second configuration below the first."""
    build(tmp_path, {"common-sync.toml": "", "a/b/x.py": ""})
    assert find_root(str(tmp_path / "a" / "b")) == str(tmp_path)


def test_root_where_nothing_is_found(tmp_path: Path) -> None:
    """A user would be told of a folder that he does not stand in."""
    build(tmp_path / "repository", {"a/b/x.py": ""})
    assert find_root(str(tmp_path / "repository" / "a")) == str(tmp_path / "repository" / "a")
    (tmp_path / "plain").mkdir()
    assert find_root(str(tmp_path / "plain")) == str(tmp_path / "plain")


def test_root_that_is_no_folder(tmp_path: Path) -> None:
    """A user would get a traceback for a typo."""
    with pytest.raises(ConfigurationError, match="gone: is no folder"):
        propose(str(tmp_path / "gone"))
