"""`explain`: why a path is copied, ignored or rewritten."""

import os
from pathlib import Path

import pytest
from support.monorepo import CONFIGURATION, Monorepo, make_monorepo

from common_sync.core.findings import page_url

COPY = "services/api/common"

CACHES = "a built-in rule for caches, which are removed from copies"
EXCLUDES = "a built-in exclude, which is never copied and left alone in copies"

ANSWERS = {
    "common": "the master: files that are copied into every service: 8",
    "common/": "the master: files that are copied into every service: 8",
    "common/wait.sh": "copied: no rule excludes it",
    "common/our_common": "copied: no rule excludes it; files in it: 3",
    "common/our_common/models/": "copied: no rule excludes it; files in it: 1",
    "common/keep.md": "copied: brought back by '!keep.md' in the configuration, common-sync.toml:3",
    "common/a.md": "not copied: '*.md' in the configuration, common-sync.toml:3",
    "common/tests/deep/x.py": "not copied: 'tests/' in the configuration, common-sync.toml:3",
    "common/our_common/__pycache__/x.pyc": f"not copied: '__pycache__/' in {CACHES}",
    "common/x.pyc": f"not copied: '*.pyc' in {CACHES}",
    "common/.venv/bin/python": f"not copied: '.venv/' in {EXCLUDES}",
    "common/a.log": "not copied: git ignores it: common/.gitignore:1:*.log",
    "common/:(glob)x.log": "not copied: git ignores it: common/.gitignore:1:*.log",
    "common/empty": "not copied: it holds no file that is copied",
    "common/not/there": "not copied: there is no such file",
    COPY: "extra: the copy of common in services/api",
    f"{COPY}/wait.sh": "current: it equals the master's",
    f"{COPY}/our_common/settings.py": "modified: distribute would update it only with --force",
    f"{COPY}/mine.py": "extra: distribute would delete it only with --force",
    f"{COPY}/our_common/models/base.py": "missing: distribute would create it",
    f"{COPY}/our_common/__pycache__": f"removed: '__pycache__/' in {CACHES}",
    f"{COPY}/.common-sync.tmp": "removed: it is left of a run that was killed",
    f"{COPY}/.venv": f"left alone: '.venv/' in {EXCLUDES}",
    f"{COPY}/.venv/bin/python": f"left alone: '.venv/' in {EXCLUDES}",
    f"{COPY}/nothing": "not there: neither master nor copy has it",
    "services/api/requirements.txt": "rewritten: it points at the master in line 2",
    "services/worker/requirements.txt": "left alone: it points at the library in line 2, and nothing is to be rewritten",
    "services/api/app.py": "not concerned: it is services/api's own, and nothing in it points at the library",
    "services/api": f"a service: {COPY} is its copy of common: modified; what leads to it: requirements.txt:2",
    "services/worker/": "a service: services/worker/common is its copy of common: current; what leads to it: requirements.txt:2",
    "common-sync.toml": "not concerned: it is in neither the master nor a service",
    ".": "not concerned: it is in neither the master nor a service",
    "services/../common/wait.sh": "copied: no rule excludes it",
}


@pytest.fixture
def mixed(synced: Monorepo) -> Monorepo:
    """Return a repository with a path for every answer."""
    synced.write("common-sync.toml", CONFIGURATION + 'exclude = ["tests/", "*.md", "!keep.md"]\n')
    for path in (
        "keep.md",
        "a.md",
        "tests/deep/x.py",
        "our_common/__pycache__/x.pyc",
        ".venv/bin/python",
        "a.log",
        ":(glob)x.log",
        "new.py",
    ):
        synced.write(f"common/{path}")
    synced.write("common/.gitignore", "*.log\n")
    (synced.root / "common/empty").mkdir()
    assert synced.run("distribute", "-q").code == 0
    synced.write(f"{COPY}/our_common/settings.py", "edited\n")
    for path in ("mine.py", "our_common/__pycache__/x.pyc", ".common-sync.tmp", ".venv/bin/python"):
        synced.write(f"{COPY}/{path}")
    (synced.root / COPY / "our_common/models/base.py").unlink()
    synced.write("services/api/requirements.txt", "fastapi\n-e ../../common\n")
    return synced


def test_every_answer(mixed: Monorepo) -> None:
    """A person could not find out why a file is, or is not, in a copy."""
    before = mixed.stamps(), mixed.stamps(".git")
    done = mixed.run("explain", *ANSWERS)
    assert (done.code, done.err) == (0, "")
    names = ["." if path == "." else str(Path(path.replace("services/../", ""))) for path in ANSWERS]
    assert done.out.splitlines() == [f"{name}: {says}" for name, says in zip(names, ANSWERS.values(), strict=True)]
    assert (mixed.stamps(), mixed.stamps(".git")) == before
    paths = mixed.json("explain", *ANSWERS, code=0)["paths"]
    assert [f"{one['verdict']}: {one['reason']}" for one in paths] == list(ANSWERS.values())
    assert [one["path"] for one in paths] == names


def test_what_else_the_tool_looks_at(synced: Monorepo) -> None:
    """A person would be told that a file is not concerned, in which the tool keeps lines or has found something."""
    copying = "FROM scratch\nCOPY common/ /c/\n"
    synced.write("services/api/Dockerfile", copying)
    synced.write("compose.yml", "services:\n  a: {build: services/api}\n")
    assert synced.run("explain", "services/api/.dockerignore").out == (
        "services/api/.dockerignore: reported: CS116: is missing: it would hold a managed block\n"
    )
    assert synced.run("distribute", "-q").code == 0
    synced.write("services/api/run.sh", "cd app\npip install ../../common\n")
    synced.write("services/api/requirements.txt", "-e ../../common\n-e ${X}/common\n-e ./common\n")
    synced.write("services/worker/Dockerfile", copying)
    synced.write("services/worker/.dockerignore", synced.read("services/api/.dockerignore") + "common/*.sh\n")
    last = len(synced.read("services/worker/.dockerignore").splitlines())
    answers = {
        "services/api/run.sh": "reported: CS110 in line 2: ",
        "services/api/requirements.txt": "rewritten: it points at the master in line 1; CS102 in line 2: ",
        "services/api/.dockerignore": "managed: it holds a managed block",
        "services/worker/.dockerignore": f"reported: CS115 in line {last}: 'common/*.sh' keeps common/wait.sh out of the build context; it holds a managed block",
        ".gitattributes": "managed: it holds a managed block",
        "compose.yml": "left alone: it builds or runs services/api, and nothing is to be rewritten",
    }
    done = synced.run("explain", *answers)
    assert (done.code, done.err) == (0, "")
    for line, (path, says) in zip(done.out.splitlines(), answers.items(), strict=True):
        assert line.startswith(f"{path}: {says}")


def test_from_another_folder(synced: Monorepo) -> None:
    """The answer would be about another file when asked from inside the library."""
    for path, cwd, start in (
        (".", "common", "common: the master"),
        ("..", "common", ".: not concerned"),
        ("wait.sh", "common", "common/wait.sh: copied"),
        (str(synced.root / "common/wait.sh"), "services", "common/wait.sh: copied"),
        ("../common", "services", "common: the master"),
    ):
        assert synced.run("explain", path, cwd=cwd).out.startswith(start)
    for path in ("/", "../..", str(synced.root.parent)):
        done = synced.run("explain", path, cwd="common")
        assert (done.code, done.out) == (2, "")
        shorter = min(path, os.path.relpath(path, synced.root / "common"), key=len)
        assert done.err == f"error: {shorter}: is outside {synced.root}\n"


def test_outside_git(tmp_path: Path) -> None:
    """Somebody without git would be told that there is no such file."""
    repo = make_monorepo(tmp_path / "repo", git=False)
    repo.write("common/.gitignore", "*.log\n")
    repo.write("common/a.log")
    done = repo.run("explain", "common/a.log", env={"PATH": "/nonexistent"})
    assert done == (0, "common/a.log: not copied: a .gitignore file ignores it\n", "")


def test_a_code_is_explained_by_its_page(tmp_path: Path) -> None:
    """Somebody who reads `CS101` in a log would have to search the web, and be shown Markdown."""
    repo = Monorepo(tmp_path)  # no project: a code needs none
    for word in ("CS202", "cs202"):
        done = repo.run("explain", word)
        assert (done.code, done.err) == (0, "")
        head, *body = done.out.splitlines()
        assert head == "CS202 (error): What is to be copied is not in the build context"
        assert body[-2:] == [page_url("CS202"), ""]
        assert "What to do" in body
        assert max(map(len, body[:-2])) <= 80
    listed = repo.run("explain", "CS102").out.splitlines()
    assert "- The path holds a variable." in listed, "each item of a list has a line of its own"
    assert "  build." in listed
    assert "the hook" in (shown := repo.run("explain", "CS009").out)
    assert not set("[]#") & set(shown)
    document = repo.json("explain", "CS202", code=0)
    assert document["paths"] == []
    (page,) = document["codes"]
    assert (page["code"], page["severity"], page["url"]) == ("CS202", "error", page_url("CS202"))
    assert page["text"].startswith(f"# CS202 (error): {page['title']}\n")


@pytest.mark.parametrize(
    ("word", "says"),
    [("CS102x", None), ("CS1020", "did you mean CS102 or CS120?"), ("CS77777777", "the codes are CS001 to CS")],
)
def test_a_code_that_there_is_not(synced: Monorepo, word: str, says: str | None) -> None:
    """A mistyped code would be taken for the name of a file that is not there."""
    done = synced.run("explain", word)
    if says is None:
        assert done == (0, f"{word}: not there: there is no such file\n", "")
    else:
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"error: there is no code {word}\n  help: {says}")


def test_a_file_that_is_named_as_a_code(synced: Monorepo) -> None:
    """Nobody could ask about a file of such a name, or would get the page instead of an answer."""
    synced.write("CS101")
    assert synced.run("explain", "./CS101").out == "CS101: not concerned: it is in neither the master nor a service\n"


def test_a_finding_names_the_address_of_its_page(synced: Monorepo) -> None:
    """A script that shows findings could not link to what they mean."""
    synced.write(f"{COPY}/mine.py", "edited\n")
    (finding,) = synced.json("verify", code=1)["findings"]
    assert finding["url"] == page_url("CS005")
    assert (Path(__file__).parents[1] / finding["url"].partition("/blob/main/")[2]).is_file()
