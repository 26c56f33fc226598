"""Which ports of the machine a compose file publishes for its services, as far as that is written out.

Source of the format: https://github.com/compose-spec/compose-spec (05-services.md, ports).
"""

from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.compose.paths import has_variable
from common_sync.core.formats.yaml.tree import (
    Node,
    YamlMapping,
    YamlScalar,
    YamlSequence,
    find_value,
    is_merge,
    list_documents,
    list_merged,
)

_SHORT = expression(r"(?:(?:\[[^\]]*\]|[^:\[\]]*):)?([0-9-]+):([0-9-]+)(?:/tcp)?")
_RANGE = expression(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_TCP = "tcp"


class Published(NamedTuple):
    """Ports of the machine that lead to a service of a compose file."""

    service: str  # its name
    line: int  # the line, counted from 1
    ports: range  # the ports of the machine
    targets: range  # those in the container


def list_published(root: Node) -> Iterator[Published]:
    """Yield the ports that a compose file publishes by TCP; what a variable tells, or Docker chooses, is passed over.

    Args:
        root: The file's document, or its documents.
    """
    for document in list_documents(root):
        for services in list_merged(find_value(document, "services")):
            for key, service in services.pairs:
                if isinstance(key, YamlScalar) and not is_merge(key):
                    yield from _read_ports(key.value, find_value(service, "ports"))


def _read_ports(service: str, node: Node | None) -> Iterator[Published]:
    for item in node.items if isinstance(node, YamlSequence) else ():
        ports, targets = (_read_range(text) for text in _read_item(item))
        if ports and targets:
            yield Published(service, item.line, ports, targets)


def _read_item(item: Node) -> tuple[str, str]:
    """Return the ports of the machine and of the container, as written; nothing where they are not, or not by TCP."""
    if isinstance(item, YamlMapping):
        published, target, protocol = (_text(find_value(item, key)) for key in ("published", "target", "protocol"))
        return (published, target) if protocol in {"", _TCP} else ("", "")
    text = _text(item)
    match = None if has_variable(text) else _SHORT.fullmatch(text)
    return (match[1], match[2]) if match else ("", "")


def _read_range(text: str) -> range:
    match = _RANGE.fullmatch(text)
    return range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)


def _text(node: Node | None) -> str:
    return node.value if isinstance(node, YamlScalar) else ""
