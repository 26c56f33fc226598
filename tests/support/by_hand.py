"""A repository in which a team has copied its library by hand for weeks, as in the one that this project started from.

The script knows what each copy was made of and which lines somebody wrote in it, so what the program finds out is held against that.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from support.monorepo import CONFIGURATION, Monorepo

SERVICES = tuple(f"services/{name}" for name in ("api", "cron", "mail", "web", "worker"))
FILES = ("__init__.py", "models.py", "requirements.txt", "setup.py", "store.py", "wait.sh")
LAST = 23
"""The number of the last line of each file."""


class Day(NamedTuple):
    """One commit, and how the copies stand in it."""

    commit: str  # its id
    written: frozenset[tuple[str, str]]  # the services and files in which somebody's own lines are
    differing: int  # how many files of copies are not what the master holds
    lacks: dict[
        str, tuple[str, ...]
    ]  # service → the subjects of the changes that came after it was copied, the newest first


class HandMadeRepo(Monorepo):
    """A library, services with copies that were made by `cp`, and what people do to both; the same each time."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.days: list[Day] = []
        self._had: dict[str, set[str]] = {file: set() for file in FILES}
        self._changes: list[str] = []
        self._copied: dict[str, int] = {}
        root.mkdir()
        self.git("init", "-q", "-b", "main")
        self.write("common-sync.toml", CONFIGURATION)
        for service in SERVICES:
            self.write(f"{service}/app.py", "import common\n")
        for file in FILES:
            text = "".join(f"{file} {number}\n" for number in range(LAST + 1))
            self.write(f"common/{file}", text, executable=file == "wait.sh")
        self._end("a library")
        self._live()

    def _live(self) -> None:
        self._copy(SERVICES[:4])
        self._end()
        self._edit(SERVICES[:3], "setup.py", 4)  # the same line in three copies; nobody ever takes it over
        self._end()
        self._change("store.py", 2)
        self._end("a store")
        self._edit(["services/api"], "models.py", 9)
        self._end()
        self._copy(["services/worker"])
        self._edit(["services/worker"], "setup.py", 4)
        self._end()
        self._change("models.py", 20)
        self._change("wait.sh", 3)
        self._end("models that wait")
        self._copy(["services/web"], ["models.py", "wait.sh"])  # a part of them: the copy is of two states
        self._end()
        self._edit(["services/cron"], "store.py", 12)
        self._end()
        self._change("requirements.txt", 7)
        self._end("a requirement")
        self._edit(SERVICES[:2], "requirements.txt", 7)  # the line that the master has changed
        self._end()
        self._on_a_branch()
        self._copy(["services/cron"], ["setup.py", "store.py"])  # over what somebody wrote
        self._end()
        self._edit(["services/mail"], "wait.sh", 15)
        self._end()
        self._take_over("services/mail", "wait.sh")  # by hand
        self._end("waits for longer")
        self._change("setup.py", 19)
        self._end("a version")
        self._copy(["services/api", "services/mail"])
        self._end()
        self._change("store.py", 21)
        self._end("a second store")

    def _on_a_branch(self) -> None:
        self.git("checkout", "-q", "-b", "aside")
        self._change("__init__.py", 11)
        self._note()
        self.commit("on a branch")
        self.git("checkout", "-q", "main")
        self.write("README.md", "of all that\n")
        self._end()
        self.git("merge", "-q", "--no-ff", "-m", "a branch", "aside")
        self._end("a branch", made=True)

    def _read(self, folder: str, file: str) -> list[str]:
        return self.read(f"{folder}/{file}").splitlines(keepends=True)

    def _change(self, file: str, line: int) -> None:
        lines = self._read("common", file)
        lines[line] = f"{file} {line} since {len(self.days)}\n"
        self.write(f"common/{file}", "".join(lines))

    def _edit(self, services: Iterable[str], file: str, line: int) -> None:
        for service in services:
            lines = self._read(f"{service}/common", file)
            lines[line] = f"somebody's own, {len(self.days)}\n"
            self.write(f"{service}/common/{file}", "".join(lines))

    def _copy(self, services: Iterable[str], files: Iterable[str] = FILES) -> None:
        """Copy by hand: no file is executable then."""
        for service in services:
            for file in files:
                place = self.write(f"{service}/common/{file}", self.read(f"common/{file}"))
                place.chmod(0o644)
            if files is FILES:
                self._copied[service] = len(self._changes)
            else:
                self._copied.pop(service)  # of no one state any more

    def _take_over(self, service: str, file: str) -> None:
        self.write(f"common/{file}", self.read(f"{service}/common/{file}"), executable=True)

    def _note(self) -> None:
        for file in FILES:
            self._had[file].add(self.read(f"common/{file}"))

    def _end(self, changed: str = "", *, made: bool = False) -> None:
        """Commit, under what was changed in the master."""
        self._note()
        self._changes += [changed] if changed else []
        if not made:
            self.commit(changed or "a service")
        copies = [(service, file) for service in self._services for file in FILES]
        held = {(service, file): self.read(f"{service}/common/{file}") for service, file in copies}
        self.days.append(
            Day(
                self.git("rev-parse", "HEAD").strip(),
                frozenset(one for one, text in held.items() if text not in self._had[one[1]]),
                sum(
                    file == "wait.sh" or held[service, file] != self.read(f"common/{file}") for service, file in copies
                ),
                {service: tuple(self._changes[number:][::-1]) for service, number in self._copied.items()},
            )
        )

    @property
    def _services(self) -> list[str]:
        return [service for service in SERVICES if (self.root / service / "common").exists()]

    def go_to(self, day: Day) -> None:
        """Have the work tree as it was on that day."""
        self.git("checkout", "-q", "-f", day.commit)
