"""A repository in which a team has worked for weeks: copies in sync, behind, edited, gone, made by hand; the same each time."""

import random
import shutil
from pathlib import Path

from support.monorepo import Monorepo

DAY = 86_400
BEGIN = 1_780_300_800
"""Seconds since 1970: the day of the first commit, 1 June 2026."""

MASTER, PACKAGE = "libs/common", "acme_common"
_FOLDERS: tuple[str, ...] = ("auth", "bus", "cache", "clients", "config", "events", "http", "jobs", "logging")
_FOLDERS += ("metrics", "models", "web")
_STEMS = ("base", "client", "errors", "settings", "types")
_TRADES: tuple[str, ...] = ("billing", "booking", "catalog", "fraud", "identity", "media", "notify", "orders")
_TRADES += ("payments", "pricing", "reports", "search", "shipping", "support", "users", "vendors", "warehouse")
_TRADES += ("audit", "crm", "tax")
_PARTS: tuple[str, ...] = ("api", "worker", "cron", "gateway", "importer", "exporter", "hooks", "admin", "stream")
_PARTS += ("mailer", "indexer", "bridge", "scheduler", "projector", "sync")

WAYS = 8
"""In how many ways people leave a copy."""

LATE = frozenset({0, 1, 2})
"""In which of them it misses the last release, too."""


class DriftingRepo(Monorepo):
    """A library, services with copies of it, and what people do to them: one commit a day."""

    def __init__(self, root: Path, services: int, *, stems: int = 2, seed: int = 7) -> None:
        super().__init__(root)
        names = [f"{trade}-{part}" for part in _PARTS for trade in _TRADES]
        self.names = tuple(f"services/{name}" for name in names[:services])
        self.days, self._release = 0, 0
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._files = [f"{PACKAGE}/{folder}/{stem}.py" for folder in _FOLDERS for stem in _STEMS[:stems]]
        self._begin()

    def _begin(self) -> None:
        self.root.mkdir()
        self.git("init", "-q", "-b", "main")
        self.write("common-sync.toml", f'master = "{MASTER}"\nservices = ["services/*"]\ncopy = "common"\n')
        self.write(f"{MASTER}/{PACKAGE}/__init__.py")
        for file in self._files:
            self.write(f"{MASTER}/{file}", f'"""{file}"""\n\nLIMIT = 1\n')
        self._write_version()
        for name in self.names:
            self.write(f"{name}/requirements.txt", f"fastapi\n-e ../../{MASTER}\n")
            self.write(f"{name}/main.py", f"import {PACKAGE}\n")
        self.end_day("a library and its services")
        self.distribute()
        self.end_day("distributed")

    def _write_version(self) -> None:
        head = f'[project]\nname = "acme-common"\nversion = "1.{self._release}.0"\n'
        self.write(f"{MASTER}/pyproject.toml", head)

    def end_day(self, message: str) -> None:
        """Commit all that there is."""
        time = f"{BEGIN + self.days * DAY} +0000"
        self.git("add", "-A")
        dates = {"GIT_AUTHOR_DATE": time, "GIT_COMMITTER_DATE": time}
        self.git("commit", "-q", "--allow-empty", "-m", message, env=dates)
        self.days += 1

    def distribute(self, *services: str) -> None:
        """Distribute; an edit is left alone."""
        done = self.run("distribute", "-q", *services)
        assert done.code in (0, 1), done

    def release(self) -> None:
        """Change a few files of the library, and its version; now and then there is a new file, or one less."""
        self._release += 1
        self._write_version()
        for file in self._random.sample(self._files, 3):
            self._append(f"{MASTER}/{file}", f"LIMIT = {self._release + 1}\n")
        if self._release % 4 == 0:
            (self.root / MASTER / self._files.pop(self._random.randrange(len(self._files)))).unlink()
        if self._release % 3 == 0:
            self._files.append(f"{PACKAGE}/{self._random.choice(_FOLDERS)}/new_{self._release}.py")
            self.write(f"{MASTER}/{self._files[-1]}", f"NEW = {self._release}\n")

    def live_a_day(self) -> None:
        """Let a day pass: a release and who takes it, something that people do to two copies, and an edit that is discarded."""
        if self._random.random() < 0.5:
            self.release()
        self.update(0.3)
        for name in self._random.sample(self.names, 2):
            self.disturb(name, self._random.randrange(WAYS - 1))  # without a manifest, status cannot tell who edits
        self.distribute(self._random.choice(self.names), "--force")
        self.end_day(f"day {self.days}")

    def update(self, share: float) -> None:
        """Distribute to a part of the services."""
        some = [name for name in self.names if self._random.random() < share]
        if some:
            self.distribute(*some)

    def disturb(self, name: str, way: int) -> None:
        """Do to a copy what people do.

        Args:
            name: The service.
            way: Which of `WAYS`.
        """
        ways = (self._edit, self._edit_newest, self._leave, self._add, self._remove, self._refer, self._remove_copy)
        (*ways, self._forget)[way](name)

    def _leave(self, name: str) -> None:
        """Do nothing."""

    def _forget(self, name: str) -> None:
        """Leave a copy as one that was made by hand: edited, and without a manifest."""
        self._edit(name)
        (self.root / name / "common/.common-sync.json").unlink(missing_ok=True)

    def _append(self, path: str, text: str) -> None:
        file = self.root / path
        if file.is_file():
            file.write_text(file.read_text() + text)

    def _edit(self, name: str) -> None:
        self._append(f"{name}/common/{self._random.choice(self._files)}", "LIMIT = 99  # for now\n")

    def _edit_newest(self, name: str) -> None:
        """Edit what the copy is behind in, where it is."""
        master, copy = self.root / MASTER, self.root / name / "common"
        both = (file for file in self._files if (copy / file).is_file())
        stale = next((file for file in both if (copy / file).read_bytes() != (master / file).read_bytes()), None)
        if stale is not None:
            self._append(f"{name}/common/{stale}", "LIMIT = 98  # ours\n")

    def _add(self, name: str) -> None:
        if (self.root / name / "common").is_dir():
            self.write(f"{name}/common/{PACKAGE}/hotfix.py", "DEBUG = True\n")

    def _remove(self, name: str) -> None:
        (self.root / name / "common" / self._random.choice(self._files)).unlink(missing_ok=True)

    def _refer(self, name: str) -> None:
        self.write(f"{name}/requirements.txt", f"fastapi\n-e ../../{MASTER}\n")

    def _remove_copy(self, name: str) -> None:
        shutil.rmtree(self.root / name / "common", ignore_errors=True)


def make_drifting(root: Path, services: int, *, releases: int = 6, stems: int = 2) -> DriftingRepo:
    """Return a repository after some releases; half of the services are as they should be, or nearly.

    Args:
        root: Where to; nothing is there yet.
        services: How many; 300 at most.
        releases: How many releases of the library there were.
        stems: How many files each of the library's twelve folders has.
    """
    repo = DriftingRepo(root, services, stems=stems)
    for _ in range(releases - 1):
        repo.release()
        repo.update(0.8)
        repo.end_day("a release")
    ways = [number % WAYS if number < services // 2 else None for number in range(services)]
    repo.distribute()
    repo.release()
    repo.distribute(*(name for name, way in zip(repo.names, ways, strict=True) if way not in LATE))
    repo.end_day("the last release")
    for name, way in zip(repo.names, ways, strict=True):
        if way is not None:
            repo.disturb(name, way)
    repo.end_day("work on services")
    return repo
