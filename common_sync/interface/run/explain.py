"""`explain`: options in, exit code out."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import explain_fields
from common_sync.interface.show.options import Option, Options
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.terminal import printable

if TYPE_CHECKING:
    from common_sync.commands.explain import Explanation


def run_explain(options: Options, paths: Annotated[list[str], Option("", "Files or folders.", "PATH")]) -> int:
    """Say why a path is copied, ignored or rewritten: which rule, from which file and line."""
    from common_sync.commands.explain import explain  # no other command needs it

    explanations = explain(load_project(options.root), paths)
    text, fields = partial(_lines, explanations), partial(explain_fields, explanations)
    return present(View("explain", True, tuple, text, fields), options)


def _lines(explanations: Sequence["Explanation"], options: Options) -> Iterator[str]:
    for one in explanations:
        yield f"{options.terminal.paint(printable(one.path), 'bold')}: {one.verdict}: {printable(one.reason)}"
