"""What is around each step of a stage: the environments that were made and activated before it, and who runs it."""

from collections.abc import Iterator
from itertools import pairwise
from posixpath import dirname, join, normpath
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Build, Installed, Ran, Taken
from common_sync.core.doctor.install.sites import Around, Site, find_site, moved, site_at
from common_sync.core.formats.shell.script import Command
from common_sync.core.paths import below


class Surroundings(NamedTuple):
    """What is around the steps of a stage.

    Attributes:
        arounds: What is around each of its steps, in their order.
        made: The environments that there are once it has run.
        linked: Those of them that also look into the image's own Python.
        pooled: Whether poetry makes environments of its own.
        inside: Whether it makes them in the project.
    """

    arounds: tuple[Around, ...] = ()
    made: frozenset[str] = frozenset()
    linked: frozenset[str] = frozenset()
    pooled: bool = True
    inside: bool = False

    def with_made(self, site: Site | None, *, linked: bool = False) -> "Surroundings":
        """Return what is around the next step, once an environment was made."""
        if site is None or site.kind != "environment":
            return self
        return self._replace(made=self.made | {site.path}, linked=self.linked | ({site.path} if linked else set()))


def surround(build: Build, number: int) -> Surroundings:
    """Return what is around each step of a stage.

    Args:
        build: What the build comes upon.
        number: The stage's number.
    """
    stage = build.stages[number]
    known = surround(build, stage.built_on)._replace(arounds=()) if stage.built_on is not None else Surroundings()
    activated, line = "", 0
    homes, may_fall = _list_homes(build, number), stage.system.python and not _is_handed_over(build, number)
    for step in stage.steps:
        at = step.instruction.line if isinstance(step, Installed) else step.line
        activated = activated if at == line else ""  # each line has a shell of its own
        line = at
        activated = (activates(step.command) if isinstance(step, Ran) else "") or activated
        user = step.user if not isinstance(step, Taken) else ""
        home = homes.get(user, "")
        falls = may_fall and user not in _ROOT and home is not None
        around = Around(known.made, activated, user, known.pooled, known.inside, home or None, falls)
        known = _follow(known, step, around, build)._replace(arounds=(*known.arounds, around))
    return known


_ROOT = frozenset({"", "0", "root"})
_PYTHON = "/usr/local"
"""Where official images have their Python: only root may write there, and pip installs for all others in their homes."""
_HOME = frozenset({"-d", "--home-dir", "--home", "-h"})
_HANDING = frozenset({"chown", "chmod", "setfacl"})


def _list_ran(build: Build, number: int) -> Iterator[Command]:
    steps = (step for at in build.list_chain(number) for step in build.stages[at].steps)
    yield from (step.command for step in steps if isinstance(step, Ran))


def _is_handed_over(build: Build, number: int) -> bool:
    """Tell whether a line may let others than root write into the image's own Python."""
    handed = (one for one in _list_ran(build, number) if one.program in _HANDING)
    return any(not word.known or _covers(word.text) for one in handed for word in one.arguments)


def _covers(path: str) -> bool:
    return path.startswith("/") and (below(_PYTHON, path) is not None or below(path, _PYTHON) is not None)


def _list_homes(build: Build, number: int) -> dict[str, str | None]:
    """Return the homes of users that lines make at unusual places; None for one that nobody can tell."""
    homes: dict[str, str | None] = {}
    for command in _list_ran(build, number):
        words = command.arguments if command.program in {"useradd", "adduser", "usermod"} else ()
        for word, after in pairwise(words):
            name, equals, value = word.text.partition("=")
            if name in _HOME:
                place = value if equals else after.text if after.known else ""
                homes |= dict.fromkeys((one.text for one in words), place or None)
    return homes


def _follow(known: Surroundings, step: Installed | Ran | Taken, around: Around, build: Build) -> Surroundings:
    match step:
        case Installed():
            return known.with_made(site_of(step, around)) if _makes(step) else known
        case Taken():
            return _take(known, step, surround(build, step.stage))
        case _:
            words = [word.text for word in step.command.words]
            if step.command.program == "poetry" and words[1:3] == ["config", "virtualenvs.create"]:
                return known._replace(pooled=words[3:4] != ["false"])
            if step.command.program == "poetry" and words[1:3] == ["config", "virtualenvs.in-project"]:
                return known._replace(inside=words[3:4] == ["true"])
            return known.with_made(environment_made_by(step.command), linked="--system-site-packages" in words)


def _makes(event: Installed) -> bool:
    """Tell whether an install makes the environment that it installs into."""
    return event.install.synced and event.install.action == "install" and not event.install.has(*ONLY_LOOKS)


def _take(known: Surroundings, taken: Taken, other: Surroundings) -> Surroundings:
    for source in (normpath("/" + one.lstrip("/")) for one in taken.sources):
        for path in other.made:
            there = moved(Site("environment", path), source, taken.place)
            known = known.with_made(there, linked=path in other.linked)
    return known


ONLY_LOOKS = ("--dry-run", "--check", "--help", "-h")
"""The options with which an install only says what it would do."""


def site_of(event: Installed, around: Around) -> Site | None:
    """Return where an install goes, or None where it finds no environment.

    Args:
        event: The install.
        around: What is around it.
    """
    install = event.install
    if install.synced and install.tool == "uv":
        found = (need.path for need in event.needs if need.kind == "file" and need.path.endswith("/pyproject.toml"))
        install = install._replace(folder=dirname(next(found, f"{install.folder}/x")))
    return find_site(install, event.command, around)


def list_installed(build: Build, number: int) -> Iterator[tuple[Installed, Site | None]]:
    """Yield what is installed in a stage, and in those that it is built on, and where it goes.

    Args:
        build: What the build comes upon.
        number: The stage's number.
    """
    for at in reversed(build.list_chain(number)):
        for step, around in zip(build.stages[at].steps, surround(build, at).arounds, strict=True):
            if isinstance(step, Installed):
                yield step, site_of(step, around)


def activates(command: Command) -> str:
    """Return the environment that a command has a script go on in, or nothing.

    Args:
        command: The command.
    """
    script = command.words[1] if command.program in {".", "source"} and len(command.words) > 1 else None
    if script is None or not script.known or not script.text.endswith("/bin/activate"):
        return ""
    return normpath(join(command.folder or "/", dirname(dirname(script.text))))


def environment_made_by(command: Command) -> Site | None:
    """Return the environment that a command makes, or None.

    Args:
        command: The command.
    """
    made = _made(command)
    return site_at(normpath(join(command.folder or "/", made))) if made is not None else None


def _made(command: Command) -> str | None:
    """Return the environment that a command makes, or None."""
    words = [word.text for word in command.words]
    rest = words[3:] if words[1:3] in (["-m", "venv"], ["-m", "virtualenv"]) else None
    rest = words[1:] if command.program == "virtualenv" else rest
    rest = words[2:] if command.program == "uv" and words[1:2] == ["venv"] else rest
    if rest is None:
        return None
    named = [word for word, before in zip(rest, ["", *rest], strict=False) if _is_place(word, before)]
    return named[-1] if named else ".venv" if command.program == "uv" else None


def _is_place(word: str, before: str) -> bool:
    return not word.startswith("-") and before not in {"--python", "-p", "--prompt", "--seed-version"}
