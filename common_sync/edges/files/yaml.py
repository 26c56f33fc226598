"""Read YAML into the tree of `core/formats/yaml/tree.py`, by PyYAML's events.

Not by its `compose()`, though that is built from the same events: it calls itself for each level, and libyaml's ends the whole
process by a segmentation fault where a file holds a hundred thousand opening brackets. Positions of both are in characters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from common_sync.core.expressions import expression
from common_sync.core.formats.yaml.tree import DOCUMENTS, Node, YamlMapping, YamlScalar, YamlSequence
from common_sync.core.text import UnparsableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml import CSafeLoader, SafeLoader
    from yaml.error import MarkedYAMLError
    from yaml.events import AliasEvent, CollectionStartEvent, Event, ScalarEvent

    Loader = type[CSafeLoader | SafeLoader]

_DEEPEST = 100
"""Levels; Compose needs eight."""

_BOM = "\ufeff"
_PROPERTIES = expression(r"(?:[&!]\S*|\s|#.*)*")


def parse_yaml(text: str) -> Node:
    """Return the only document of a text.

    Raises:
        UnparsableError: It is no YAML, holds more than one document, or is nested too deeply.
    """
    return _parse(text, several=False)


def parse_documents(text: str) -> Node:
    """Return the document of a text, or a list of them under the tag `DOCUMENTS`; empty ones count for nothing.

    Raises:
        UnparsableError: It is no YAML, or is nested too deeply.
    """
    return _parse(text, several=True)


def _parse(text: str, *, several: bool) -> Node:
    import yaml  # 20 ms, and most files cannot concern the library

    skipped = len(text) - len(text.lstrip(_BOM))  # libyaml does not count one that comes first
    try:
        return _Builder(text[skipped:], skipped, _fastest_loader(), several=several).build()
    except UnparsableError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise _explain(error, text[skipped:], several=several) from error


def _fastest_loader() -> Loader:
    """Return libyaml's, which Compose's own parser was ported from, and 14 times as fast; not every PyYAML was built with it."""
    try:
        from yaml import CSafeLoader
    except ImportError:
        from yaml import SafeLoader

        return SafeLoader
    return CSafeLoader


class _Builder:
    def __init__(self, text: str, skipped: int, loader: Loader, *, several: bool) -> None:
        self._text, self._skipped, self._loader, self._several = text, skipped, loader, several
        self._anchors: dict[str, Node] = {}

    def build(self) -> Node:
        """Build the tree from the events, without a call for each level."""
        from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, DocumentStartEvent, ScalarEvent

        documents = 0
        opened: list[tuple[CollectionStartEvent, list[Node]]] = []
        nodes: list[Node] = []
        for event in self._events():
            if isinstance(event, ScalarEvent):
                nodes.append(self._name(event, self._scalar(event)))
            elif isinstance(event, DocumentStartEvent):
                documents += 1
                self._anchors.clear()  # an anchor is of its document
                if documents > 1 and not self._several:
                    raise UnparsableError(_line(event), "a second document begins here")
            elif isinstance(event, CollectionStartEvent):
                if len(opened) == _DEEPEST:
                    raise UnparsableError(_line(event), f"nested more than {_DEEPEST} levels deep")
                opened.append((event, nodes))
                nodes = []
            elif isinstance(event, CollectionEndEvent):
                start, above = opened.pop()
                above.append(self._name(start, _collect(start, nodes)))
                nodes = above
            elif isinstance(event, AliasEvent):
                nodes.append(self._find(event))
        roots = [node for node in nodes if not isinstance(node, YamlScalar) or node.value] if self._several else nodes
        if len(roots) > 1:
            return YamlSequence(tuple(roots), DOCUMENTS, 1)
        return roots[0] if roots else YamlScalar("", "", "", self._skipped, self._skipped, 1)

    def _events(self) -> Iterator[Event]:
        import yaml

        yield from yaml.parse(self._text, Loader=self._loader)

    def _scalar(self, event: ScalarEvent) -> YamlScalar:
        assert event.start_mark  # libyaml and PyYAML give every event both
        assert event.end_mark
        start, end, line = event.start_mark.index, event.end_mark.index, _line(event)
        if event.anchor or event.tag:
            properties = _PROPERTIES.match(self._text, start, end)
            assert properties  # it matches nothing, too
            line += self._text.count("\n", start, properties.end())
            start = properties.end()
        shift = self._skipped
        return YamlScalar(event.value, event.tag or "", event.style or "", start + shift, end + shift, line)

    def _name(self, event: ScalarEvent | CollectionStartEvent, node: Node) -> Node:
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _find(self, event: AliasEvent) -> Node:
        if event.anchor not in self._anchors:  # nor is one inside what it names: nothing could be built of it
            raise UnparsableError(_line(event), f"found undefined alias {event.anchor!r}")
        return self._anchors[event.anchor]


def _collect(start: CollectionStartEvent, nodes: list[Node]) -> Node:
    from yaml.events import SequenceStartEvent

    if isinstance(start, SequenceStartEvent):
        return YamlSequence(tuple(nodes), start.tag or "", _line(start))
    return YamlMapping(tuple(zip(nodes[::2], nodes[1::2], strict=True)), start.tag or "", _line(start))


def _line(event: Event) -> int:
    assert event.start_mark
    return event.start_mark.line + 1


def _explain(error: Exception, text: str, *, several: bool) -> UnparsableError:
    """Say what is wrong in the words of PyYAML's own parser, which are the same whatever libyaml it was built with.

    Each libyaml has words and limits of its own: one refuses what is nested deeply before `_DEEPEST` is seen. But the parsers
    differ in what they take, too. Where PyYAML's own finds nothing in that line, libyaml's words stay.
    """
    from yaml.error import MarkedYAMLError

    fault = _ask_python(text, several=several)
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        refused = _in_its_words(error)
        return fault if fault and fault.line == refused.line else refused
    return fault or UnparsableError(None, f"PyYAML cannot read it: {error}")


def _ask_python(text: str, *, several: bool) -> UnparsableError | None:
    from yaml import SafeLoader
    from yaml.error import MarkedYAMLError
    from yaml.reader import ReaderError

    try:
        _Builder(text, 0, SafeLoader, several=several).build()
    except UnparsableError as fault:
        return fault
    except MarkedYAMLError as error:
        return _in_its_words(error)
    except ReaderError as error:
        return UnparsableError(text.count("\n", 0, error.position) + 1, error.reason)
    except (ValueError, OverflowError):  # a number beyond what a character, or Python, can have
        return None
    return None


def _in_its_words(error: MarkedYAMLError) -> UnparsableError:
    words = " ".join(part for part in (error.context, error.problem) if part)
    return UnparsableError(error.problem_mark.line + 1 if error.problem_mark else None, words)
