"""Markdown as GitHub and GitLab render it: for the summary of a job, or a comment."""

from collections.abc import Iterator, Sequence

from common_sync.core.expressions import expression
from common_sync.core.model import Finding
from common_sync.interface.show.formats import REPOSITORY, standings
from common_sync.interface.show.options import Options
from common_sync.interface.show.presenter import Standing, View
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import count, place_of

_MOST_ROWS = 25
_MOST_BYTES = 60_000
"""GitHub drops a summary of a megabyte without a word, and refuses a comment of more than 65,536 characters."""

_PLAIN = expression(r"(?:[^\W_]|[ ,;/-])*")
_TICKS = expression("`+")
_SIGNS = {"passes": "✅", "unknown": "❔", "fails": "❌"}


def markdown_lines(view: View, _options: Options) -> Iterator[str]:
    """Yield a heading, a table of what does not pass, the commands that mend it, and the findings.

    Args:
        view: What the command came to.
    """
    rows = standings(view)
    head = [*_head_lines(view, [standing for standing, _ in rows]), *_table_lines(rows)]
    findings = [one for _, of in rows for one in of]
    head += _remedy_lines(findings)
    yield from head
    yield from _finding_lines(findings, _MOST_BYTES - sum(_size(line) for line in head))


def _size(line: str) -> int:
    return len(line.encode("utf-8", "backslashreplace")) + 1


def _head_lines(view: View, standings_: Sequence[Standing]) -> Iterator[str]:
    verdicts = [one.verdict for one in standings_ if one.service != REPOSITORY]
    total, failed, unknown = len(verdicts), verdicts.count("fails"), verdicts.count("unknown")
    fails = any(one.verdict == "fails" for one in standings_)
    parts = [f"{failed:,} of {count(total, 'service')} {'fails' if failed == 1 else 'fail'}"] if failed else []
    parts += [f"{unknown:,} cannot be told"] if unknown else []
    parts += ["what belongs to no service fails"] if fails and not failed and total else []
    sign = _SIGNS["fails" if fails else "unknown" if unknown else "passes"]
    passing = (
        f"{count(total, 'service')} {'passes' if total == 1 else 'pass'}" if total else "fails" if fails else "passes"
    )
    yield from (f"### {sign} common-sync {view.command}: {', '.join(parts) or passing}", "")
    for library in view.overview().libraries:
        yield from (_code(library), "")


def _table_lines(rows: Sequence[tuple[Standing, Sequence[Finding]]]) -> Iterator[str]:
    failed = sorted(
        ((one, findings) for one, findings in rows if one.verdict != "passes"), key=lambda row: row[0].verdict
    )
    if not failed:
        return
    yield "| service | version | what | findings |"
    yield "|---|---|---|--:|"
    for one, findings in failed[:_MOST_ROWS]:
        cells = (_code(one.service), _plain(one.version or "-"), _plain(one.what), f"{len(findings):,}")
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    if rest := len(failed) - _MOST_ROWS if len(failed) > _MOST_ROWS else 0:
        yield f"| and {count(rest, 'more service')} | | | |"
    yield ""


def _remedy_lines(findings: Sequence[Finding]) -> Iterator[str]:
    mends = dict.fromkeys(one.mend for one in findings if one.mend is not None)
    if mends:
        yield from ("```sh", *(f"common-sync {mend}" for mend in mends), "```", "")


def _finding_lines(findings: Sequence[Finding], room: int) -> Iterator[str]:
    """Yield the findings, as many as there is room for."""
    lines = [f"{place_of(one)}: {one.code} {printable(one.message)}" for one in findings]
    if not lines:
        return
    fence = "`" * max(3, _longest_ticks("\n".join(lines)) + 1)
    yield from (f"<details><summary>{count(len(lines), 'finding')}</summary>", "", f"{fence}text")
    left = room - 200 - 2 * len(fence)  # for the lines around them
    for number, line in enumerate(lines):
        left -= _size(line)
        if left < 0:
            yield f"and {count(len(lines) - number, 'more finding')}"
            break
        yield line
    yield from (fence, "", "</details>")


def _longest_ticks(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)


def _plain(text: str) -> str:
    """Return a few words; as code where they hold what Markdown might take for its own."""
    return text if _PLAIN.fullmatch(text) else _code(text)


def _code(text: str) -> str:
    """Return text that Markdown leaves as it is: between more backticks than it holds in a row."""
    text = printable(text)
    fence = "`" * (_longest_ticks(text) + 1)
    space = " " if text[:1] in ("`", " ") or text[-1:] in ("`", " ") else ""
    return f"{fence}{space}{text}{space}{fence}"
