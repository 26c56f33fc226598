"""What an environment is made from, as read without running anything, and the names that follow from it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.core.environments.record import Interpreter

Items = Mapping[str, str]
"""Each thing that an environment is made from, and its digest or its value: `file api/requirements.txt` → a digest."""

FILE, PROJECT, INDEX = "file ", "project ", "index "
"""What the labels of files, of local projects, and of where packages come from begin with."""

SYSTEM = "the system's packages"
"""The label of what the system has installed, where an environment has that, too."""

_FORMAT = "env1"
_NAME_DIGITS = 12


class Options(NamedTuple):
    """What is chosen for an environment."""

    installer: str  # `uv` or `pip`
    system_site_packages: bool = False  # whether it has the system's packages too
    compile: bool = True  # whether `.pyc` files are written when it is built
    editable_master: bool = False  # whether the library is installed from its master, to be edited there


def list_items(interpreter: Interpreter, options: Options, sources: Items) -> Items:
    """Return all that goes into an environment.

    Args:
        interpreter: What it is made with.
        options: What is chosen for it.
        sources: Files, local projects and indexes.
    """
    words = {name.replace("_", "-"): _word(value) for name, value in options._asdict().items()}
    return {"Python": interpreter.described, **words, **sources}


def _word(value: str | bool) -> str:
    return value if isinstance(value, str) else "on" if value else "off"


def digest_inputs(items: Items) -> str:
    """Return the digest of all that goes into an environment, 64 hex digits.

    Args:
        items: What `list_items` returned.
    """
    return _digest([_FORMAT, sorted(items.items())])


def digest_text(lines: Sequence[str]) -> str:
    """Return the digest of a file's lines, 64 hex digits.

    Args:
        lines: Those that count.
    """
    return _digest(list(lines))


def name_environment(items: Items, resolved: Sequence[str], attempt: int = 1) -> str:
    """Return the name of the folder of an environment: a digest of what it holds, whatever led to it.

    Args:
        items: What goes into it; of the files, only what they came to counts.
        resolved: What they came to.
        attempt: Counted from 1: an environment that somebody has changed is not mended, so another takes its place.
    """
    apart = {name: value for name, value in items.items() if not name.startswith((FILE, INDEX, SYSTEM, "installer"))}
    name = _digest([_FORMAT, sorted(apart.items()), sorted(resolved)])[:_NAME_DIGITS]
    return name if attempt == 1 else f"{name}.{attempt}"


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()


def describe_changes(before: Items, now: Items) -> Iterator[str]:
    """Yield what has changed, a sentence each.

    Args:
        before: What the environment was made from.
        now: What it would be made from.
    """
    for name in sorted({*before, *now}, key=lambda name: (not name.startswith(FILE), name)):
        was, is_now = before.get(name), now.get(name)
        if was != is_now:
            yield _describe(name, was, is_now)


def _describe(name: str, was: str | None, is_now: str | None) -> str:
    short = name.removeprefix(FILE).removeprefix(PROJECT)
    if name == SYSTEM:
        return f"{name} have changed"
    if was is None:
        return f"{short} is new"
    if is_now is None:
        return f"{short} is no longer used"
    return (
        f"{short} has changed"
        if name.startswith((FILE, PROJECT))
        else f"{short} is {is_now or 'none'}, was {was or 'none'}"
    )
