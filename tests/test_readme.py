"""What the README shows is what the program prints."""

import re
import sys
from pathlib import Path

from support.monorepo import Monorepo, run

PROJECT = Path(__file__).parents[1]
_TIME = re.compile(r"\d+\.\d\d s")


def test_the_readme_shows_what_the_demo_prints() -> None:
    """A stranger would judge the tool by output that it does not have, and `make demo` could be broken unnoticed."""
    programs = str(Path(sys.executable).parent)
    done = run("scripts/demo", programs, cwd=PROJECT, env={"PYTHONPATH": ""})
    assert done.code == 0, done
    printed = [_TIME.sub("T s", line) for line in done.out.splitlines()]
    shown = (PROJECT / "README.md").read_text("utf-8").partition("```console\n")[2].partition("```")[0].splitlines()
    assert len(shown) > 20
    assert [line for line in shown if _TIME.sub("T s", line) not in printed] == []


def test_the_lines_for_pip_become_what_the_readme_says(repo: Monorepo) -> None:
    """A reader would look for a line that the program never writes."""
    table = (PROJECT / "README.md").read_text("utf-8").partition("Files that pip reads:")[2].partition("\n\n")[2]
    rows = re.findall(r"^\| `(-[er] [^`]+|our-common @ [^`]+|\.\./[^`]+)` \| `([^`]+)` \|$", table, re.MULTILINE)
    assert len(rows) == 4
    repo.write("common/requirements.txt", "redis\n")
    for before, after in rows:
        repo.write("services/api/requirements.txt", f"{before}\n")
        assert repo.run("distribute", "-q", "api").code == 0
        assert repo.read("services/api/requirements.txt") == f"{after}\n"


def test_every_document_that_is_linked_to_is_there() -> None:
    """A reader would follow a link to nothing."""
    for page in [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), *PROJECT.glob("common_sync/pages/*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_code_has_its_line_in_the_docs() -> None:
    """A finding would name a code that nobody can look up, or the docs another severity than it has."""
    from common_sync.core.findings import CODES

    findings = (PROJECT / "docs" / "findings.md").read_text("utf-8").splitlines()
    rows = [line for line in findings if line.startswith("| [")]
    assert rows == [
        f"| [{code}](../common_sync/pages/{code}.md) | {severity} | {title} |"
        for code, (severity, title) in CODES.items()
    ]
