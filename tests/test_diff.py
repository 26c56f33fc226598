"""`diff`: what would change, copy to master, and in the services' own files."""

from typing import NamedTuple

import pytest
from support.monorepo import Monorepo, patched, run, show

COPY = "services/api/common"
SETTINGS = "our_common/settings.py"


class Case(NamedTuple):
    """A file in the copy and in the master (None: not there), and what `diff` says."""

    copy: bytes | None
    master: bytes | None
    says: str


HEAD = f"--- {COPY}/x\t(the copy)\n+++ common/x\t(the master)\n"

CASES = {
    "changed": Case(b"a\nb\nc\n", b"a\nB\nc\n", HEAD + "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"),
    "extra": Case(b"a\n", None, HEAD + "@@ -1 +0,0 @@\n-a\n"),
    "new": Case(None, b"a\n", HEAD + "@@ -0,0 +1 @@\n+a\n"),
    "no last line end": Case(
        b"a\n", b"a", HEAD + "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n"
    ),
    "line ends": Case(b"a\r\n", b"a\n", HEAD + "@@ -1 +1 @@\n-a\r\n+a\n"),
    "a carriage return inside": Case(b"a\rb\n", b"a\n", HEAD + "@@ -1 +1 @@\n-a\rb\n+a\n"),
    "not UTF-8": Case(b"\xe9\n", b"e\n", HEAD + "@@ -1 +1 @@\n-\\xe9\n+e\n"),
    "what looks like a head": Case(b"-- a\n", b"++ b\n", HEAD + "@@ -1 +1 @@\n--- a\n+++ b\n"),
    "binary": Case(b"\0", b"a\n", f"Binary or large files {COPY}/x and common/x differ\n"),
    "large": Case(b"a\n", b"a" * (5 << 20), f"Binary or large files {COPY}/x and common/x differ\n"),
    "an empty file of the copy": Case(b"", None, f"Only in the copy: empty file {COPY}/x\n"),
    "an empty file of the master": Case(None, b"", f"Only in the master: empty file {COPY}/x\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_unified_diff(synced: Monorepo, name: str) -> None:
    """A person could not see what `distribute` would change."""
    case = CASES[name]
    for path, content in ((f"{COPY}/x", case.copy), ("common/x", case.master)):
        if content is not None:
            synced.write(path, content)
    before = synced.stamps()
    done = run_raw(synced, "diff", "api")
    assert done == (1, case.says)
    assert synced.stamps() == before


def run_raw(repo: Monorepo, *arguments: str) -> tuple[int, str]:
    """Run common-sync; return what it wrote with its carriage returns: a fork's output is not read as text."""
    done = repo.run(*arguments)
    return done.code, done.out


def test_nothing_to_show(synced: Monorepo) -> None:
    """A script could not ask by the exit code."""
    assert synced.run("diff") == (0, "", "")


def test_references_modes_and_symlinks(synced: Monorepo) -> None:
    """A change that is not in a file's contents would come as a surprise."""
    synced.write("services/api/requirements.txt", "fastapi\n-e ../../common\n")
    (synced.root / COPY / "wait.sh").chmod(0o644)
    (synced.root / COPY / SETTINGS).unlink()
    (synced.root / COPY / SETTINGS).symlink_to("__init__.py")
    done = synced.run("diff")
    assert done.code == 1
    assert done.out.splitlines() == [
        "--- services/api/requirements.txt\t(now)",
        "+++ services/api/requirements.txt\t(as distribute writes it)",
        "@@ -1,2 +1,2 @@",
        " fastapi",
        "--e ../../common",
        "+-e ./common",
        f"{COPY}/{SETTINGS}: mode 120000, in common/{SETTINGS} mode 100644",
        f"--- {COPY}/{SETTINGS}\t(the copy)",
        f"+++ common/{SETTINGS}\t(the master)",
        "@@ -1 +1 @@",
        "-__init__.py",
        "\\ No newline at end of file",
        "+DEBUG = False",
        f"{COPY}/wait.sh: mode 100644, in common/wait.sh mode 100755",
    ]


@pytest.mark.parametrize("command", [("diff",), ("distribute", "--dry-run", "--diff")], ids=["diff", "distribute"])
def test_references_come_first_and_a_new_copy_is_one_line(repo: Monorepo, command: tuple[str, ...]) -> None:
    """The few lines that a person has to look at would drown in the files of new copies."""
    lines = repo.run(*command).out.splitlines()
    heads = [line.partition("\t")[0] for line in lines if line.startswith(("--- ", "New copy "))]
    new = [f"New copy services/{name}/common: 5 files (-v shows them)" for name in ("api", "worker")]
    assert heads == [*(f"--- services/{name}/requirements.txt" for name in ("api", "worker")), "--- /dev/null", *new]
    assert "+DEBUG = False" not in lines
    whole = repo.run(*command, "--verbose").out.splitlines()
    assert whole.count("+DEBUG = False") == 2
    assert not any(line.startswith("New copy ") for line in whole)


def test_only_the_manifest(synced: Monorepo) -> None:
    """Exit code 1 without a word would look like a crash."""
    (synced.root / COPY / ".common-sync.json").unlink()
    done = synced.run("diff")
    assert done == (1, f"Only the manifest of {COPY} and that of common differ\n", "")


def test_as_json(synced: Monorepo) -> None:
    """A script that asks for JSON would get something else."""
    synced.write(f"{COPY}/{SETTINGS}", "edited\n")
    assert synced.json("diff", code=1)["diff"] == [
        f"--- {COPY}/{SETTINGS}\t(the copy)", f"+++ common/{SETTINGS}\t(the master)", "@@ -1 +1 @@", "-edited", "+DEBUG = False"
    ]  # fmt: skip


def test_on_a_terminal(synced: Monorepo) -> None:
    """What somebody wrote into a file, or into its name, could take the terminal over."""
    synced.write(f"{COPY}/evil\x1b[2Jname\n", "\x1b[2J\t\x9b1m\r\n")
    done = show(*patched("")[:1], "-m", "common_sync", "diff", cwd=synced.root)
    assert done.code == 1
    assert done.out.splitlines() == [
        f"\x1b[1m--- {COPY}/evil\\x1b[2Jname\\n\t(the copy)\x1b[0m",
        "\x1b[1m+++ common/evil\\x1b[2Jname\\n\t(the master)\x1b[0m",
        "\x1b[36m@@ -1 +0,0 @@\x1b[0m",
        "\x1b[31m-\\x1b[2J\t\\x9b1m\\r\x1b[0m",
    ]
    assert "\x1b[2J\t\x9b1m" in synced.run("diff").out, "in a pipe, contents are as they are"


def test_a_file_that_goes_away_meanwhile(synced: Monorepo) -> None:
    """A file that is deleted while `diff` runs would end it with a traceback."""
    synced.write(f"{COPY}/{SETTINGS}", "edited\n")
    patch = (
        "import os\nfrom common_sync.commands import diff\n"
        "def gone(*arguments):\n    raise FileNotFoundError(2, 'No such file or directory', 'x')\n"
        "diff.open = gone\n"
    )
    done = run(*patched(patch), "diff", cwd=synced.root)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: {COPY}/{SETTINGS}: cannot read it: no such file or directory\n"
