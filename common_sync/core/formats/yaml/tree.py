"""A YAML document as a tree of values that know where they are written.

Nothing is expanded: an alias is the very node that its anchor names, a merge key stays a key. So a scalar that is used in two
places is one object, and a file in which aliases multiply is no larger here than on the disk. Every walk visits a node once for
each meaning that it has.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from common_sync.core.text import UnparsableError

MERGE = "<<"
"""The key whose value is merged into its mapping: https://yaml.org/type/merge.html."""


DOCUMENTS = "---"
"""The tag of the list that stands for the documents of a file that holds several; no list has it by itself."""


class YamlScalar(NamedTuple):
    """A string, number, or nothing."""

    value: str  # what it says, unquoted
    tag: str  # the tag that is written before it, resolved, or nothing
    style: str  # the character that it begins with: a quote, `|` or `>`; nothing for a plain one
    start: int  # offset of its first character, after tag and anchor, quotes included
    end: int  # offset after its last one
    line: int  # the line of its first character, counted from 1


class YamlSequence(NamedTuple):
    """A list: its items, the tag before it or nothing, and its first line, counted from 1."""

    items: tuple["Node", ...]
    tag: str
    line: int


class YamlMapping(NamedTuple):
    """A mapping: its keys and values in their order, the tag before it or nothing, and its first line."""

    pairs: tuple[tuple["Node", "Node"], ...]
    tag: str
    line: int


Node: TypeAlias = YamlScalar | YamlSequence | YamlMapping

Parse = Callable[[str], Node]
"""Parses a document; raises UnparsableError. An empty one is an empty scalar."""

Grammar = Callable[[str, YamlMapping | YamlSequence, str], str]
"""Tells the meaning of what is in a collection: by the collection's own meaning, itself, and the key; an item has none."""


_MOST_MERGED = 100


def find_value(node: Node | None, key: str) -> Node | None:
    """Return the value of a key, as merge keys have it: a mapping's own before what is merged into it.

    Args:
        node: The mapping; anything else has no keys.
        key: The key.
    """
    for mapping in list_merged(node):
        for name, value in mapping.pairs:
            if isinstance(name, YamlScalar) and name.value == key:
                return value
    return None


def list_documents(root: "Node") -> tuple["Node", ...]:
    """Return the documents of a file: mostly one."""
    return root.items if isinstance(root, YamlSequence) and root.tag == DOCUMENTS else (root,)


def list_merged(node: Node | None) -> Iterator[YamlMapping]:
    """Yield a mapping and all that are merged into it, what takes precedence first, each once.

    Args:
        node: The mapping; anything else is passed over.

    Raises:
        UnparsableError: There are more than anybody writes: each of thousands may merge the one before.
    """
    pending, seen = [node], set()
    while pending:
        mapping = pending.pop()
        if not isinstance(mapping, YamlMapping) or id(mapping) in seen:
            continue
        seen.add(id(mapping))
        if len(seen) > _MOST_MERGED:
            raise UnparsableError(mapping.line, f"more than {_MOST_MERGED} mappings are merged into one")
        yield mapping
        for key, value in reversed(mapping.pairs):
            if is_merge(key):
                pending += reversed(value.items) if isinstance(value, YamlSequence) else (value,)


def is_merge(key: Node) -> bool:
    """Tell whether a key merges its value into the mapping that it is in."""
    return isinstance(key, YamlScalar) and key.value == MERGE and not key.style


def read_meanings(root: Node, grammar: Grammar) -> list[tuple[YamlScalar, tuple[str, ...]]]:
    """Return each scalar with all the meanings that it has, in the order of the document.

    Args:
        root: The document, whose meaning is `document`.
        grammar: Tells the meaning of what a collection holds; what is merged into a mapping means what it means.
    """
    scalars: dict[int, tuple[YamlScalar, dict[str, None]]] = {}
    seen: set[tuple[int, str]] = set()
    pending: list[tuple[Node, str]] = [(root, "document")]
    while pending:
        node, meaning = pending.pop()
        if (id(node), meaning) in seen:
            continue
        seen.add((id(node), meaning))
        if isinstance(node, YamlScalar):
            scalars.setdefault(id(node), (node, {}))[1][meaning] = None
        else:
            pending += reversed(list(_list_meanings(node, meaning, grammar)))
    return sorted(((scalar, tuple(sorted(meanings))) for scalar, meanings in scalars.values()), key=_place)


def _place(found: tuple[YamlScalar, tuple[str, ...]]) -> int:
    return found[0].start


def _list_meanings(node: YamlMapping | YamlSequence, meaning: str, grammar: Grammar) -> Iterator[tuple[Node, str]]:
    if isinstance(node, YamlSequence):
        yield from ((item, grammar(meaning, node, "")) for item in node.items)
        return
    for key, value in node.pairs:
        if is_merge(key):
            merged = value.items if isinstance(value, YamlSequence) else (value,)
            yield from ((one, meaning) for one in merged)
        else:
            yield key, grammar("", node, "")
            yield value, grammar(meaning, node, key.value if isinstance(key, YamlScalar) else "")


Outline = list[tuple[str, ...]]


def outline(root: Node, replaced: Mapping[int, str] | None = None) -> Outline:
    """Return all that a document says, and in which style, as a list; an alias is the number of what it repeats.

    Args:
        root: The document.
        replaced: What some scalars are to say instead, by the offset that they start at.
    """
    lines: Outline = []
    numbers: dict[int, int] = {}
    pending: list[Node] = [root]
    while pending:
        node = pending.pop()
        if id(node) in numbers:
            lines.append(("alias", str(numbers[id(node)])))
            continue
        numbers[id(node)] = len(lines)
        if isinstance(node, YamlScalar):
            lines.append(("scalar", node.tag, node.style, (replaced or {}).get(node.start, node.value)))
        else:
            children = node.items if isinstance(node, YamlSequence) else [one for pair in node.pairs for one in pair]
            lines.append((type(node).__name__, node.tag, str(len(children))))
            pending += reversed(children)
    return lines


def find_doubled(root: Node) -> YamlScalar | None:
    """Return a key that stands in one mapping for the second time, which Go's reader refuses; None where there is none."""
    pending, seen = [root], set[int]()
    while pending:
        node = pending.pop()
        if id(node) in seen or isinstance(node, YamlScalar):
            continue
        seen.add(id(node))
        keys = set[str]()
        for key, _ in node.pairs if isinstance(node, YamlMapping) else ():
            if isinstance(key, YamlScalar) and key.value in keys:
                return key
            keys |= {key.value} if isinstance(key, YamlScalar) else set()
        pending += node.items if isinstance(node, YamlSequence) else [value for _, value in node.pairs]
    return None
