"""Break the program on purpose, one way at a time, and see that a test turns red: `python tests/reliability/breaks.py`.

It works in a copy. A break whose text is not found any more is an error: it has to follow the code.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
HERE = "tests/reliability"


class Break(NamedTuple):
    """One deliberate mistake.

    Attributes:
        name: What is wrong then.
        file: The file of the package that it is made in.
        before: Text that stands there once.
        after: What stands there instead.
        tests: The tests that must notice it, as arguments to pytest.
    """

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


BREAKS = (
    Break(
        "the manifest is written first",
        "edges/writing.py",
        "announced = _announce(folder, manifest)",
        "announced = replace_bytes(folder, MANIFEST_NAME, manifest)",
        (f"{HERE}/test_crash.py", "-k", "update"),
    ),
    Break(
        "what a killed run had announced is not looked at",
        "core/plan.py",
        "settled = _settle(base, announced, entries) if announced is not None else None",
        "settled = None",
        (f"{HERE}/test_crash.py", "-k", "update"),
    ),
    Break(
        "what a killed run has written is forgotten by the next one",
        "commands/apply.py",
        "if plan.copy.settled is not None:",
        "if False:",
        (f"{HERE}/test_crash.py", "-k", "twice"),
    ),
    Break(
        "a copy's file is written in place",
        "edges/writing.py",
        "source.write(operation.path, TEMPORARY, parent, entry)",
        "remove_tree(name, parent); source.write(operation.path, name, parent, entry); return",
        (f"{HERE}/test_crash.py", "-k", "update"),
    ),
    Break(
        "a new copy is not staged",
        "edges/writing.py",
        "with opened(STAGING, parent) as folder:",
        "os.rename(STAGING, name, src_dir_fd=parent, dst_dir_fd=parent)\n                with opened(name, parent) as folder:",
        (f"{HERE}/test_crash.py", "-k", "first"),
    ),
    Break(
        "a requirements file is written in place",
        "edges/users_files.py",
        "_write_flushed(folder, after, like)",
        "write_all(os.open(name, os.O_WRONLY | os.O_TRUNC, dir_fd=folder), after); return",
        (f"{HERE}/test_crash.py", "-k", "requirements"),
    ),
    Break(
        "--force keeps nothing",
        "commands/apply.py",
        "if self._kept is not None:",
        "if False:",
        (f"{HERE}/test_crash.py", "-k", "forced"),
    ),
    Break(
        "the newest set is the first to go",
        "edges/keeping.py",
        "[:-SETS]",
        "[SETS:]",
        (f"{HERE}/test_kept.py",),
    ),
    Break(
        "nobody looks again before replacing a file",
        "edges/writing.py",
        "if held != operation.before:",
        "if False:",
        (f"{HERE}/test_faults.py", "-k", "somebody"),
    ),
    Break(
        "nobody looks at the master again",
        "commands/distribute.py",
        "problems.append(find_changes(",
        "problems.append(() and find_changes(",
        (f"{HERE}/test_faults.py", "-k", "master_changes"),
    ),
    Break(
        "the lock lets everybody in",
        "edges/lock.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        (f"{HERE}/test_together.py", "-k", "eight or lock"),
    ),
    Break(
        "a worker that was killed is not missed",
        "edges/forking.py",
        "if sum(map(len, shares)) != len(items):",
        "if False:",
        (f"{HERE}/test_together.py", "-k", "worker"),
    ),
    Break(
        "what cannot be read is passed over",
        "edges/reading.py",
        "if walker.problems:",
        "if False:",
        (f"{HERE}/test_fail_closed.py",),
    ),
    Break(
        "a folder of the master that git cannot open is passed over",
        "edges/git.py",
        "+ closed))",
        "+ []))",
        (f"{HERE}/test_fail_closed.py",),
    ),
    Break(
        "edits are overwritten without --force",
        "core/plan.py",
        "return tuple(operation for operation in self.operations if not operation.guarded)",
        "return self.operations",
        (f"{HERE}/test_edits_survive.py",),
    ),
)


def is_noticed(one: Break, folder: Path) -> bool:
    """Make a mistake in a copy, and run the tests that must notice it."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("common_sync", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    file = folder / "common_sync" / one.file
    text = file.read_text(encoding="utf-8")
    if text.count(one.before) != 1:
        message = f"{one.name}: {one.before!r} is not in {one.file} once"
        raise SystemExit(message)
    file.write_text(text.replace(one.before, one.after), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", "2", *one.tests]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    return "\nFAILED " in done.stdout


def main() -> int:
    """Make every mistake; return how many went unnoticed."""
    unnoticed = 0
    for one in BREAKS:
        with tempfile.TemporaryDirectory() as folder:
            noticed = is_noticed(one, Path(folder))
        unnoticed += not noticed
        sys.stdout.write(f"{'noticed  ' if noticed else 'UNNOTICED'} {one.name}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(BREAKS) - unnoticed} of {len(BREAKS)} breaks noticed\n")
    return min(unnoticed, 1)


if __name__ == "__main__":
    sys.exit(main())
