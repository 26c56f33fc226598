"""What Compose refuses in a compose file because it is of the wrong type, among what says how services are built.

Source of the rules: https://github.com/compose-spec/compose-go (schema/compose-spec.json), by which Compose checks each file.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.yaml.tree import (
    Node,
    YamlMapping,
    YamlScalar,
    YamlSequence,
    is_merge,
    list_documents,
    list_merged,
)


class Refused(NamedTuple):
    """A value that Compose refuses: its line, counted from 1, and why."""

    line: int
    reason: str


_RESET, _STRING = "!reset", ":str"
_NULL = expression(r"~|null|Null|NULL|")
_NUMBER = expression(
    r"[-+]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][-+]?\d+)?|[-+]?0(?:x[\da-fA-F_]+|o[0-7_]+|b[01_]+)|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_BOOLEAN = expression(r"true|True|TRUE|false|False|FALSE")
_DAY = expression(r"\d{4}-\d\d?-\d\d?(?:[Tt \t].*)?")
_KEYS = frozenset(
    (
        *("context", "dockerfile", "dockerfile_inline", "entitlements", "args", "ssh", "labels", "cache_from"),
        *("cache_to", "no_cache", "no_cache_filter", "additional_contexts", "network", "provenance", "sbom", "pull"),
        *("target", "shm_size", "extra_hosts", "isolation", "privileged", "secrets", "tags", "ulimits", "platforms"),
    )
)
_MISPLACED = frozenset({"context", "dockerfile", "dockerfile_inline", "args", "target", "additional_contexts"})
"""Keys of `build` that a service does not have itself."""


def find_refused(root: Node) -> Refused | None:
    """Return the first value of a compose file that has the wrong type, or None.

    Args:
        root: The file.
    """
    found = (one for document in list_documents(root) for one in _check_document(document))
    return min(found, default=None)


def _type_of(node: Node) -> str:
    """Return in words what a value is to Compose: what stands without quotes may be a number, or nothing."""
    if not isinstance(node, YamlScalar):
        return "a mapping" if isinstance(node, YamlMapping) else "a list"
    if node.style or node.tag.endswith(_STRING):
        return "a string"
    kinds = ((_NULL, "empty"), (_NUMBER, "a number"), (_BOOLEAN, "true or false"), (_DAY, "a date"))
    return next((kind for pattern, kind in kinds if pattern.fullmatch(node.value)), "a string")


_Check = Callable[[str, Node], Iterator[Refused]]


def _expect(name: str, node: Node, *types: str) -> Iterator[Refused]:
    found = _type_of(node)
    if found not in types and node.tag != _RESET:
        yield Refused(node.line, f"`{name}` is {found}, and has to be {' or '.join(types)}")


def _pairs(node: Node) -> dict[str, Node]:
    """Return the values of a mapping by their keys, its own before those that are merged into it."""
    found: dict[str, Node] = {}
    for mapping in list_merged(node):
        for key, value in mapping.pairs:
            if isinstance(key, YamlScalar) and not is_merge(key):
                found.setdefault(key.value, value)
    return found


def _check_document(document: Node) -> Iterator[Refused]:
    pairs = _pairs(document)
    if (services := pairs.get("services")) is not None:
        yield from _expect("services", services, "a mapping")
        for name, service in _pairs(services).items():
            yield from _expect(name, service, "a mapping")
            yield from _check_keys(service, _SERVICE)
            wrong = [key for key in _pairs(service) if key in _MISPLACED]
            yield from (Refused(service.line, f"`{key}` belongs below `build`") for key in wrong)
    if (include := pairs.get("include")) is not None:
        yield from _expect("include", include, "a list")
        for item in include.items if isinstance(include, YamlSequence) else ():
            yield from _expect("include", item, "a string", "a mapping")
            yield from _check_keys(item, _INCLUDE)


def _check_keys(node: Node, checks: dict[str, _Check]) -> Iterator[Refused]:
    for key, value in _pairs(node).items():
        if key in checks:
            yield from checks[key](key, value)


def _string(name: str, node: Node) -> Iterator[Refused]:
    yield from _expect(name, node, "a string")


def _strings(name: str, node: Node) -> Iterator[Refused]:
    yield from _expect(name, node, "a string", "a list")
    yield from _items(name, node, "a string")


def _named(name: str, node: Node) -> Iterator[Refused]:
    yield from _expect(name, node, "a mapping", "a list")
    yield from _items(name, node, "a string")
    for key, value in _pairs(node).items():
        yield from _expect(key, value, "a string", "a number", "true or false", "empty", "a date")
    items = node.items if isinstance(node, YamlSequence) else ()
    written = Counter(item.value for item in items if isinstance(item, YamlScalar))
    yield from (Refused(node.line, f"`{one}` stands in `{name}` twice") for one, times in written.items() if times > 1)


def _items(name: str, node: Node, *types: str) -> Iterator[Refused]:
    for item in node.items if isinstance(node, YamlSequence) else ():
        yield from _expect(name, item, *types)


def _volumes(name: str, node: Node) -> Iterator[Refused]:
    yield from _expect(name, node, "a list")
    yield from _items(name, node, "a string", "a mapping")
    for item in node.items if isinstance(node, YamlSequence) else ():
        yield from _check_keys(item, _VOLUME)


def _build(name: str, node: Node) -> Iterator[Refused]:
    yield from _expect(name, node, "a string", "a mapping")
    yield from _check_keys(node, _BUILD)
    strange = (key for key in _pairs(node) if key not in _KEYS and not key.startswith("x-"))
    yield from (Refused(node.line, f"`build` has no `{key}`") for key in strange)


def _extends(name: str, node: Node) -> Iterator[Refused]:
    yield from _expect(name, node, "a string", "a mapping")
    yield from _check_keys(node, _EXTENDS)


_BUILD: dict[str, _Check] = {
    **dict.fromkeys(("context", "dockerfile", "dockerfile_inline", "target"), _string),
    **dict.fromkeys(("args", "additional_contexts"), _named),
}
_EXTENDS: dict[str, _Check] = dict.fromkeys(("service", "file"), _string)
_VOLUME: dict[str, _Check] = dict.fromkeys(("type", "source", "target"), _string)
_SERVICE: dict[str, _Check] = {"build": _build, "volumes": _volumes, "extends": _extends}
_INCLUDE: dict[str, _Check] = {"path": _strings, "project_directory": _string}
