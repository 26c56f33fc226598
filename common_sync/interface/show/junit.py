"""JUnit's XML: a test case a service, so that CI lists them beside its tests."""

from collections.abc import Iterator, Sequence
from html import escape

from common_sync.core.model import Finding
from common_sync.interface.show.formats import standings
from common_sync.interface.show.options import Options
from common_sync.interface.show.presenter import Standing, View
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import count, place_of


def junit_lines(view: View, _options: Options) -> Iterator[str]:
    """Yield JUnit's XML, in ASCII.

    Args:
        view: What the command came to.
    """
    rows = standings(view)
    verdicts = [standing.verdict for standing, _ in rows]
    name, failed, unknown = f"common-sync {view.command}", verdicts.count("fails"), verdicts.count("unknown")
    totals = f'name="{name}" tests="{len(rows)}" failures="{failed}" errors="0"'
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites {totals}>"
    yield f'  <testsuite {totals} skipped="{unknown}" time="0">'
    for standing, findings in rows:
        yield from _case_lines(view.command, standing, findings)
    yield "  </testsuite>"
    yield "</testsuites>"


def _case_lines(command: str, standing: Standing, findings: Sequence[Finding]) -> Iterator[str]:
    errors = [one for one in findings if one.severity == "error"]
    warnings = [one for one in findings if one.severity == "warning"]
    yield f'    <testcase classname="common-sync.{command}" name="{_text(standing.service)}" time="0">'
    if standing.verdict == "fails":
        codes = ", ".join(sorted({one.code for one in errors}))
        message = f"{count(len(errors), 'error')} ({codes})" if errors else standing.what
        yield f'      <failure type="{codes or "drift"}" message="{_text(message)}">{_said(errors)}</failure>'
    elif standing.verdict == "unknown":
        yield '      <skipped message="cannot be told"/>'
    if warnings:
        yield f"      <system-out>{_said(warnings)}</system-out>"
    yield "    </testcase>"


def _said(findings: Sequence[Finding]) -> str:
    """Return findings with their remedies, as XML."""
    return "\n".join(
        _text(f"{place_of(one)}: {one.code} {printable(one.message)}") + f"\n  help: {_text(one.remedy)}"
        for one in findings
    )


def _text(text: str) -> str:
    """Return a name or sentence as XML; what can be printed is a character that XML has."""
    return escape(printable(text)).encode("ascii", "xmlcharrefreplace").decode("ascii")
