"""The fields of a report's document, which is also what its page holds; docs/report.md explains them."""

import json

from common_sync import __version__
from common_sync.core.errors import shell_word
from common_sync.core.findings import page_url
from common_sync.core.model import STATES, Finding
from common_sync.core.report.document import (
    CopyRow,
    Document,
    LibraryRow,
    ServiceRow,
    choose_shortest,
    keep_differences,
    limit_rows,
)
from common_sync.interface.report.kinds import LOOKS
from common_sync.interface.report.words import verdict
from common_sync.interface.show.fields import Fields
from common_sync.interface.show.presenter import SCHEMA
from common_sync.interface.show.terminal import printable

ROOM = 850_000
"""Bytes of a document: with all around it, a page is smaller than a megabyte."""


def format_document(document: Document) -> str:
    """Return a document as JSON, in which as many differences, and then files, are left out as it takes to stay small.

    Nothing in it ends the element of a page that it stands in, and all of it can be printed.
    """
    texts = document.differences
    bare = _size(document_fields(document._replace(differences=("",) * len(texts))))
    kept = choose_shortest([_size(difference_text(text)) for text in texts], ROOM - bare)
    made = keep_differences(document, kept)
    while _size(document_fields(made)) > ROOM and (most := max((len(row.cells) for row in made.services), default=0)):
        made = limit_rows(made, most * 3 // 4)
    return _format(document_fields(made))


def _size(value: object) -> int:
    return len(_format(value).encode())


def _format(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


_ESCAPES = str.maketrans({"<": "\\u003c", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def difference_text(text: str) -> str:
    """Return the lines of a difference as they can be shown."""
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))


def document_fields(document: Document) -> Fields:
    """Return the fields of a report's document."""
    words, lists = dict[str, int](), dict[tuple[tuple[int, ...], ...], int]()
    services = [_service_fields(row, words, lists) for row in document.services]
    findings = [_finding_fields(one, words) for one in document.findings]
    return {
        "schema": SCHEMA,
        "command": "report",
        "tool": __version__,
        "made": document.made,
        "in_sync": document.in_sync,
        "verdict": verdict(document),
        "git": _git_fields(document),
        "libraries": [*map(_library_fields, document.libraries)],
        "states": STATES,
        "kinds": {kind: look.name for kind, look in LOOKS.items()},
        "files": [[library, printable(path)] for library, path in document.files],
        "services": services,
        "findings": findings,
        "lists": [*lists],
        "differences": [difference_text(text) for text in document.differences],
        "words": [*words],
        "pages": {code: page_url(code) for code in _list_codes(document)},
        "times": document.times,
        "no_history": printable(document.no_history),
    }


def _printable_fields(fields: Fields) -> Fields:
    return {key: printable(value) if isinstance(value, str) else value for key, value in fields.items()}


def _git_fields(document: Document) -> Fields | None:
    head = document.head
    if head is None:
        return None
    return _printable_fields({"branch": document.branch, "commit": head.id, "subject": head.subject, "time": head.time})


def _list_codes(document: Document) -> list[str]:
    found = (one.code for row in document.services for one in row.findings)
    return sorted({*found, *(one.code for one in document.findings)})


def _service_fields(row: ServiceRow, words: dict[str, int], lists: dict[tuple[tuple[int, ...], ...], int]) -> Fields:
    cells = tuple(
        (cell.file, STATES.index(cell.state), *(() if cell.difference < 0 else (cell.difference,)))
        for cell in row.cells
    )
    return {
        "name": printable(row.name),
        **({"word": printable(word)} if (word := shell_word(row.name)) != row.name else {}),
        "kind": row.kind,
        "decides": row.decides,
        "copies": [_copy_fields(copy) for copy in row.copies],
        "list": lists.setdefault(cells, len(lists)),
        "findings": [_finding_fields(one, words) for one in row.findings],
        "verdict": row.verdict,
        "checks": row.checks,
        "history": row.history,
        "since": row.since and [*row.since],
        **({"more_cells": row.more_cells} if row.more_cells else {}),
        **({"more_findings": row.more_findings} if row.more_findings else {}),
    }


def _library_fields(library: LibraryRow) -> Fields:
    fields = _printable_fields(library._asdict())
    return {key: fields[key] for key in fields if key != "called" or library.called is not None}


def _copy_fields(copy: CopyRow) -> Fields:
    fields = _printable_fields(copy._asdict())
    left_out = {
        *(() if copy.pinned is not None else ("pinned", "commit")),
        *(() if copy.library is not None else ("library",)),
    }
    return {key: fields[key] for key in fields if key not in left_out}


def _finding_fields(finding: Finding, words: dict[str, int]) -> list[object]:
    """Return the code, whether it is an error, the file, the line, and the numbers of the message and the remedy."""
    texts = (printable(finding.message), printable(finding.remedy))
    numbers = [words.setdefault(text, len(words)) for text in texts]
    return [finding.code, finding.severity == "error", printable(finding.file), finding.line, *numbers]
