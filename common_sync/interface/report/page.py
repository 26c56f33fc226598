"""The page: one file that needs nothing else, in which no script but its own may run."""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape

from common_sync.core.report.document import Document
from common_sync.core.service_plan import KINDS
from common_sync.edges.files.pages import read_shipped
from common_sync.interface.report.fields import format_document
from common_sync.interface.report.kinds import LOOKS, styles, symbols
from common_sync.interface.report.words import verdict
from common_sync.interface.show.presenter import Standing
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import count

_SCRIPTS = ("data", "dom", "summary", "matrix", "drawer", "page")
"""In the order in which they run, as one script."""

_PLACE = re.compile("@@([A-Z]+)@@")


def format_page(document: Document, standings: Sequence[Standing]) -> str:
    """Return the page of a report.

    Args:
        document: What it says.
        standings: How each service stands by what `verify` says.
    """
    style = styles() + _read("page.css")
    scripts = "\n".join(_read(f"script/{name}.js") for name in _SCRIPTS)
    script = f'"use strict";\n(() => {{\n{scripts}}})();\n'
    parts = {
        "POLICY": f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'",
        "STYLE": style,
        "SCRIPT": script,
        "SYMBOLS": symbols(),
        "DATA": format_document(document),
        "TITLE": escape(f"{verdict(document)} · common-sync"),
        "VERDICT": escape(verdict(document)),
        "TABLE": "\n".join(_table_lines(document, standings)),
    }
    # in one pass: what is filled in is never looked at for places
    return _PLACE.sub(lambda place: parts[place[1]], _read("page.html"))


def _read(name: str) -> str:
    return read_shipped(f"interface/report/{name}")


def _hash(text: str) -> str:
    """Return what a policy calls a script or a style sheet that it allows."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _table_lines(document: Document, standings: Sequence[Standing]) -> Iterator[str]:
    """Yield the table that is there without script and without style, in mail and in Jenkins: the worst services first."""
    heads = ("Service", "Version", "State", "What differs", "Builds alone")
    rest = len(standings) - _MOST_ROWS
    more = f", of which the first {_MOST_ROWS} are here" if rest > 0 else ""
    yield f"<table><caption>{count(len(standings), 'service')}{more}</caption>"
    columns = "".join(f'<th scope="col">{head}</th>' for head in heads)
    yield f"<thead><tr>{columns}</tr></thead><tbody>"
    rows = sorted(zip(document.services, standings, strict=True), key=lambda one: KINDS.index(one[0].kind))
    for row, standing in rows[:_MOST_ROWS]:
        cells = (standing.version or "-", LOOKS[row.kind].name, standing.what, _BUILDS[row.verdict])
        name = f'<th scope="row">{_text(row.name)}</th>'
        yield f"<tr>{name}{''.join(f'<td>{_text(cell)}</td>' for cell in cells)}</tr>"
    yield "</tbody></table>"


_MOST_ROWS = 500
_BUILDS = {"proven": "proven", "broken": "no", "unknown": "cannot be told"}


def _text(text: str) -> str:
    return escape(printable(text))
