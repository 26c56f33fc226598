"""`explain`: options in, exit code out."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.core.expressions import expression
from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import explain_fields
from common_sync.interface.show.options import Option, Options
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.terminal import Terminal, printable

if TYPE_CHECKING:
    from common_sync.commands.explain import Explanation, Page

_FENCED = expression(r"```console\n(.*?)```\n", re.DOTALL)
_HEADING = expression(r"#+ ")
_ITEM = expression(r"\n(?=- )")
"""What stands before each item of a list but the first."""

_LINK = expression(r"\[([^\]]*)\]\([^)]*\)")


def run_explain(
    options: Options, paths: Annotated[list[str], Option("", "Files or folders, or codes such as CS101.", "PATH|CODE")]
) -> int:
    """Say why a path is copied, ignored or rewritten: which rule, from which file and line; or what a code means."""
    from common_sync.commands.explain import explain, find_page, is_code  # no other command needs it

    pages = [find_page(word) for word in paths if is_code(word)]
    others = [word for word in paths if not is_code(word)]
    explanations = explain(load_project(options.root), others) if others else []
    text, fields = partial(_lines, explanations, pages), partial(explain_fields, explanations, pages)
    return present(View("explain", True, tuple, text, fields), options)


def _lines(explanations: Sequence["Explanation"], pages: Sequence["Page"], options: Options) -> Iterator[str]:
    for page in pages:
        yield from _page_lines(page, options.terminal)
    for one in explanations:
        answer = f"{options.terminal.paint(printable(one.path), 'bold')}: {one.verdict}: {printable(one.reason)}"
        yield from options.terminal.wrap(answer, 4) if options.terminal.has_width else (answer,)


def _page_lines(page: "Page", terminal: Terminal) -> Iterator[str]:
    """Yield a page as plain text, and its address."""
    for number, part in enumerate(_FENCED.split(page.text.strip())):
        yield from _shown_lines(part, terminal) if number % 2 else _text_lines(part, terminal)
    yield from (page.url, "")


def _text_lines(text: str, terminal: Terminal) -> Iterator[str]:
    for block in text.strip().split("\n\n"):
        for part in _ITEM.split(block.strip()):
            plain = _LINK.sub(r"\1", " ".join(part.split()))
            heading = _HEADING.match(plain)
            text = terminal.paint(plain[heading.end() :], "bold") if heading else plain
            yield from terminal.wrap(text, len("- ") * plain.startswith("- "))
        yield ""


def _shown_lines(shown: str, terminal: Terminal) -> Iterator[str]:
    """Yield what is typed and printed as it stands; only output that is too wide is broken."""
    for line in shown.splitlines():
        indent = len(line) - len(line.lstrip())
        yield from (line,) if line.startswith("$ ") else terminal.wrap(terminal.spell(line), indent + 4)
    yield ""
