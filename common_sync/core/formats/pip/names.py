"""The names of distributions, and the lines of a requirements file that ask an index for one.

Source: https://packaging.python.org/en/latest/specifications/dependency-specifiers/.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression

_REQUIREMENT = expression(r"\s*(([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\]\s*)?(?:[=<>!~;,(].*)?)", re.ASCII)
_COMMENT = expression(r"(?:^|\s)#.*")


def normalise(name: str) -> str:
    """Return a distribution's name in its one spelling.

    Source of the rule: https://packaging.python.org/en/latest/specifications/name-normalization/
    """
    return re.sub(r"[-_.]+", "-", name).strip().lower()


class NamedRequirement(NamedTuple):
    """A requirement by name: its line, counted from 1, the normalised name, and what is written."""

    line: int
    name: str
    written: str


def find_names(characters: str) -> Iterator[NamedRequirement]:
    """Yield the distributions that a requirements file asks for by their names."""
    for number, line in enumerate(characters.splitlines(), 1):
        if found := parse_name(_COMMENT.sub("", line).rstrip()):
            yield found._replace(line=number)


def parse_name(requirement: str) -> NamedRequirement | None:
    """Return what a requirement asks an index for; None where it names a path or a URL."""
    match = _REQUIREMENT.fullmatch(requirement)
    return NamedRequirement(1, normalise(match[2]), match[1]) if match else None


_EXTRAS = expression(r"\s*[A-Za-z0-9][\w.-]*\s*\[([^]]*)\]", re.ASCII)


def list_spellings(requirement: str) -> list[str]:
    """Return the name that a requirement asks an index for, and the name with each of its extras: `fastapi`, `fastapi[all]`.

    Args:
        requirement: What is asked for, `FastAPI[all]>=0.1`; a path or a URL gives nothing.
    """
    found = parse_name(requirement)
    if found is None:
        return []
    extras = _EXTRAS.match(requirement)
    named = (one.strip() for one in extras[1].split(",")) if extras else ()
    return [found.name, *(f"{found.name}[{normalise(one)}]" for one in named if one)]
