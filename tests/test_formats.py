"""The formats of CI, from findings with hostile names and from real runs."""

import json
import re
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.monorepo import Monorepo

from common_sync.core.findings import CODES, make_finding, page_url
from common_sync.core.model import Finding
from common_sync.interface.show.formats import github_lines, gitlab_lines, sarif_lines
from common_sync.interface.show.options import Options
from common_sync.interface.show.presenter import View

HOSTILE = [
    "a\nb",
    "::error::x",
    "a%0Ab",
    "a,line=3:b",
    "<x>]]>",
    "a|b",
    "\x1b[2J\x07",
    "\udcff",
    "##[error]x",
    "a\r\nb",
    "ü",
]
NAMES = st.sampled_from(HOSTILE) | st.text(min_size=1)
FINDINGS = st.lists(
    st.builds(
        make_finding, st.sampled_from(sorted(CODES)), NAMES, NAMES, st.none() | st.integers(1, 9), NAMES, NAMES,
        st.sampled_from([None, "distribute", "doctor --fix"]),
    )
)  # fmt: skip


def view_of(findings: list[Finding], text: tuple[str, ...] = ()) -> View:
    """Return a view of findings."""
    return View("verify", not findings, lambda: findings, lambda _: text, dict)


COMMAND = re.compile(r"::(error|warning) (file=[^,:]*,(line=\d+,)?)?title=[^,:]*::[^\n\r]*")


@given(FINDINGS)
def test_github_annotations_are_whole_and_few(findings: list[Finding]) -> None:
    """A file's name would be a command to GitHub, or an annotation would be dropped without a word."""
    lines = list(github_lines(view_of(findings), Options()))
    assert all(COMMAND.fullmatch(line) and line.isprintable() for line in lines), lines
    assert not any(re.search("%(?!25|0A|0D|3A|2C)", line) for line in lines)
    for severity in ("error", "warning"):
        assert any(one.severity == severity for one in findings) == any(f"::{severity} " in line for line in lines)
        assert sum(line.startswith(f"::{severity} ") for line in lines) <= 10


def test_github_gives_a_person_s_work_its_own_annotations() -> None:
    """What somebody has to decide would be lost among what one command mends."""
    mended = [make_finding("CS001", f"s{n}", f"s{n}/x", None, "is behind", "d", "distribute") for n in range(30)]
    decided = [make_finding("CS003", f"d{n:02}", f"d{n:02}/x:y", 3, "is edited", "r") for n in range(12)]
    lines = list(github_lines(view_of([*mended, *decided]), Options()))
    assert len(lines) == 10
    assert lines[0] == "::error file=d00/x%3Ay,line=3,title=common-sync%3A d00::CS003 d00/x:y:3: is edited%0Ahelp: r"
    assert "title=common-sync%3A 30 services that common-sync distribute mends::s0%0As1" in lines[8]
    assert "%0Aand 10 more%0Ahelp: common-sync distribute" in lines[8]
    assert lines[9] == "::error title=common-sync::4 more findings in 4 more services: see the log of this step"


@pytest.mark.parametrize("name", ["    ::add-mask::x", "a ##[error]x"])
def test_github_takes_no_command_from_the_text(name: str) -> None:
    """A file's name that stands alone on a line of the log would be obeyed."""
    first, inside, last = github_lines(view_of([], (name,)), Options())
    assert inside == name
    assert re.fullmatch(r"::stop-commands::[0-9a-f]{32}", first)
    assert last == f"::{first.removeprefix('::stop-commands::')}::"


@given(FINDINGS)
def test_gitlab_has_every_field_and_unique_fingerprints(findings: list[Finding]) -> None:
    """GitLab would refuse the report, or show one of two findings."""
    report = json.loads("\n".join(gitlab_lines(view_of(findings), Options())))
    assert len({one["fingerprint"] for one in report}) == len(report) == len(findings)
    for issue, finding in zip(report, findings, strict=True):
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert re.fullmatch("[0-9a-f]{32}", issue["fingerprint"])
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["path"].isprintable()
        assert issue["location"]["lines"] == {"begin": finding.line or 1}
        assert issue["description"].startswith(f"{issue['check_name']}: ")


def test_a_fingerprint_stays_when_a_line_moves() -> None:
    """GitLab and GitHub would call an old finding a new one."""
    one = make_finding("CS101", "a", "a/x", 3, "m", "r")
    old, new = ("\n".join(gitlab_lines(view_of([it]), Options())) for it in (one, one._replace(line=9)))
    assert json.loads(old)[0]["fingerprint"] == json.loads(new)[0]["fingerprint"]


@given(FINDINGS)
def test_sarif_has_the_fields_of_2_1_0(findings: list[Finding]) -> None:
    """Code scanning would refuse the file, or lead to no rule."""
    log = json.loads("\n".join(sarif_lines(view_of(findings), Options())))
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({one.code for one in findings})
    assert all(rule["helpUri"] == page_url(rule["id"]) for rule in rules)
    ordered = sorted(findings, key=lambda one: one.severity)
    for result, finding in zip(run["results"], ordered, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.code
        assert result["level"] == finding.severity
        assert result["message"]["text"].isprintable()
        place = result["locations"][0]["physicalLocation"]
        assert place["region"] == {"startLine": finding.line or 1}
        assert re.fullmatch(r"(?:[\w.~/-]|%[0-9A-F]{2})+", place["artifactLocation"]["uri"], re.ASCII)
        assert unquote_to_bytes(place["artifactLocation"]["uri"]).decode("utf-8", "surrogateescape") == finding.file
    prints = [result["partialFingerprints"]["commonSync/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_sarif_has_no_more_than_github_takes() -> None:
    """GitHub would refuse the file; the warnings are what is left out."""
    many = [make_finding(code, "a", f"a/{n}", 1, "m", "r") for n in range(4000) for code in ("CS102", "CS101")]
    results = json.loads("\n".join(sarif_lines(view_of(many), Options())))["runs"][0]["results"]
    assert [one["level"] for one in results] == ["error"] * 4000 + ["warning"] * 1000


def test_one_run_writes_every_format(synced: Monorepo) -> None:
    """CI would run the tool once a report, and a report would be missing just where something is wrong."""
    synced.write("services/api/common/our_common/settings.py", "edited\n")
    plain = synced.run("verify", "--output-format", "concise")
    synced.write("old.sarif", "old")
    files = [word for name in ("gitlab=g.json", "sarif=old.sarif", "json=j.json") for word in ("--output-format", name)]
    done = synced.run("verify", "--output-format", "concise", *files)
    assert done == plain
    assert done.code == 1
    found = json.loads((synced.root / "j.json").read_text())["findings"]
    assert len(found) == len(json.loads((synced.root / "g.json").read_text())) == len(done.out.splitlines())
    assert len(json.loads((synced.root / "old.sarif").read_text())["runs"][0]["results"]) == len(found)
    assert "Somebody has to decide" in synced.run("verify", *files).out, "the text, where nothing else goes there"
    shown = synced.run("verify", "--output-format", "github")
    assert shown.code == 1
    assert "::error file=" in shown.out
