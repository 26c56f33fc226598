"""A still picture of a report, for a chat, a README or a slide: no script, no font, no link."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

from common_sync.core.model import State
from common_sync.core.report.document import Document, ServiceRow
from common_sync.core.service_plan import KINDS, Kind
from common_sync.interface.report.kinds import LOOKS, class_of, styles, symbols
from common_sync.interface.report.words import verdict
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import count

_MOST_ROWS, _FEW_ROWS, _MOST_COLUMNS = 24, 12, 40
_LEFT, _CELL, _ROW, _LETTER = 28, 26, 21, 6.6
_STYLE = (
    ":root{--ink:#16202c;--soft:#56626f;--line:#e2e6eb;--bg:#fff}"
    "@media (prefers-color-scheme:dark){:root{--ink:#e6ebf1;--soft:#9eabb9;--line:#28323d;--bg:#0f141a}}"
    'text{font:12px system-ui,"Segoe UI","Noto Sans","DejaVu Sans",sans-serif;fill:var(--ink)}'
    ".title{font-size:24px;font-weight:700}.soft{fill:var(--soft)}.small{font-size:10.5px}"
    ".mono{font:11px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace}.kind,use{fill:var(--c)}"
    "rect.paper{fill:var(--bg)}path.line{stroke:var(--line)}"
)


class _Sheet(NamedTuple):
    """What is drawn, and where the matrix begins."""

    rows: Sequence[ServiceRow]
    columns: Sequence[str]  # folders
    named: float  # pixels that the names take
    versions: float  # pixels that the versions take
    top: float  # where the first row begins
    legend: float  # pixels that the legend takes

    @property
    def start(self) -> float:
        """Where the first column begins."""
        return _LEFT + self.named + self.versions

    @property
    def width(self) -> float:
        """Of the whole picture."""
        return max(860, self.start + _CELL * len(self.columns) + 60, self.legend + 2 * _LEFT)

    @property
    def height(self) -> float:
        """Of the whole picture."""
        return self.top + len(self.rows) * _ROW + 34


def format_picture(document: Document) -> str:
    """Return a picture of the worst services, folder by folder."""
    sheet = _lay_out(document)
    parts = [*_head_parts(document, sheet), *_column_parts(sheet)]
    for number, row in enumerate(sheet.rows):
        parts += _row_parts(document, row, sheet, sheet.top + number * _ROW)
    rest = len(document.services) - len(sheet.rows)
    last = f"and {count(rest, 'more service')} · common-sync report" if rest else "common-sync report"
    parts.append(_text(_LEFT, sheet.height - 14, last, "soft small"))
    size = f'width="{sheet.width:.0f}" height="{sheet.height:.0f}" viewBox="0 0 {sheet.width:.0f} {sheet.height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><!-- common-sync report -->\n'
        f"<title>{escape(verdict(document))}</title><style>{styles()}{_STYLE}</style>"
        f'<defs>{symbols()}</defs><rect class="paper" width="100%" height="100%" rx="12"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _lay_out(document: Document) -> _Sheet:
    worst = sorted(document.services, key=lambda row: (KINDS.index(row.kind), row.name))
    rows = [row for row in worst if not row.in_sync][:_MOST_ROWS] or worst[:_FEW_ROWS]
    columns = _choose_columns(document, rows)
    named = min(260.0, 20 + _LETTER * max((len(printable(row.name)) for row in rows), default=0))
    versions = 20 + _LETTER * max((len(_version(row)) for row in rows), default=0)
    longest = max((len(_label(column, columns)) for column in columns), default=0)
    legend = sum(_legend_width(kind, number) for kind, number in _count_kinds(document).items())
    return _Sheet(rows, columns, named, versions, 128 + min(120, 30 + 4.8 * longest), legend)


def _choose_columns(document: Document, rows: Sequence[ServiceRow]) -> list[str]:
    """Return the folders; where there are many, those with something to see first."""
    every = list(dict.fromkeys(_folder(document, number) for number in range(len(document.files))))
    if len(every) <= _MOST_COLUMNS:
        return every
    differing = {_folder(document, cell.file) for row in rows for cell in row.cells}
    kept = [*(one for one in every if one in differing), *(one for one in every if one not in differing)]
    return [one for one in every if one in kept[:_MOST_COLUMNS]]


def _folder(document: Document, file: int) -> str:
    """Return the folder of a file; with several libraries, the library's is above it."""
    library, path = document.files[file]
    folder = path.rpartition("/")[0]
    above = f"{document.libraries[library].path}/" if len(document.libraries) > 1 else ""
    return f"{above}{folder}".rstrip("/")


def _list_given(document: Document, row: ServiceRow) -> set[str]:
    """Return the folders of the libraries that a service gets."""
    libraries = {copy.library or 0 for copy in row.copies} if len(document.libraries) > 1 else {0}
    return {_folder(document, number) for number, file in enumerate(document.files) if file[0] in libraries}


def _label(folder: str, columns: Sequence[str]) -> str:
    """Return the head of a column, without the package that all others are in."""
    tops = {one.partition("/")[0] for one in columns if one}
    top = next(iter(tops)) if len(tops) == 1 else ""
    short = folder.removeprefix(f"{top}/") if top else folder
    text = printable(short or "top folder")
    return text if len(text) <= _MOST_LETTERS else f"…{text[1 - _MOST_LETTERS :]}"


_MOST_LETTERS = 22


def _head_parts(document: Document, sheet: _Sheet) -> Iterator[str]:
    yield _text(_LEFT, 46, verdict(document), "title")
    libraries = "; ".join(
        f"{one.path} · {one.name} {one.version or ''} · {count(one.files, 'file')} · {one.digest[:16]}…"
        for one in document.libraries
    )
    yield _text(_LEFT, 68, libraries, "soft")
    numbers = _count_kinds(document)
    yield from _bar_parts(numbers, sheet.width - 2 * _LEFT)
    yield from _legend_parts(numbers)


def _count_kinds(document: Document) -> dict[Kind, int]:
    """Return how many services there are of each kind that there is."""
    numbers = {kind: sum(row.kind == kind for row in document.services) for kind in KINDS}
    return {kind: number for kind, number in numbers.items() if number}


def _bar_parts(numbers: Mapping[Kind, int], width: float) -> Iterator[str]:
    total, x = sum(numbers.values()), float(_LEFT)
    for kind, number in numbers.items():
        part = width * number / total
        yield f'<rect class="kind {class_of(kind)}" x="{x:.1f}" y="84" width="{max(part - 2, 1):.1f}" height="12" rx="2"/>'
        x += part


def _legend_parts(numbers: Mapping[Kind, int]) -> Iterator[str]:
    x = float(_LEFT)
    for kind, number in numbers.items():
        yield _mark(kind, x, 107)
        yield _text(x + 15, 117, f"{number:,} {LOOKS[kind].name}")
        x += _legend_width(kind, number)


def _legend_width(kind: Kind, number: int) -> float:
    return 34 + _LETTER * len(f"{number:,} {LOOKS[kind].name}")


def _column_parts(sheet: _Sheet) -> Iterator[str]:
    for number, column in enumerate(sheet.columns):
        place = f"translate({sheet.start + number * _CELL + 14:.1f} {sheet.top - 6:.1f}) rotate(-58)"
        label = escape(_label(column, sheet.columns))
        yield f'<text class="soft small" transform="{place}">{label}</text>'


def _row_parts(document: Document, row: ServiceRow, sheet: _Sheet, y: float) -> Iterator[str]:
    yield f'<path class="line" d="M{_LEFT} {y:.1f}H{sheet.width - _LEFT:.0f}"/>'
    yield _text(_LEFT, y + 14.5, _cut(printable(row.name), sheet.named))
    yield _text(_LEFT + sheet.named, y + 14.5, _version(row), "mono soft")
    if row.kind == "no copy":
        yield _text(sheet.start + 2, y + 14.5, LOOKS[row.kind].name, f"kind {class_of(row.kind)}")
        return
    found: dict[str, list[State]] = {}
    for cell in row.cells:
        found.setdefault(_folder(document, cell.file), []).append(cell.state)
    given = _list_given(document, row)
    for number, column in ((number, column) for number, column in enumerate(sheet.columns) if column in given):
        yield from _cell_parts(found.get(column, ()), sheet.start + number * _CELL + _CELL / 2, y)


def _cell_parts(states: Sequence[State], middle: float, y: float) -> Iterator[str]:
    if not states:
        yield f'<circle class="kind {class_of("current")}" cx="{middle:.1f}" cy="{y + 10.5:.1f}" r="1.4" opacity=".5"/>'
        return
    kind = min(states, key=KINDS.index)
    several = len(states) > 1
    yield _mark(kind, middle - (10 if several else 5.5), y + 5)
    if several:
        yield _text(middle + 2.5, y + 14, str(len(states)), f"kind small {class_of(kind)}")


def _version(row: ServiceRow) -> str:
    """Return the versions of a service's copies, and what they are pinned to."""
    return printable(
        ", ".join(f"{copy.version or '-'}{'' if copy.pinned is None else f' @{copy.pinned}'}" for copy in row.copies)
    )


def _cut(text: str, pixels: float) -> str:
    most = int((pixels - 8) / _LETTER)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _mark(kind: Kind, x: float, y: float) -> str:
    return f'<use class="{class_of(kind)}" href="#{class_of(kind)}" x="{x:.1f}" y="{y:.1f}" width="11" height="11"/>'


def _text(x: float, y: float, text: str, classes: str = "") -> str:
    named = f' class="{classes}"' if classes else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}">{escape(printable(text))}</text>'
