"""Check, without a network, that constraints.txt has what pyproject.toml asks for, and that what is installed is what it has.

Usage: python scripts/check_lock.py, in the folder of both files
"""

import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYTHONS = ("3.11.0", "3.12.0", "3.13.0", "3.14.0")
LOCK = Path("constraints.txt")
REMEDY = "`make lock` brings it up to date with pyproject.toml"
_LINE = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[0-9][0-9a-z.]*)(?: ; (?P<marker>[^;#]+))?")
"""A name, a version, a marker. No address, path or option: they would be those of the machine that wrote it."""

Environment = dict[str, str]


class Pin(NamedTuple):
    """One version of constraints.txt, and the environments that it is for."""

    version: str
    marker: Marker | None


Pins = dict[str, list[Pin]]


def read_pins(text: str) -> Pins:
    """Read a constraints file.

    Args:
        text: Its text.

    Returns:
        For each name, its versions.

    Raises:
        SystemExit: A line is something else than a name, a version and a marker.
    """
    pins: Pins = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            sys.exit(f"{LOCK}:{number}: not a name, a version and a marker alone: {line}\n  help: {REMEDY}")
        marker = Marker(found["marker"]) if found["marker"] else None
        pins.setdefault(found["name"], []).append(Pin(found["version"], marker))
    return pins


def read_requirements(text: str) -> list[Requirement]:
    """Read all that a project, its extras and its dependency groups ask for.

    Args:
        text: The text of its pyproject.toml.

    Returns:
        The requirements.
    """
    tables = tomllib.loads(text)
    groups = [line for group in tables["dependency-groups"].values() for line in group if isinstance(line, str)]
    project = tables["project"]
    extras = [line for extra in project.get("optional-dependencies", {}).values() for line in extra]
    lines = (*tables["build-system"]["requires"], *project["dependencies"], *extras, *groups)
    return [Requirement(line) for line in lines]


def find_unlocked(requirements: list[Requirement], pins: Pins, environment: Environment) -> Iterator[str]:
    """Find requirements that no version of the constraints file meets.

    Args:
        requirements: What is asked for.
        pins: The constraints file.
        environment: The values of markers.

    Yields:
        A sentence for each.
    """
    for requirement in requirements:
        if requirement.marker is None or requirement.marker.evaluate(environment):
            versions = _locked(requirement.name, pins, environment)
            if not any(requirement.specifier.contains(version, prereleases=True) for version in versions):
                has = f"{LOCK} has {' and '.join(versions) or 'none'}"
                yield f"pyproject.toml asks for `{requirement}`, {has}"


def find_strays(requirements: list[Requirement], pins: Pins) -> Iterator[str]:
    """Find what is installed for the requirements, and for what they need, in another version than the locked one.

    Args:
        requirements: What is asked for.
        pins: The constraints file.

    Yields:
        A sentence for each.
    """
    here = _environment(None)
    ahead = [*requirements]
    seen: set[str] = set()
    while ahead:
        requirement = ahead.pop()
        for extra in {"", *requirement.extras}:
            ahead += _needs(requirement.name, here | {"extra": extra}, seen, extra)
    for name in sorted({entry.partition("[")[0] for entry in seen}):
        version = importlib.metadata.version(name)
        if version not in _locked(name, pins, here):
            yield f"{name} {version} is installed, {LOCK} has {' and '.join(_locked(name, pins, here)) or 'none'}"


def _needs(name: str, environment: Environment, seen: set[str], extra: str) -> list[Requirement]:
    """Return what an installed distribution needs, the first time that it is met; nothing where it is not installed."""
    entry = f"{canonicalize_name(name)}[{extra}]"
    try:
        lines = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    if entry in seen:
        return []
    seen.add(entry)
    needed = map(Requirement, lines)
    return [one for one in needed if one.marker is None or one.marker.evaluate(environment)]


def _locked(name: str, pins: Pins, environment: Environment) -> list[str]:
    found = pins.get(canonicalize_name(name), [])
    return [pin.version for pin in found if pin.marker is None or pin.marker.evaluate(environment)]


def _environment(python: str | None) -> Environment:
    """Return the values of markers: this machine's, with another Python if one is named."""
    here = {name: str(value) for name, value in default_environment().items()} | {"extra": ""}
    return (
        here if python is None else here | {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    )


def main() -> None:
    """Check both, and end with 1 if one of them is not so."""
    pins = read_pins(LOCK.read_text("utf-8"))
    requirements = read_requirements(Path("pyproject.toml").read_text("utf-8"))
    unlocked: dict[str, list[str]] = {}
    for python in PYTHONS:
        for sentence in find_unlocked(requirements, pins, _environment(python)):
            unlocked.setdefault(sentence, []).append(python.rpartition(".")[0])
    if unlocked:
        lines = [f"{sentence} for Python {', '.join(pythons)}" for sentence, pythons in unlocked.items()]
        sys.exit("\n".join([*lines, f"  help: {REMEDY}"]))
    if strays := list(find_strays(requirements, pins)):
        sys.exit("\n".join([*strays, f"  help: {REMEDY}; `make clean` makes the environment anew"]))
    print(f"{LOCK}: fits pyproject.toml and what is installed")


if __name__ == "__main__":
    main()
