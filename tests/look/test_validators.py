"""The formats of CI, held against the programs of those who read them."""

import json
from pathlib import Path

import pytest
from support.depth import skip
from support.drifting import make_drifting
from support.monorepo import Monorepo, run

from common_sync.core.findings import make_finding
from common_sync.interface.show.formats import github_lines
from common_sync.interface.show.options import Options
from common_sync.interface.show.presenter import Overview, View
from common_sync.interface.show.terminal import printable

HERE = Path(__file__).parent
TOOLS = HERE.parents[1] / ".look"
HOSTILE: tuple[str, ...] = (
    "a\nb",
    "::error::x",
    "a%0Ab",
    "a,line=3:b",
    "\x1b[2J",
    "\udcff",
    "##[error]x",
    "a\r\nb",
    "ü, ñ",
)
HOSTILE += ("%", "%25", "a::b,c", "\u202ex", " ", "]]>", "\0", "{}", "a=b;c")


def tool(path: str) -> str:
    """Return the path of a package that `make look` installs; without it the test is skipped, and fails in CI."""
    found = TOOLS / "node_modules" / path
    if not found.exists():
        skip(f"NOT TESTED: {path} is not installed here, see what `make look` says above")
    return str(found)


@pytest.fixture
def drifted(tmp_path: Path) -> Monorepo:
    """Return a repository whose services stand in each way."""
    repo = make_drifting(tmp_path / "repo", 16)
    repo.write(f"{repo.names[0]}/Dockerfile", "FROM python:3.12-slim\nCOPY nothing.txt /\n")
    return repo


@pytest.mark.parametrize("command", ["verify", "doctor"])
def test_github_takes_the_sarif(drifted: Monorepo, command: str) -> None:
    """Code scanning would refuse the file, or show alerts that nobody can read more about."""
    program = tool("@microsoft/sarif-multitool-linux/Sarif.Multitool")
    assert drifted.run(command, "-q", "--output-format", "sarif=found.sarif").code == 1
    words = (
        "validate",
        "found.sarif",
        "--rule-kind",
        "Sarif;Ghas",
        "--output",
        "said.sarif",
        "--log",
        "ForceOverwrite",
    )
    done = run(program, *words, cwd=drifted.root)
    assert done.code == 0, done
    (log,) = json.loads((drifted.root / "said.sarif").read_text("utf-8-sig"))[
        "runs"
    ]  # it ends with 0 whatever it finds
    assert [(one["ruleId"], one["locations"]) for one in log.get("results", [])] == []
    assert json.loads((drifted.root / "found.sarif").read_text())["runs"][0]["results"] != []


@pytest.mark.parametrize("command", ["verify", "doctor"])
def test_jenkins_takes_the_junit_report(drifted: Monorepo, command: str) -> None:
    """Jenkins refuses a report that its schema does not allow, and the job has no tests."""
    tool("xmllint-wasm")
    assert drifted.run(command, "-q", "--output-format", "junit=found.xml").code == 1
    files = (str(drifted.root / "found.xml"), str(HERE / "junit-10.xsd"))
    assert run("node", str(HERE / "validators.mjs"), "junit", *files, cwd=TOOLS) == (0, "", "")


def test_annotations_are_what_github_s_own_library_writes(tmp_path: Path) -> None:
    """A file's name would end an annotation early, or begin another command."""
    tool("@actions/core")
    findings = [make_finding("CS003", f"{n}{one}", one, 3, one, one) for n, one in enumerate(HOSTILE)]
    asked = [
        (
            {"file": printable(one.file), "line": 3, "title": f"common-sync: {printable(one.service)}"},
            f"CS003 {printable(one.file)}:3: {printable(one.message)}\nhelp: {printable(one.remedy)}",
        )
        for one in findings
    ]
    (tmp_path / "asked.json").write_text(json.dumps(asked))
    done = run("node", str(HERE / "validators.mjs"), "annotations", str(tmp_path / "asked.json"), cwd=TOOLS)
    assert (done.code, done.err) == (0, "")
    ours = [
        line
        for one in findings
        for line in github_lines(
            View("verify", False, [one].copy, lambda _: (), dict, None, lambda: Overview((), ())), Options()
        )
    ]
    assert [line.strip("\n") for line in ours] == done.out.splitlines()
