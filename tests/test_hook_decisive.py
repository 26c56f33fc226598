"""What the hook lets pass must be in sync in a clone where the index has another version of a file than the disk."""

import pytest
from support.commits import (
    CHECKS,
    assert_blocked,
    assert_clone_in_sync,
    assert_committed,
    commit,
    do_as_told,
    install_hook,
)
from support.monorepo import Monorepo

REFERENCES = {
    "Dockerfile": "FROM python:3.12\nCOPY ../common /common\n",
    "docker/api.dockerfile": "FROM python:3.12\nCOPY ../common /common\n",
    "pyproject.toml": '[project]\nname = "a"\n[tool.uv.sources]\nour-common = { path = "../../common" }\n',
    "compose.yml": "services:\n  a:\n    build:\n      context: .\n      additional_contexts: {common: ../../common}\n",
    "environment.yaml": "dependencies:\n  - pip:\n    - -e ../../common\n",
    "Pipfile": '[packages]\nour-common = {path = "../../common", editable = true}\n',
    "requirements/base.txt": "-e ../../common\n",
    "requirements-dev.in": "-e ../../common\n",
}
"""Files of a service, each as it is before the tool has rewritten it."""

CRLF = "* text eol=crlf\n"


@pytest.mark.parametrize("path", REFERENCES)
def test_a_staged_reference_that_the_disk_has_not(synced: Monorepo, path: str) -> None:
    """A commit with a reference to the master would pass, because it was mended on the disk and not staged again."""
    _keep_no_blocks(synced)
    install_hook(synced)
    _stage(synced, f"services/api/{path}", REFERENCES[path], None if path.endswith("file") else "")
    done = commit(synced)
    assert_blocked(done, f"git add services/api/{path}")
    do_as_told(synced, done)
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


@pytest.mark.parametrize(
    ("option", "path"), [("assume-unchanged", "requirements.txt"), ("skip-worktree", "Dockerfile")]
)
def test_a_staged_reference_that_git_was_told_not_to_look_at(synced: Monorepo, option: str, path: str) -> None:
    """With a clean file on the disk, hidden from git, nobody would hear of the reference in the commit."""
    _keep_no_blocks(synced)
    install_hook(synced)
    file = f"services/api/{path}"
    synced.write(file, REFERENCES.get(path, "-e ../../common\n"))
    synced.git("add", file)
    synced.git("update-index", f"--{option}", file)
    synced.write(file, "# nothing\n")
    done = commit(synced)
    assert_blocked(done, f"{file}: CS009", f"help: git update-index --no-{option} {file}")
    do_as_told(synced, done)
    do_as_told(synced, commit(synced))
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


@pytest.mark.parametrize("name", [".dockerignore", "Dockerfile.dockerignore", "api.dockerfile.dockerignore"])
def test_a_staged_ignore_file_that_drops_the_copy(synced: Monorepo, name: str) -> None:
    """The image of a clone would be built without the copy."""
    install_hook(synced)
    dockerfile = name.removesuffix(".dockerignore") or "Dockerfile"
    synced.write(f"services/api/{dockerfile}", "FROM python:3.12\nCOPY . .\n")
    assert synced.run("distribute").code == 0
    synced.git("add", "-A")
    path = f"services/api/{name}"
    before = synced.read(path) if (synced.root / path).exists() else ""
    _stage(synced, path, before + "common\n", before)
    done = commit(synced)
    assert_blocked(done, f"git add {path}")
    do_as_told(synced, done)
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


def test_an_ignore_file_that_git_does_not_know(synced: Monorepo) -> None:
    """One that stands in for the folder's own on this disk alone would hide that the folder's own drops the copy."""
    install_hook(synced)
    synced.write("services/api/Dockerfile", "FROM python:3.12\nCOPY . .\n")
    synced.write("services/api/Dockerfile.dockerignore", "*.md\n")
    assert synced.run("distribute").code == 0
    ignore = "services/api/.dockerignore"
    synced.write(ignore, synced.read(ignore) + "common\n")
    synced.git("add", "-A")
    synced.git("rm", "-q", "--cached", "services/api/Dockerfile.dockerignore")
    assert_blocked(commit(synced), "a fresh clone of this commit would not be in sync", f"{ignore}", "CS115")


@pytest.mark.parametrize("path", ["services/api/.gitattributes", "services/.gitattributes"])
@CHECKS
def test_staged_attributes_that_the_disk_has_not(synced: Monorepo, path: str, check: list[str]) -> None:
    """Every clone would have other line ends in a copy or the master, and this disk would never show it."""
    synced.write(".gitattributes", "")
    _keep_no_blocks(synced)
    install_hook(synced, *check)
    _stage(synced, path, CRLF, None if check else "")
    done = commit(synced)
    assert_blocked(done, f"git add {path}")
    do_as_told(synced, done)
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


@CHECKS
def test_changes_that_decide_nothing(synced: Monorepo, check: list[str]) -> None:
    """Whoever has changed his Dockerfile, and not staged it, could not commit anything else."""
    for path, text in {"Dockerfile": "FROM a\n", ".gitattributes": "*.png -diff\n", "Makefile": "all:\n"}.items():
        synced.write(f"services/api/{path}", text)
    assert synced.run("distribute").code == 0
    synced.git("add", "-A")
    install_hook(synced, *check)
    for path in ("Dockerfile", ".gitattributes", "Makefile"):
        synced.write(f"services/api/{path}", synced.read(f"services/api/{path}") + "# more\n")
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


@pytest.mark.parametrize("path", ["compose.yml", "services/compose.yml", "services/more.yml"])
@CHECKS
def test_a_compose_file_above_the_services(synced: Monorepo, path: str, check: list[str]) -> None:
    """A commit that is in sync would be blocked, since the clone that is tried lacks the file that says how an image is built."""
    _keep_no_blocks(synced)
    install_hook(synced, *check)
    synced.write("services/api/Dockerfile", "FROM x\nCOPY ../../common /c\n")
    synced.write("services/api/other.Dockerfile", "FROM x\n")
    context = ".." if path.startswith("services") else "."
    build = f"{{context: {context}, dockerfile: services/api/Dockerfile}}"
    synced.write(path, f"services: {{api: {{build: {build}}}}}\n")
    if path.endswith("more.yml"):
        synced.write("compose.yml", "include: [services/more.yml]\n")
    assert synced.run("distribute").code == 0
    synced.git("add", "-A")
    synced.write("services/api/other.Dockerfile", "FROM y\n")
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


def _keep_no_blocks(repo: Monorepo) -> None:
    """Switch off what would have to be written and staged for a Dockerfile by itself."""
    repo.write("common-sync.toml", repo.read("common-sync.toml") + "managed = []\n")
    repo.git("add", "-A")


def _stage(repo: Monorepo, path: str, staged: str, after: str | None) -> None:
    """Stage one version of a file, and leave another on the disk, or none."""
    repo.write(path, staged)
    repo.git("add", "-f", path)
    if after is None:
        (repo.root / path).unlink()
    else:
        repo.write(path, after)
