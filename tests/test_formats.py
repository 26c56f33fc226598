"""The formats of CI, from findings with hostile names and from real runs."""

import html
import json
import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import cmarkgfm  # type: ignore[import-untyped]  # it says nothing of types
import pytest
from cmarkgfm.cmark import Options as CMark  # type: ignore[import-untyped]  # as above
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Failure, JUnitXml, Skipped
from support.depth import deep
from support.monorepo import Monorepo

from common_sync.core.findings import CODES, make_finding, page_url
from common_sync.core.model import Finding
from common_sync.interface.show.formats import github_lines, gitlab_lines, sarif_lines
from common_sync.interface.show.junit import junit_lines
from common_sync.interface.show.markdown import markdown_lines
from common_sync.interface.show.options import Options
from common_sync.interface.show.presenter import Overview, Standing, View
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import place_of

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


def view_of(
    findings: list[Finding], text: tuple[str, ...] = (), services: tuple[Standing, ...] = (), root: str | None = None
) -> View:
    """Return a view of findings."""
    overview = Overview(("our `lib` in a|b, 3 files",), services)
    return View("verify", not findings, lambda: findings, lambda _: text, dict, root, lambda: overview)


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
    told = [rule[key]["text"] for rule in rules for key in ("fullDescription", "help")]
    assert all(text.endswith(".") and "](" not in text for text in told), told
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


@deep("very many findings")
def test_sarif_has_no_more_than_github_takes() -> None:
    """GitHub would refuse the file; the warnings are what is left out."""
    many = [make_finding(code, "a", f"a/{n}", 1, "m", "r") for n in range(4000) for code in ("CS102", "CS101")]
    results = json.loads("\n".join(sarif_lines(view_of(many), Options())))["runs"][0]["results"]
    assert [one["level"] for one in results] == ["error"] * 4000 + ["warning"] * 1000


STANDINGS = st.lists(
    st.builds(Standing, NAMES, st.sampled_from(["passes", "fails", "unknown"]), NAMES, st.none() | NAMES),
    unique_by=lambda one: one.service,
).map(tuple)


@given(FINDINGS, STANDINGS)
def test_junit_is_read_by_another_program(findings: list[Finding], services: tuple[Standing, ...]) -> None:
    """CI would refuse the file, count otherwise than the command, or show a failed service as passed."""
    lines = list(junit_lines(view_of(findings, services=services), Options()))
    assert "\n".join(lines).isascii()
    suites = JUnitXml.fromstring("\n".join(lines))
    cases = [case for suite in suites for case in suite]
    names = dict.fromkeys([one.service for one in services] + [one.service for one in findings]) or ["(repository)"]
    assert [case.name for case in cases][: len(names)] == [printable(name) for name in names]
    failed = [case for case in cases if any(isinstance(result, Failure) for result in case.result)]
    skipped = [case for case in cases if any(isinstance(result, Skipped) for result in case.result)]
    assert (suites.tests, suites.failures, suites.errors) == (len(cases), len(failed), 0)
    assert sum(suite.skipped for suite in suites) == len(skipped)
    wrong = {one.service for one in services if one.verdict == "fails"}
    wrong |= {one.service for one in findings if one.severity == "error"}
    assert {case.name for case in failed} - {"(repository)"} == set(map(printable, wrong)) - {"(repository)"}
    assert bool(failed) or not findings, "a command that fails has a test that fails"
    for one in findings:
        told = [case for case in cases if case.name == printable(one.service)]
        said = "".join(f"{case.system_out} {[result.text for result in case.result]!r}" for case in told)
        assert one.code in said


def rendered(findings: list[Finding], services: tuple[Standing, ...]) -> tuple[str, str]:
    """Return Markdown, and what GitHub makes of it."""
    text = "\n".join(markdown_lines(view_of(findings, services=services), Options()))
    return text, str(cmarkgfm.github_flavored_markdown_to_html(text, CMark.CMARK_OPT_UNSAFE))


@given(FINDINGS, STANDINGS)
def test_markdown_shows_names_as_they_are(findings: list[Finding], services: tuple[Standing, ...]) -> None:
    """A service's name would be a link, an image or a cell of its own in the summary of a job."""
    _, page = rendered(findings, services)
    assert set(re.findall(r"<(\w+)", page)) <= {
        "h3", "p", "code", "table", "thead", "tbody", "tr", "th", "td", "pre", "details", "summary",
    }  # fmt: skip
    assert page.count("<h3>") == 1
    assert page.count("<details>") == page.count("</details>") == bool(findings)
    rows = [re.findall("<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in re.findall("<tr>(.*?)</tr>", page, re.DOTALL)]
    shown = [tuple(plain(cell) for cell in row) for row in rows if row]
    wrong = {one.service for one in services if one.verdict != "passes"}
    wrong |= {one.service for one in findings if one.severity == "error"}
    named = {row[0] for row in shown if row[0] != "(repository)" and not row[0].startswith("and ")}
    assert all(len(row) == 4 for row in shown)
    if len(wrong) <= 25:
        assert named == {printable(name) for name in wrong if name != "(repository)"}
    for one in services:
        if one.verdict == "fails" and len(wrong) <= 25:
            assert (printable(one.service), printable(one.version or "-"), printable(one.what)) in [
                row[:3] for row in shown
            ]
    listed = re.findall("<pre[^>]*><code[^>]*>(.*?)</code></pre>", page, re.DOTALL)
    lines = html.unescape(listed[-1] if findings else "").splitlines()
    assert set(lines) >= {f"{place_of(one)}: {one.code} {printable(one.message)}" for one in findings}


def plain(cell: str) -> str:
    """Return the text of a cell."""
    return html.unescape(re.sub("</?code>", "", cell))


def test_markdown_has_what_there_is_room_for() -> None:
    """GitHub would drop the summary without a word, or refuse the comment."""
    findings = [make_finding("CS003", f"s{n}", f"s{n}/{'x' * 200}", 1, "is edited", "r") for n in range(2000)]
    text, page = rendered(findings, ())
    assert 55_000 < len(text.encode()) <= 60_000
    assert "and 1,975 more services" in page
    assert re.search(r"\nand 1,\d{3} more findings\n</code></pre>\s*</details>", page)
    assert "2,000 of 2,000 services fail" in page


@pytest.mark.parametrize(
    ("services", "passes", "says"),
    [
        ((), True, "✅ common-sync verify: passes"),
        ((), False, "❌ common-sync verify: fails"),
        ((Standing("a"),), True, "✅ common-sync verify: 1 service passes"),
        ((Standing("a"), Standing("b")), True, "✅ common-sync verify: 2 services pass"),
        ((Standing("a"), Standing("b", "unknown")), True, "❔ common-sync verify: 1 cannot be told"),
        ((Standing("a"), Standing("b", "fails")), False, "❌ common-sync verify: 1 of 2 services fails"),
        ((Standing("a"),), False, "❌ common-sync verify: what belongs to no service fails"),
    ],
)
def test_a_summary_says_the_verdict_first(services: tuple[Standing, ...], *, passes: bool, says: str) -> None:
    """A reader would have to look for whether all is well."""
    view = View("verify", passes, tuple, lambda _: (), dict, overview=lambda: Overview((), services))
    assert next(iter(markdown_lines(view, Options()))) == f"### {says}"
    cases = [case for suite in JUnitXml.fromstring("\n".join(junit_lines(view, Options()))) for case in suite]
    assert any(isinstance(result, Failure) for case in cases for result in case.result) == (not passes)


PLACES: dict[str, Callable[[str], list[str]]] = {
    "github": lambda out: re.findall(r"^::error file=([^,]*),", out, re.MULTILINE),
    "gitlab": lambda out: [one["location"]["path"] for one in json.loads(out)],
    "sarif": lambda out: [
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for one in json.loads(out)["runs"][0]["results"]
    ],
    "junit": lambda out: re.findall(r"([^\s>]*settings\.py): CS", out),
    "markdown": lambda out: re.findall(r"^(\S*settings\.py): CS", out, re.MULTILINE),
}


def test_paths_are_from_the_top_of_the_repository(synced: Monorepo) -> None:
    """GitHub and GitLab would show no annotation, where the configuration is not at the top."""
    synced.write("services/api/common/our_common/settings.py", "edited\n")
    top = synced.root.with_name("top")
    top.mkdir()
    synced.root.rename(top / "inner")
    (top / "inner/.git").rename(top / ".git")
    below = Monorepo(top / "inner")
    for name, places in PLACES.items():
        for words in (("verify",), ("verify", "--copy", "services/api/common")):
            assert places(below.run(*words, "--output-format", name).out) == [
                "inner/services/api/common/our_common/settings.py"
            ], name
    assert "services/api/common" in below.run("verify", "--output-format", "concise").out.split(":")[0]


@pytest.mark.parametrize("command", [("verify",), ("status",), ("diff",), ("distribute", "--dry-run"), ("doctor",)])
def test_every_service_has_its_test_case(synced: Monorepo, command: tuple[str, ...]) -> None:
    """A service that is in sync would be missing from what CI lists, as if it had not been looked at."""
    synced.write("services/api/common/our_common/settings.py", "edited\n")
    done = synced.run(*command, "--output-format", "junit")
    cases = {case.name: case for suite in JUnitXml.fromstring(done.out) for case in suite}
    assert set(cases) == {"services/api", "services/worker"}
    failed = [name for name, case in cases.items() if any(isinstance(result, Failure) for result in case.result)]
    assert failed == ([] if command == ("doctor",) else ["services/api"])
    page = synced.run(*command, "--output-format", "markdown").out
    assert "our-common 1.2.3 in common, 5 files" in page
    assert ("| `services/api` |" in page) == (command != ("doctor",))


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
