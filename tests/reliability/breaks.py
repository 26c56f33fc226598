"""Break the program on purpose, one way at a time, and see that a test turns red: `make mutate`.

It works in copies. A break has to follow the code: `test_breaks.py` says so when its text is not there any more. What was red
with a break must be green without one, or it would show nothing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
HERE = "tests/reliability"
PATIENCE = 1800
"""Seconds for the tests of one break."""


class Break(NamedTuple):
    """One deliberate mistake.

    Attributes:
        name: What is wrong then.
        file: The file of the package that it is made in.
        before: Text that stands there once.
        after: What stands there instead.
        tests: Tests that must notice it, as arguments to pytest: few, and quick.
    """

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]

    def text(self) -> str:
        """Return the file with the mistake in it.

        Raises:
            ValueError: What is to be replaced is not there once.
        """
        text = (ROOT / "common_sync" / self.file).read_text(encoding="utf-8")
        if text.count(self.before) != 1:
            message = f"{self.name}: {self.before!r} is not in {self.file} once"
            raise ValueError(message)
        return text.replace(self.before, self.after)


def crash(scenario: str) -> tuple[str, ...]:
    """Return the tests that kill one scenario everywhere."""
    return (f"{HERE}/test_crash.py::test_killed_anywhere[{scenario}-0]",)


BREAKS = (
    Break(
        "promote writes no journal",
        "commands/steps/promote/taking.py",
        "    write_journal(project.root, journal)\n",
        "",
        (f"{HERE}/test_promote.py::test_killed_anywhere",),
    ),
    Break(
        "promote --to forgets what it has taken",
        "commands/steps/promote/taking.py",
        "    journal = _add_taken(journal, edits)\n",
        "",
        ("tests/test_promote_elsewhere.py::test_a_merge_is_made_once",),
    ),
    Break(
        "promote --to takes any repository with such a folder",
        "commands/steps/promote/homes.py",
        "    _check_history(root, library, place)\n",
        "",
        ("tests/test_promote_elsewhere.py::test_what_is_no_goal",),
    ),
    Break(
        "verify --deep passes over tags",
        "commands/steps/versions/locking.py",
        "report_forged(entry, tree) or _report_other(project.root, entry)",
        "report_forged(entry, tree)",
        ("tests/test_pins.py::test_a_lock_with_the_commit_of_another_state",),
    ),
    Break(
        "promote writes what it can, though something was refused",
        "commands/promote.py",
        "        if refused or dry_run or not (promoted or journal.keys() - list_locked(project)):\n",
        "        if dry_run or not (promoted or journal or edits.steps):\n",
        ("tests/test_promote.py::test_one_refusal_refuses_all",),
    ),
    Break(
        "what only a merge had is forgotten",
        "edges/git/former.py",
        'read_changes(master, "-c", ',
        "read_changes(master, ",
        ("tests/edges/test_history.py::test_a_state_that_only_a_merge_had",),
    ),
    Break(
        "what a merge has dropped is forgotten",
        "edges/git/former.py",
        '"-c", "--full-history", ',
        '"-c", ',
        ("tests/edges/test_history.py::test_a_state_that_a_merge_has_dropped",),
    ),
    Break(
        "the first of the last commits counts as one that changes what is copied",
        "commands/log.py",
        " and not nearest.differing and nearest.number)",
        " and not nearest.differing)",
        ("tests/test_log.py::test_a_long_history_is_read_from_its_end",),
    ),
    Break(
        "of an option that is given twice, one value is taken",
        "interface/plain.py",
        "return len(words) == 1 and str in",
        "return str in",
        ("tests/test_plain.py::test_all_else_is_left_to_typer",),
    ),
    Break(
        "the manifest is written first",
        "edges/files/writing.py",
        "_write_new(folder, ANNOUNCED, manifest)",
        "_write_new(folder, ANNOUNCED, manifest); os.rename(ANNOUNCED, MANIFEST_NAME, src_dir_fd=folder, dst_dir_fd=folder); return False",
        crash("update"),
    ),
    Break(
        "folders are entered through symlinks: O_NOFOLLOW dropped",
        "edges/files/folders.py",
        "FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW",
        "FOLDER = os.O_RDONLY | os.O_DIRECTORY",
        (f"{HERE}/test_outside.py::test_planted_before[update]",),
    ),
    Break(
        "the executable bit is left out of the digest",
        "core/copies/digest.py",
        'b"x" if entry.executable else b"f"',
        'b"f"',
        (f"{HERE}/test_mutations.py::test_every_mutation_is_named",),
    ),
    Break(
        "the lock lets everybody in",
        "edges/state/lock.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        (f"{HERE}/test_together.py::test_lock_says_who_holds_it",),
    ),
    Break(
        "--force keeps nothing",
        "commands/steps/apply.py",
        "if self._kept is not None:\n                keep_files(self._kept, copy.path",
        "if False:\n                keep_files(self._kept, copy.path",
        (f"{HERE}/test_kept.py::test_last_sets_are_kept",),
    ),
    Break(
        "what a killed run had announced is not looked at",
        "core/copies/plan.py",
        "_settle(base, announced, entries) if announced is not None else None",
        "None",
        crash("update"),
    ),
    Break(
        "what a killed run has written is forgotten by the next one",
        "commands/steps/apply.py",
        "if copy.plan.settled is not None:",
        "if False:",
        (f"{HERE}/test_crash.py::test_killed_twice[update]",),
    ),
    Break(
        "a copy's file is written in place",
        "edges/files/writing.py",
        "source.write(operation.path, TEMPORARY, parent, entry)",
        "remove_tree(name, parent); source.write(operation.path, name, parent, entry); return",
        crash("update"),
    ),
    Break(
        "a new copy is not staged",
        "edges/files/writing.py",
        "                    _fill(folder, layout, source)\n"
        "                    _write_new(folder, MANIFEST_NAME, manifest)\n"
        "                finally:\n"
        "                    os.close(folder)\n"
        "                os.rename(STAGING, name, src_dir_fd=parent, dst_dir_fd=parent)\n",
        "                    os.rename(STAGING, name, src_dir_fd=parent, dst_dir_fd=parent)\n"
        "                    _fill(folder, layout, source)\n"
        "                    _write_new(folder, MANIFEST_NAME, manifest)\n"
        "                finally:\n"
        "                    os.close(folder)\n",
        crash("first copy"),
    ),
    Break(
        "a requirements file is written in place",
        "edges/files/replacing.py",
        "_write_flushed(folder, edit.after, like)",
        "write_all(os.open(name, os.O_WRONLY | os.O_TRUNC, dir_fd=folder), edit.after); return",
        crash("requirements rewrite"),
    ),
    Break(
        "the newest set is the first to go",
        "edges/state/discarded.py",
        "[:-SETS]",
        "[SETS:]",
        (f"{HERE}/test_kept.py::test_last_sets_are_kept",),
    ),
    Break(
        "discarded files are kept wherever a symlink leads",
        "edges/state/discarded.py",
        "with opened(_FOLDER, folder) as sets:",
        "with opened(os.path.join(state, _FOLDER)) as sets:",
        (f"{HERE}/test_outside.py::test_planted_before[forced overwrite]",),
    ),
    Break(
        "restore overwrites a newer edit",
        "commands/restore.py",
        "if is_own and not force:",
        "if is_own and force is None:",
        ("tests/test_restore.py::test_a_newer_edit_is_not_overwritten",),
    ),
    Break(
        "restore keeps nothing of what it replaces",
        "commands/restore.py",
        "kept = new_set(project.root) if own and not dry_run else None",
        "kept = new_set(project.root) if own and dry_run else None",
        (f"{HERE}/test_restore.py::test_killed_anywhere",),
    ),
    Break(
        "what a manifest lists is not held to the locked digest",
        "edges/library/pinned.py",
        "return manifest if digest_tree(manifest.files) == self._locked.tree else None",
        "return manifest",
        ("tests/test_pins.py::test_a_forged_manifest_gives_nothing",),
    ),
    Break(
        "bytes for a pinned copy are not held to their digest",
        "edges/library/proven.py",
        "if sha256(data).hexdigest() == entry.sha256:",
        "if True:",
        ("tests/test_pins.py::test_pin_and_unpin_give_everything_back",),
    ),
    Break(
        "a commit counts that has another digest than the lock",
        "edges/library/pinned.py",
        "if committed is None or committed.tree != self._locked.tree:",
        "if committed is None:",
        ("tests/test_pins.py",),
    ),
    Break(
        "a release that fails stays",
        "commands/steps/environments/releases.py",
        "    return go_back(site, releases, release, say)._replace(reason=reason, log=log)\n",
        "    return Outcome(release.number, reason=reason, log=log)\n",
        ("tests/test_releases.py::test_undone_by_itself",),
    ),
    Break(
        "a release counts before it is whole",
        "edges/environments/releases.py",
        "            _fill(place, path, release, content)\n            with opened(name, releases) as folder:\n                flush(folder)\n                replace_bytes(folder, RECORD, format_release(release), flushed=True)\n",
        "            os.makedirs(path)\n            with opened(name, releases) as folder:\n                replace_bytes(folder, RECORD, format_release(release), flushed=True)\n                _fill(place, path, release, content)\n",
        (f"{HERE}/test_releases.py",),
    ),
    Break(
        "what outlives releases is overwritten",
        "edges/environments/releases.py",
        "if os.path.lexists(target) or not os.path.lexists(origin):",
        "if not os.path.lexists(origin):",
        ("tests/test_releases.py::test_there_and_back",),
    ),
    Break(
        "the lock is made wherever a symlink leads",
        "edges/state/lock.py",
        "descriptor = open_below(parent, name, make=True)",
        "os.makedirs(folder, exist_ok=True)\n        descriptor = os.open(folder, os.O_RDONLY)",
        (f"{HERE}/test_outside.py::test_planted_before[first copy]",),
    ),
    Break(
        "files are read through symlinks",
        "edges/files/folders.py",
        "FILE = os.O_RDONLY | os.O_NOFOLLOW",
        "FILE = os.O_RDONLY",
        (f"{HERE}/test_mutations.py::test_every_mutation_is_named",),
    ),
    Break(
        "nobody looks again before replacing a file",
        "edges/files/writing.py",
        "if held != operation.before:",
        "if False:",
        ("tests/edges/test_writing.py", "-k", "meanwhile"),
    ),
    Break(
        "nobody looks at the master again",
        "commands/distribute.py",
        "problems += (find_changes(target, found.project.root, tracked) for target in targets)",
        "pass",
        (f"{HERE}/test_kept.py", "-k", "change_of_the_master"),
    ),
    Break(
        "a worker that was killed is not missed",
        "edges/processes/forking.py",
        "if sum(map(len, shares)) != len(items):",
        "if False:",
        (f"{HERE}/test_together.py::test_worker_is_killed[update]",),
    ),
    Break(
        "a stamp trusts what was touched just now",
        "edges/state/watching.py",
        "settled = self.newest < self._began - RACY and",
        "settled =",
        ("tests/test_hook_stamp.py", "-k", "nobody_can_tell"),
    ),
    Break(
        "a stamp holds no listings",
        "edges/state/watching.py",
        "self._note(place, stamp.describe_children(children))",
        "pass",
        ("tests/test_hook_stamp.py", f"{HERE}/test_stamp.py", "-k", "full_run_says or looked_at"),
    ),
    Break(
        "a stamp leaves one path out",
        "edges/state/watching.py",
        "for place, seen in self.looks.items() for field in",
        'for place, seen in self.looks.items() if not place.endswith("/deps.list") for field in',
        ("tests/test_hook_stamp.py", "-k", "include_the_master"),
    ),
    Break(
        "a stamp leaves the times of files out",
        "edges/state/stamp.py",
        "status.st_size, status.st_mtime_ns, status.st_ctime_ns",
        "status.st_size, 0, 0",
        ("tests/test_hook_stamp.py", "-k", "include_the_master"),
    ),
    Break(
        "a stamp is for every environment",
        "edges/state/stamp.py",
        "if name.startswith(READ) and not name.startswith(_NEW_EACH_TIME)",
        "if False",
        ("tests/test_hook_stamp.py", "-k", "another_environment"),
    ),
    Break(
        "a stamp of another user is believed",
        "edges/state/stamp.py",
        "and status.st_uid == os.geteuid() and not status.st_mode & 0o022",
        "",
        ("tests/test_hook_stamp.py", "-k", "own_stamp"),
    ),
    Break(
        "what cannot be read is passed over",
        "edges/files/reading.py",
        "if walker.problems:",
        "if False:",
        (f"{HERE}/test_fail_closed.py", "-k", "unreadable"),
    ),
    Break(
        "a folder of the master that git cannot open is passed over",
        "edges/git/ask.py",
        "+ closed))",
        "+ []))",
        (f"{HERE}/test_fail_closed.py", "-k", "unreadable"),
    ),
    Break(
        "edits are overwritten without --force",
        "core/copies/plan.py",
        "return tuple(operation for operation in self.operations if not operation.guarded)",
        "return self.operations",
        (f"{HERE}/test_edits_survive.py::test_edits_stay",),
    ),
    Break(
        "a path in a manifest may lead upward",
        "core/copies/manifest.py",
        'part in {"", ".", ".."}',
        'part in {"", "."}',
        ("tests/core/copies/test_manifest.py", "-k", "refused"),
    ),
    Break(
        "the length of a path is left out of the digest",
        "core/copies/digest.py",
        'b"%d:%s%s%d:%s\\n" % (len(name), name, kind,',
        'b"%s%s%d:%s\\n" % (name, kind,',
        ("tests/core/copies/test_digest.py",),
    ),
)


@contextmanager
def copied(one: Break | None = None) -> Iterator[Path]:
    """Have a copy of the project, with or without a mistake in it.

    Args:
        one: The mistake.
    """
    with tempfile.TemporaryDirectory(prefix="common-sync-break-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # some tests run the program as another user, who has to be able to read it
        for part in ("common_sync", "tests", "docs"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        if one is not None:
            (folder / "common_sync" / one.file).write_text(one.text(), encoding="utf-8")
        yield folder


def failures(folder: Path, *tests: str) -> list[str]:
    """Run tests in a copy; return those that fail.

    Args:
        folder: The copy.
        tests: Arguments to pytest.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", *tests]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}
    done = subprocess.run(
        command,
        cwd=folder,
        env=kept | {"PYTHONPATH": str(folder), "TESTS": "all"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=PATIENCE,
        check=False,
    )
    return re.findall(r"^FAILED (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)


def notice(one: Break) -> list[str]:
    """Return the test that notices a mistake, or nothing."""
    with copied(one) as folder:
        return failures(folder, "-x", *one.tests)


def main() -> int:
    """Make every mistake, two at a time, and print which test has noticed it."""
    noticed: list[list[str]] = []
    with ThreadPoolExecutor(2) as threads:
        for one, tests in zip(BREAKS, threads.map(notice, BREAKS), strict=True):
            noticed.append(tests)
            sys.stderr.write(f"{len(noticed)} of {len(BREAKS)}: {one.name}\n")
    with copied() as folder:
        unsound = set(failures(folder, *sorted({test for tests in noticed for test in tests})))
    missed = 0
    for one, tests in zip(BREAKS, noticed, strict=True):
        by = [test for test in tests if test not in unsound]
        missed += not by
        sys.stdout.write(f"{f'noticed by {by[0]}' if by else 'UNNOTICED'}: {one.name}\n")
    sys.stdout.write(f"{len(BREAKS) - missed} of {len(BREAKS)} deliberate breaks noticed\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
