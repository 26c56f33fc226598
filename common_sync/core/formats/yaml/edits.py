"""Edits inside the scalars of a YAML file: spelled as the scalar is, and proven by parsing the result."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.yaml.tree import Node, Parse, YamlScalar, outline
from common_sync.core.model import Edit
from common_sync.core.proving import keep_proven
from common_sync.core.text import apply_edits

_CHARACTER = {
    "": expression(r"[^\r\n\x85\u2028\u2029]"),
    "'": expression(r"''|[^'\r\n\x85\u2028\u2029]"),
    # https://yaml.org/spec/1.2.2/#57-escaped-characters
    '"': expression(r'\\(?:x.{2}|u.{4}|U.{8}|[^xuU\r\n\x85\u2028\u2029])|[^"\\\r\n\x85\u2028\u2029]'),
}
_ESCAPED = {"'": (expression("'"), "''"), '"': (expression(r'(["\\])'), r"\\\1")}


class Change(NamedTuple):
    """What a scalar is to say instead."""

    scalar: YamlScalar  # the scalar
    inside: tuple[Edit, ...]  # the edits of its value, offsets counted in that; sorted

    @property
    def value(self) -> str:
        """What it is to say."""
        return apply_edits(self.scalar.value, self.inside)


def spell(characters: str, change: Change) -> tuple[Edit, ...]:
    """Return the edits of a file that change a scalar, in its own style; none where it stands on several lines."""
    places = _locate_characters(characters, change.scalar)
    if places is None:
        return ()
    pattern, replacement = _ESCAPED.get(change.scalar.style, (None, ""))
    return tuple(
        Edit(
            places[edit.start],
            places[edit.end],
            pattern.sub(replacement, edit.replacement) if pattern else edit.replacement,
        )
        for edit in change.inside
    )


def _locate_characters(characters: str, scalar: YamlScalar) -> list[int] | None:
    """Return the offset of each character of a scalar's value, and of its end; None where lines are folded."""
    pattern, quote = _CHARACTER.get(scalar.style), len(scalar.style)
    if pattern is None:
        return None
    places = [scalar.start + quote]
    end = scalar.end - quote
    while places[-1] < end:
        character = pattern.match(characters, places[-1], end)
        if character is None:
            return None
        places.append(character.end())
    return places if len(places) == len(scalar.value) + 1 else None


Agree = Callable[[Node, tuple[Change, ...]], bool]
"""Tells whether an edited document means what changes were to make it mean."""


def _agree(_: Node, __: tuple[Change, ...]) -> bool:
    return True


def prove(
    characters: str, root: Node, changes: Sequence[Change], parse: Parse, agree: Agree = _agree
) -> tuple[tuple[Edit, ...], tuple[Change, ...]]:
    """Return the edits that make the file say what is meant and nothing else, and the changes that cannot be made so.

    Args:
        characters: The file.
        root: What it says.
        changes: What is to be changed.
        parse: Parses it.
        agree: Asked too where it takes more than the right values.
    """
    spelled, folded = _divide(characters, changes)
    proven, refused = keep_proven(spelled, lambda some: _holds(characters, root, some, parse, agree))
    edits = sorted(edit for change in proven for edit in spell(characters, change))
    return tuple(edits), (*folded, *refused)


def _divide(characters: str, changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """Divide changes into those that can be spelled, and those that cannot."""
    divided: tuple[list[Change], list[Change]] = [], []
    for change in changes:
        divided[not spell(characters, change)].append(change)
    return divided


def _holds(characters: str, root: Node, changes: tuple[Change, ...], parse: Parse, agree: Agree) -> bool:
    """Splice, parse again, compare: all is as it was but for the scalars that were meant."""
    edits = sorted(edit for change in changes for edit in spell(characters, change))
    again = parse(apply_edits(characters, edits))
    meant = outline(root, {change.scalar.start: change.value for change in changes})
    return outline(again) == meant and agree(again, changes)
