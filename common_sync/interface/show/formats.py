"""The output formats of CI: findings in, lines out. A name is printable in all of them, whatever bytes it has."""

import json
import os
from collections.abc import Iterator, Sequence
from hashlib import sha256
from urllib.parse import quote

from common_sync import __version__
from common_sync.core.expressions import expression
from common_sync.core.findings import CODES, page_url
from common_sync.core.model import Finding
from common_sync.edges.files.pages import read_page
from common_sync.edges.git.repository import find_top
from common_sync.interface.show.options import Options
from common_sync.interface.show.presenter import Standing, View
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import count, place_of


def findings_from_top(view: View) -> list[Finding]:
    """Return the findings, with paths from the top of the repository: there CI looks for them.

    Args:
        view: What the command came to.
    """
    findings, folder = list(view.findings()), find_folder(view.root) if view.root is not None else os.curdir
    if folder == os.curdir:
        return findings
    return [one._replace(file=os.path.normpath(os.path.join(folder, one.file))) for one in findings]


def find_folder(root: str) -> str:
    """Return the path of the configuration's folder from the top of the repository; `.` where it is that, or is in none.

    Args:
        root: Its absolute path.
    """
    top = find_top(root)
    return os.path.relpath(os.path.realpath(root), os.path.realpath(top)) if top is not None else os.curdir


REPOSITORY = "(repository)"
"""What stands for a service where a finding belongs to none."""


def standings(view: View) -> list[tuple[Standing, list[Finding]]]:
    """Return how each service stands, and its findings; one fails where the command does, and there is at least one.

    Args:
        view: What the command came to.
    """
    known = {one.service: one for one in view.overview().services}
    found: dict[str, list[Finding]] = {service: [] for service in known}
    for one in findings_from_top(view):
        found.setdefault(one.service or REPOSITORY, []).append(one)
    if not found:
        found[REPOSITORY] = []
    rows = [(_stand(known.get(service) or Standing(service), of), of) for service, of in found.items()]
    if not view.passes and all(standing.verdict != "fails" for standing, _ in rows):
        rows.append((Standing(REPOSITORY, "fails", "see what the command printed"), []))
    return rows


def _stand(standing: Standing, findings: Sequence[Finding]) -> Standing:
    errors = sum(one.severity == "error" for one in findings)
    if not errors:
        return standing
    return standing._replace(verdict="fails", what=standing.what or count(errors, "error"))


_MOST_ANNOTATIONS = 10
"""GitHub drops what a step has more of one level, without a word."""

_MOST_NAMES, _MOST_MESSAGES = 20, 8


def github_lines(view: View, options: Options) -> Iterator[str]:
    """Yield the text, then annotations as GitHub's workflow commands.

    Args:
        view: What the command came to.
        options: The options of every command.
    """
    text = list(view.text(options))
    if any("::" in line or "##[" in line for line in text):  # a file may have the name of a workflow command
        token = os.urandom(16).hex()
        text = [f"::stop-commands::{token}", *text, f"::{token}::"]
    yield from text
    findings = findings_from_top(view)
    yield from _annotations([one for one in findings if one.severity == "error"])
    yield from _annotations([one for one in findings if one.severity == "warning"])


def _annotations(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield those of one level: one for all that a command mends, one a service that a person decides on."""
    groups: dict[str, list[Finding]] = {}
    mended: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.mend:
            mended.setdefault(finding.mend, []).append(finding)
        else:
            groups.setdefault(finding.service or finding.file, []).append(finding)
    room = _MOST_ANNOTATIONS - len(mended)
    shown = list(groups)[: room if len(groups) <= room else room - 1]
    for service in shown:
        yield _annotation(groups[service], service, _decided(groups.pop(service)))
    for mend, found in mended.items():
        names = list(dict.fromkeys(printable(one.service or one.file) for one in found))
        more = [f"and {len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else []
        title = f"{count(len(names), 'service')} that common-sync {mend} mends"
        yield _annotation(found, title, [*names[:_MOST_NAMES], *more, f"help: common-sync {mend}"])
    if groups:
        left = sum(map(len, groups.values()))
        said = f"{count(left, 'more finding')} in {count(len(groups), 'more service')}: see the log of this step"
        yield f"::{findings[0].severity} title=common-sync::{_data(said)}"


def _decided(findings: Sequence[Finding]) -> list[str]:
    lines = [f"{one.code} {place_of(one)}: {printable(one.message)}" for one in findings[:_MOST_MESSAGES]]
    more = [f"and {len(findings) - _MOST_MESSAGES} more"] if len(findings) > _MOST_MESSAGES else []
    return [*lines, *more, f"help: {printable(findings[0].remedy)}"]


def _annotation(findings: Sequence[Finding], title: str, lines: Sequence[str]) -> str:
    at = next((one for one in findings if one.line is not None), findings[0])
    line = "" if at.line is None else f",line={at.line}"
    place, title = _property(printable(at.file)), _property(f"common-sync: {printable(title)}")
    said = _data("\n".join(lines))
    return f"::{at.severity} file={place}{line},title={title}::{said}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _fingerprints(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield what tells each finding from the others, and stays when lines are moved; a repeated one gets its number."""
    seen: dict[str, int] = {}
    for one in findings:
        said = f"{one.code}\0{one.service}\0{one.file}\0{one.message}"
        number = seen[said] = seen.get(said, -1) + 1
        unique = f"{said}\0{number}" if number else said
        yield sha256(unique.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def gitlab_lines(view: View, _options: Options) -> Iterator[str]:
    """Yield GitLab's code quality report.

    Args:
        view: What the command came to.
    """
    findings = findings_from_top(view)
    issues = [
        {
            "description": f"{one.code}: {printable(one.message)}",
            "check_name": one.code,
            "fingerprint": fingerprint,
            "severity": "major" if one.severity == "error" else "minor",
            "location": {"path": printable(one.file), "lines": {"begin": one.line or 1}},
        }
        for one, fingerprint in zip(findings, _fingerprints(findings), strict=True)
    ]
    yield json.dumps(issues, indent=2)


_MOST_RESULTS = 5000
"""GitHub takes no more."""


def sarif_lines(view: View, _options: Options) -> Iterator[str]:
    """Yield SARIF 2.1.0.

    Args:
        view: What the command came to.
    """
    findings = sorted(findings_from_top(view), key=lambda one: one.severity)[:_MOST_RESULTS]  # errors first
    codes = sorted({one.code for one in findings})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": f"{CODES[code].title}."},
            **_told_by_page(code),
            "helpUri": page_url(code),
            "defaultConfiguration": {"level": CODES[code].severity},
        }
        for code in codes
    ]
    driver = {
        "name": "common-sync",
        "version": __version__,
        "informationUri": "https://github.com/common-sync/common-sync",
        "rules": rules,
    }
    results = [
        _result(one, codes.index(one.code), fingerprint)
        for one, fingerprint in zip(findings, _fingerprints(findings), strict=True)
    ]
    automation = {"id": f"common-sync/{view.command}/"}
    once = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "automationDetails": automation}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    yield json.dumps({"$schema": schema, "version": "2.1.0", "runs": [{**once, "results": results}]}, indent=2)


_LINK = expression(r"\[([^]\n]*)\]\([^)\s]*\)")


def _told_by_page(code: str) -> dict[str, dict[str, str]]:
    """Return what the page of a code says, which GitHub shows beside an alert: what is so, and what to do."""
    head, *parts = _LINK.sub(r"\1", read_page(code)).split("\n## ")
    what = " ".join(head.partition("\n\n")[2].partition("\n\n")[0].split())
    what = what if what.endswith(".") else f"{what.rpartition('. ')[0]}."  # a list would follow
    todo = next(part.partition("\n")[2].strip() for part in parts if part.startswith("What to do"))
    text = " ".join(todo.split())
    return {"fullDescription": {"text": what}, "help": {"text": text, "markdown": f"{todo}\n\n{page_url(code)}"}}


def _result(finding: Finding, rule: int, fingerprint: str) -> dict[str, object]:
    uri = quote(os.fsencode(finding.file))
    place = {"artifactLocation": {"uri": uri, "uriBaseId": "SRCROOT"}, "region": {"startLine": finding.line or 1}}
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": f"{printable(finding.message)}. Help: {printable(finding.remedy)}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"commonSync/v1": fingerprint},
    }
