"""What the pages in docs/ show is what the program does."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from support.depth import deep
from support.monorepo import Monorepo, run

from common_sync import __version__
from common_sync.core.findings import CODES
from common_sync.core.fleet.inventory import parse_inventory
from common_sync.interface.commands import COMMANDS, common_parameters, own_parameters
from common_sync.interface.schema import URL

PROJECT = Path(__file__).parents[1]
DOCS = PROJECT / "docs"
_TIME = re.compile(r"\d+\.\d\d s")


def page(name: str) -> str:
    """Return a page's text."""
    return (DOCS / name).read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


class Kind(NamedTuple):
    """How a row of a table stands in a file."""

    begins: str  # what the row's left cell begins with
    file: str
    text: str  # with {} for the cell


KINDS = [
    Kind("volumes:", "compose.yml", "services:\n  x:\n    image: y\n    {}\n"),
    Kind("- pip:", "environment.yml", "dependencies:\n  {}\n"),
    Kind("our-common = {", "pyproject.toml", "[tool.uv.sources]\n{}\n"),
    Kind('"our-common', "pyproject.toml", '[project]\nname = "x"\nversion = "1"\ndependencies = [{}]\n'),
    Kind('"../../common/', "pyproject.toml", "[tool.hatch.build.targets.wheel.force-include]\n{}\n"),
    Kind("source =", "uv.lock", '[[package]]\nname = "our-common"\n{}\n'),
    *(Kind(word, "Dockerfile", "FROM python:3.11\n{}\n") for word in ("COPY", "ADD", "RUN")),
    *(Kind(word, "requirements.txt", "{}\n") for word in ("-e", "-r", "../..", "our-common @", "#")),
]
MORE_THAN_ONE_LINE = ("`build:", "`env_file:", "`-e ./common` and", "`ARG LIB", "`COPY --from")
"""Rows about more than one line; the tables in `tests/core/references` have such."""


def test_a_line_becomes_what_the_page_says(repo: Monorepo) -> None:
    """A reader would look for a line that the program never writes."""
    rows = re.findall(r"^\| (`.+) \| (.+) \|$", page("references.md").partition("## Managed blocks")[0], re.MULTILINE)
    rows = [row for row in rows if not row[0].startswith(MORE_THAN_ONE_LINE)]
    assert len(rows) == 17
    expected: dict[str, str] = {}
    for left, right in rows:
        befores = re.findall(r"`([^`]+)`", left) if right.startswith("the same") else re.findall(r"^`([^`]+)`", left)
        for before in befores:
            kind = next(kind for kind in KINDS if before.startswith(kind.begins))
            after = before if right.startswith("the same") else re.findall(r"`([^`]+)`", right)[0]
            file = f"services/row{len(expected)}/{kind.file}"
            repo.write(file, kind.text.format(before.replace("…", "true")))
            expected[file] = kind.text.format(after.replace("…", "true"))
    repo.write("common/requirements.txt", "redis\n")
    done = repo.run("distribute", "-q")
    assert {file: repo.read(file) for file in expected} == expected, done


def test_the_managed_block_is_the_one_that_is_shown(repo: Monorepo) -> None:
    """A reader would not know which lines are the tool's."""
    (block,) = blocks(page("references.md"), "gitattributes")
    repo.write(".gitattributes", block.partition("\n")[0] + "\n")
    assert repo.run("distribute").code == 0
    assert repo.read(".gitattributes") == block


def test_every_command_and_option_is_in_the_list() -> None:
    """A reader would not find an option, or be refused one."""
    listed: dict[str, set[str]] = {}
    for row in re.findall(r"^\| `common-sync (.+?)` \|", page("commands.md"), re.MULTILINE):
        name = re.match(r"((env|fleet) )?\w+", row)
        assert name
        listed.setdefault(name[0], set()).update(re.findall(r"--[a-z-]+", row))
    assert listed == {name: {one.spellings[0] for one in own_parameters(name) if one.spellings} for name in COMMANDS}
    common = re.findall(r"^\| `(--?\w[^|]*)` \|", page("commands.md"), re.MULTILINE)
    assert {word for row in common for word in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", row)} == {
        spelling for one in common_parameters() for spelling in one.spellings
    }


@pytest.fixture
def example(tmp_path: Path) -> Monorepo:
    """Return the example as a repository, nothing distributed yet."""
    root = tmp_path / "example"
    shutil.copytree(PROJECT / "examples" / "media-services", root, ignore=shutil.ignore_patterns(".venv", "*.egg-info"))
    repo = Monorepo(root)
    repo.git("init", "-q")
    repo.commit("before")
    return repo


def test_the_configuration_that_is_shown_is_one(example: Monorepo) -> None:
    """A reader would copy a configuration that is refused."""
    settings, schema = blocks(page("configuration.md"), "toml")
    example.write("pyproject.toml", settings)
    example.git("tag", re.findall(r'^pins .*"(.+)" }', settings, re.MULTILINE)[0])
    assert example.run("distribute").code == 0
    assert not (example.root / "services/api/common/tests").exists()
    assert example.run("verify").code == 0
    assert schema == f"#:schema {URL}\n"


def test_the_inventory_that_is_shown_is_one() -> None:
    """A reader would copy an inventory that is refused."""
    for shown in blocks(page("fleet.md"), "toml"):
        inventory, problems = parse_inventory(shown, "fleet.toml")
        assert (len(inventory.targets), problems) == (2, [])


def test_doctor_finds_what_is_shown(example: Monorepo) -> None:
    """A reader would judge `doctor` by output that it does not have."""
    assert [example.run(*words).code for words in (("init", "--yes"), ("distribute",))] == [0, 0]
    (shown,) = blocks(page("checks.md").partition("## How to")[0], "text")
    dockerfile = "services/notifier/Dockerfile"
    example.write(dockerfile, example.read(dockerfile).replace("COPY common/ ./common/\n", ""))
    done = example.run("doctor", env={"COLUMNS": "80"})
    assert (done.code, done.err) == (1, "")
    assert _TIME.sub("T s", f"$ common-sync doctor\n{done.out}") == _TIME.sub("T s", shown)


@pytest.mark.parametrize(("name", "folder"), [("states.md", "services/api"), ("context.md", ".")])
def test_a_command_that_is_shown_runs(synced: Monorepo, name: str, folder: str) -> None:
    """A reader would copy a line that fails."""
    digest = json.loads(synced.read("services/api/common/.common-sync.json"))["tree"]
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    lines = re.findall(r"^    (common-sync .+)$", page(name), re.MULTILINE)
    assert lines
    for line in lines:
        command = re.sub("docker build .*-$", "tar -t", line).replace("cs1:…", digest)
        done = run("sh", "-c", command, cwd=synced.root / folder, env={"PATH": path})
        assert done.code == 0, done


def test_an_editor_finds_the_line(synced: Monorepo) -> None:
    """An editor would show no finding, or jump to another line."""
    (shown,) = blocks(page("ci.md").partition("## On a pull request")[2], "json")
    (task,) = json.loads(shown)["tasks"]
    pattern = task["problemMatcher"]["pattern"]
    synced.write("services/api/requirements.txt", "-e ../../common\n")
    synced.write("services/api/common/mine.py", "edited\n")
    words = task["command"].split()
    found = [re.fullmatch(pattern["regexp"], line) for line in synced.run(*words[1:]).out.splitlines()]
    named = [tuple(one[pattern[key]] for key in ("file", "line", "code")) for one in found if one is not None]
    assert len(named) == len(found)
    assert {*named} == {
        ("services/api/common/mine.py", None, "CS005"),
        ("services/api/requirements.txt", "1", "CS101"),
    }


@deep("more commands of the docs")
def test_a_probe_is_sent_as_shown(committed: Monorepo, tmp_path: Path) -> None:
    """A person would send a probe as the page says, and nothing would be proven."""
    copy = committed.root / "services/api/common"
    programs = {
        "ssh": 'shift\nexec sh -c "$*"',  # it joins its words, and a shell splits them
        "docker": f"for word; do case $word in python3) exec python3 - {copy};; esac; done",
        "python3": f"exec {shutil.which('python3')} - {copy}",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    committed.git("update-ref", "refs/remotes/origin/main", "HEAD")
    ways = page("fleet.md").partition("## Ways to send it")[2].partition("\n## ")[0]
    lines = [line.strip() for line in ways.splitlines() if line.startswith("    ")]
    path = f"{tmp_path}:{Path(sys.executable).parent}:/usr/bin:/bin"
    done = run("sh", "-c", "\n".join(("set -e", *lines)), cwd=committed.root, env={"PATH": path})
    assert (done.code, len(re.findall(rf"^{copy}: holds our-common", done.out, re.MULTILINE))) == (0, 8), done


def test_every_document_that_is_linked_to_is_there() -> None:
    """A reader would follow a link to nothing."""
    for file in [*PROJECT.glob("*.md"), *DOCS.glob("*.md"), *PROJECT.glob("common_sync/pages/*.md")]:
        for link, _, heading in re.findall(r"\]\(([^)#:]*)(#([^)]+))?\)", file.read_text("utf-8")):
            target = file.parent / link if link else file
            assert target.exists(), f"{file.name}: {link}"
            if heading:
                assert heading in headings(target), f"{file.name}: {link}#{heading}"


def headings(file: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_is_linked_to() -> None:
    """A reader of the README would never find a page."""
    linked = set(re.findall(r"\]\(docs/([^)#]+)", (PROJECT / "README.md").read_text("utf-8")))
    assert {file.name for file in DOCS.glob("*.md")} - linked == set()


def test_every_code_has_its_line_in_the_docs() -> None:
    """A finding would name a code that nobody can look up, or the docs another severity than it has."""
    rows = [line for line in page("findings.md").splitlines() if line.startswith("| [")]
    assert rows == [
        f"| [{code}](../common_sync/pages/{code}.md) | {severity} | {title} |"
        for code, (severity, title) in CODES.items()
    ]


def test_the_inputs_and_outputs_that_are_listed_are_there() -> None:
    """A reader would give the Action or the component an input that it refuses, or look for an output in vain."""
    action = yaml.safe_load((PROJECT / "action.yml").read_text("utf-8"))
    component = next(yaml.safe_load_all((PROJECT / "templates/common-sync.yml").read_text("utf-8")))
    github, gitlab = page("ci.md").partition("## Reports")[0].split("## GitLab CI")
    listed = re.findall(r"^\| `([a-z-]+)` \|", github, re.MULTILINE)
    assert listed == [*action["inputs"], *action["outputs"]]
    defaults = re.findall(r"^\| `([a-z]+)` \| (.+?) \|", gitlab, re.MULTILINE)
    inputs = component["spec"]["inputs"]
    assert defaults == [
        (name, f"`{default}`" if (default := one["default"]) else "the newest") for name, one in inputs.items()
    ]
    shown = re.findall(r"(?:common-sync@v|common-sync/v|==|version: \")(\d[\d.]+)", github + gitlab)
    assert set(shown) == {__version__}
