"""Which services of a compose file have changed between two states of it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from common_sync.core.formats.yaml.tree import (
    Node,
    Outline,
    YamlMapping,
    YamlScalar,
    find_value,
    is_merge,
    list_documents,
    list_merged,
    outline,
)

Key = TypeVar("Key", str, tuple[str, str])

_DEFAULT = "default"
"""The network of services that name none."""

_RUNS_ONLY = frozenset({"depends_on", "environment", "links"})
"""Keys that may name other services, and say nothing of how those are built."""


class ChangedServices(NamedTuple):
    """The services of a compose file that have changed: their names, and the words of their lines, before and now."""

    names: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


class _Section(NamedTuple):
    """What a file says of a service, or of a volume, network, secret or the like: all of it, and its words."""

    outlines: list[Outline]
    words: frozenset[str]
    extends: frozenset[str]  # the words that say which service it extends


def find_changed_services(before: Node, now: Node) -> ChangedServices | None:
    """Return the services that have changed; None where nobody can tell which ones a change concerns.

    A service has changed where its own lines have, those of an anchor that they use, a service of the file that it extends, or a
    volume, network, secret or the like that it names.

    Args:
        before: The file as it was.
        now: The file as it is.

    Raises:
        UnparsableError: More mappings are merged into one than anybody writes.
    """
    shared = set(_differ(_read_shared(before), _read_shared(now)))
    if any(not entry or entry == _DEFAULT for _, entry in shared):
        return None
    was, has = _read_services(before), _read_services(now)
    changed, entries = set(_differ(was, has)), {entry for _, entry in shared}
    both = [*was.items(), *has.items()]
    changed |= {name for name, one in both if any(_is_named(entry, one.words) for entry in entries)}
    pending = True
    while pending:
        more = {name for name, one in both if not changed.isdisjoint(one.extends)} - changed
        changed, pending = changed | more, bool(more)
    words = (word for name, one in both if name in changed for word in one.words)
    return ChangedServices(frozenset(changed), frozenset(words) | changed)


def _differ(was: Mapping[Key, _Section], has: Mapping[Key, _Section]) -> Iterator[Key]:
    for key in was.keys() | has.keys():
        one, other = was.get(key), has.get(key)
        if one is None or other is None or one.outlines != other.outlines:
            yield key


def _is_named(entry: str, words: Iterable[str]) -> bool:
    """Tell whether a volume, a network or the like is named, as in `data:/var/lib`."""
    return any(word.split(":", 1)[0] == entry for word in words)


def _read_services(root: Node) -> dict[str, _Section]:
    found: dict[str, list[Node]] = {}
    for document in list_documents(root):
        for name, node in _list_pairs(find_value(document, "services")):
            found.setdefault(name, []).append(node)
    return {name: _read_section(nodes) for name, nodes in found.items()}


def _read_section(nodes: Iterable[Node]) -> _Section:
    outlines = [outline(node) for node in nodes]
    told = [value for node in nodes for key, value in _list_pairs(node) if key not in _RUNS_ONLY]
    extends = [value for node in nodes if (value := find_value(node, "extends")) is not None]
    return _Section(outlines, _list_words(told), _list_words(extends))


def _read_shared(root: Node) -> dict[tuple[str, str], _Section]:
    """Return what stands beside the services, by key and entry; `x-…` counts only where an anchor of it is used."""
    found: dict[tuple[str, str], list[Node]] = {}
    for document in list_documents(root):
        for key, value in _list_pairs(document):
            if key == "services" or key.startswith("x-"):
                continue
            entries = _list_pairs(value) if isinstance(value, YamlMapping) else [("", value)]
            for entry, node in entries:
                found.setdefault((key, entry), []).append(node)
    return {key: _Section([outline(node) for node in nodes], frozenset(), frozenset()) for key, nodes in found.items()}


def _list_pairs(node: Node | None) -> Iterator[tuple[str, Node]]:
    """Yield the keys and values of a mapping and of all that is merged into it; a key may come more than once."""
    for mapping in list_merged(node):
        for key, value in mapping.pairs:
            if isinstance(key, YamlScalar) and not is_merge(key):
                yield key.value, value


def _list_words(nodes: Iterable[Node]) -> frozenset[str]:
    return frozenset(line[3] for node in nodes for line in outline(node) if line[0] == "scalar")
