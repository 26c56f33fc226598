"""`report`: what a team looks at is what `status` and `doctor` say, whatever the names are, and small enough to send."""

import json
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from support.depth import deep
from support.monorepo import Monorepo, make_monorepo

from common_sync.core.copies.ancestry import Commit
from common_sync.core.findings import make_finding
from common_sync.core.model import STATES
from common_sync.core.report.document import Cell, CopyRow, Document, LibraryRow, ServiceRow, limit_rows
from common_sync.core.report.timeline import Since
from common_sync.interface.report.page import format_page
from common_sync.interface.report.svg import format_picture
from common_sync.interface.show.presenter import Standing

API, WORKER = "services/api/common", "services/worker/common"
SETTINGS = "our_common/settings.py"
EVIL = "</script><script>alert(1)</script>"
MEGABYTE = 1_000_000


@pytest.fixture
def aged(synced: Monorepo) -> Monorepo:
    """Return a repository with a history: in sync, one behind, one edited, and an edit that no commit has."""
    synced.write(f"common/{SETTINGS}", "DEBUG = True\n")
    synced.commit("a setting")
    assert synced.run("distribute", "worker").code == 0
    synced.write(f"{WORKER}/our_common/models/base.py", "class Mine: ...\n")
    commit_later(synced, "an edit")
    synced.write(f"{API}/{SETTINGS}", "DEBUG = None\n")
    return synced


def commit_later(repo: Monorepo, message: str) -> None:
    """Commit all that there is, long after all other commits, so that the history has more than one point."""
    repo.commit(message, date="2090-01-01T00:00:00Z")


def document(repo: Monorepo, *options: str) -> dict[str, Any]:
    """Return the document of a report."""
    done = repo.run("report", "-q", "-o", "report.json", *options)
    assert (done.code, done.out, done.err) == (0, "", ""), done
    made: dict[str, Any] = json.loads(repo.read("report.json"))
    (repo.root / "report.json").unlink()
    return made


def test_a_page_that_git_would_add_is_told(synced: Monorepo, tmp_path: Path) -> None:
    """The next `git add -A` would take the page into a commit."""
    said = "help: common-sync-report.html is a new file to git: add it to .gitignore"
    assert said in synced.run("report").out
    assert "help:" not in synced.run("report", "-q").out + synced.run("report", "-o", str(tmp_path / "x.html")).out
    synced.write(".gitignore", "common-sync-report.html\n")
    assert "help:" not in synced.run("report").out


def test_what_is_said_of_each_service(aged: Monorepo) -> None:
    """A team lead would look at a page that says something else than `status`."""
    made, status = document(aged), aged.json("status", code=1)
    assert [service["name"] for service in made["services"]] == [one["name"] for one in status["services"]]
    for service, known in zip(made["services"], status["services"], strict=True):
        cells = [
            {"path": made["files"][file][1], "state": made["states"][state]}
            for file, state, _ in made["lists"][service["list"]]
        ]
        assert cells == known["drift"]
        (copy,) = service["copies"]
        assert [copy[key] for key in ("path", "version", "digest")] == [
            known[key] for key in ("copy", "version", "digest")
        ]
    api, worker = made["services"]
    assert (made["verdict"], made["in_sync"]) == ("0 of 2 services are in sync", False)
    assert (api["kind"], api["decides"], api["verdict"]) == ("diverged", True, "proven")
    assert (api["history"][0], api["history"][-1], worker["history"][-1]) == ("-", "x", "e")
    assert [worker["since"][1:], api["since"][1:]] == [[2, False], [2, False]]
    text = made["differences"][made["lists"][api["list"]][0][2]]
    assert text.endswith("-DEBUG = None\n+DEBUG = True")
    assert made["git"]["subject"] == "an edit"


@deep("less usual reports")
def test_how_far_back_one_looks_changes_nothing(aged: Monorepo) -> None:
    """A long history would be cut in the middle, and old copies be shown as edited."""
    short = document(aged, "--history", "1")
    assert [service["since"][1:] for service in short["services"]] == [[1, True], [1, True]]
    assert [service["history"][-1] for service in short["services"]] == ["x", "e"]
    aged.git("checkout", "-q", "--", ".")
    aged.commit("empty")
    aged.write("common/new.py", "")
    aged.commit("a file")
    assert [s["history"][-1] for s in document(aged, "--history", "1")["services"]] == ["b", "x"]
    none = document(aged, "--history", "none", "api")
    assert (none["times"], none["no_history"]) == ([], "it was not asked for")
    assert [(service["name"], service["history"]) for service in none["services"]] == [("services/api", "")]


def test_without_git_and_in_a_shallow_clone(synced: Monorepo, tmp_path: Path) -> None:
    """In CI, where clones are shallow, every service would be shown as edited from the beginning."""
    clone = Monorepo(tmp_path / "clone")
    synced.git("clone", "-q", "--depth", "1", f"file://{synced.root}", str(clone.root))
    assert document(clone)["no_history"] == "this clone is shallow: git fetch --unshallow"
    assert "git fetch --unshallow" in clone.run("report", "-v").out
    (clone.root / ".git").rename(tmp_path / "git")
    made = document(clone)
    assert (made["no_history"], made["git"], made["in_sync"]) == ("this is no git repository", None, True)


def test_a_project_below_the_top_of_its_repository(tmp_path: Path) -> None:
    """A project in a folder of its own would have no history, or that of another folder."""
    top = Monorepo(tmp_path)
    top.git("init", "-q")
    repo = make_monorepo(tmp_path / "in [here]*", git=False)
    top.commit("the beginning")
    assert repo.run("distribute").code == 0
    top.write("in x/common/unrelated.py")
    commit_later(top, "distributed")
    made = document(repo)
    assert [service["history"][0] + service["history"][-1] for service in made["services"]] == ["-.", "-."]
    assert [service["since"] for service in made["services"]] == [None, None]


def test_a_pinned_service(synced: Monorepo) -> None:
    """A service that is held back on purpose would look forgotten, and nobody would see at what."""
    synced.git("tag", "v1")
    synced.write(f"common/{SETTINGS}", "DEBUG = True\n")
    synced.commit("a setting")
    assert [synced.run("distribute").code, synced.run("pin", "api", "v1").code] == [0, 0]
    synced.commit("pinned")
    made = document(synced)
    (copy,) = made["services"][0]["copies"]
    assert (copy["pinned"], copy["commit"]) == ("v1", synced.git("rev-parse", "v1^{commit}").strip())
    assert (made["services"][0]["kind"], made["services"][0]["history"][-1]) == ("current", ".")
    page = make_page(synced)
    assert "<td>1.2.3 (pinned to v1)</td><td>in sync</td>" in page


def make_page(repo: Monorepo, *options: str) -> str:
    """Return the page of a report."""
    assert repo.run("report", "-q", *options).code == 0
    return repo.read("common-sync-report.html")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-o", "report.txt"], "error: --output: 'report.txt' ends with none of .html, .svg, .md and .json\n"),
        (["-o", "nowhere/r.html"], "help: mkdir -p nowhere\n"),
        (["-o", "common.html"], "'common.html' is a folder\n"),
        (["-o", "README.md"], "'README.md' is there, and is no report: nothing was written\n"),
        (["--history", "0"], "error: --history: '0' is no number of commits\n"),
        (["--history", "all"], "error: --history: 'all' is no number of commits\n"),
        (["--diff", "long"], "'long' is not one of 'none', 'short', 'full'\n"),
        (["--output-format", "json"], "no such option: --output-format"),
        (["nobody"], "nobody"),
    ],
)
def test_what_cannot_be_written(synced: Monorepo, words: list[str], says: str) -> None:
    """A person would lose a file of his own to a report, or wait for one that cannot be written."""
    synced.write("README.md", "mine\n")
    synced.write("common.html/file")
    before = synced.tree()
    done = synced.run("report", *words)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert synced.tree() == before


@pytest.mark.parametrize("suffix", ["html", "svg", "md", "json"])
def test_a_report_replaces_an_older_one(aged: Monorepo, suffix: str) -> None:
    """A job would fail the second time, or the page would stay as it was."""
    file = f"report.{suffix}"
    aged.write(file, "")
    done = aged.run("report", "--output", file)
    assert done.code == 0, done
    assert re.fullmatch(
        rf"✓ {file}: 0 of 2 services are in sync \(\d+ kB\)\n  help: {file} is a new file to git: .*\n(        .*\n)?",
        done.out,
    )
    first = aged.read(file)
    assert aged.run("distribute", "--force").code == 0
    assert aged.run("report", "--output", file).code == 0
    assert aged.read(file) != first
    assert [*aged.root.glob(".common-sync*.tmp")] == []


def test_it_is_the_same_each_time(aged: Monorepo) -> None:
    """A page that is committed would change each day for nothing."""
    env = {"SOURCE_DATE_EPOCH": "1700000000"}
    assert aged.run("report", "-o", "a.html", env=env).code == 0
    assert aged.run("report", "-o", "b.html", env=env).code == 0
    assert aged.read("a.html") == aged.read("b.html")


def test_it_opens_a_browser_where_it_is_asked_to(synced: Monorepo) -> None:
    """A person would have to look for the file."""
    program = synced.write("browser", '#!/bin/sh\necho "$1" > opened\n', executable=True)
    env = {"BROWSER": f"{program} %s"}
    assert synced.run("report", "--open", env=env).code == 0
    assert synced.read("opened") == f"file://{synced.root}/common-sync-report.html\n"


class Parts(HTMLParser):
    """What a browser would make of a page: its elements, and the text of its scripts, styles and table."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Take note of a text."""
        self.texts.setdefault(self.elements[-1][0] if self.elements else "", []).append(data)


def check_safe(page: str) -> None:
    """Check that nothing can run in a page but its own script, that it asks for nothing, and that all can be printed."""
    parts = Parts(page)
    tags = [tag for tag, _ in parts.elements]
    assert (tags.count("script"), tags.count("style")) == (2, 1)
    assert not {"img", "iframe", "link", "object", "base", "form"}.intersection(tags)
    assert not [name for _, names in parts.elements for name in names if name.startswith("on") or name == "style"]
    script = page.rpartition("<script>")[2].partition("</script>")[0]
    style = page.partition("<style>")[2].partition("</style>")[0]
    policy = next(names["content"] for _, names in parts.elements if "http-equiv" in names) or ""
    for text in (script, style):
        assert b64encode(sha256(text.encode()).digest()).decode() in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert not re.search("innerHTML|outerHTML|insertAdjacent|document.write|eval", script)
    assert all(letter.isprintable() or letter == "\n" for letter in page)
    data = page.partition('id="data">')[2].partition("</script>")[0]
    assert "<" not in data
    json.loads(data)


def test_hostile_names_stay_names(synced: Monorepo) -> None:
    """A repository would run its script in the browser of whoever looks at the report, or show a name turned round."""
    for name in ("\u202egpj.py", "a\u2028b.py", "@@SCRIPT@@", "\x1b[2J", "'\"&<b>.py", "back\\slash`"):
        synced.write(f"{API}/{name}", f"{EVIL}\u202e\u2028\x1b]0;x\x07\n@@DATA@@\n<!--\n")
    synced.write(f"services/<svg onload=alert(1)> &amp; {chr(0x202E)}/app.py", "")
    synced.write("services/-rf/requirements.txt", f"-e ../../common # {EVIL[1:9]}\n")
    synced.git("checkout", "-q", "-b", "<b>branch")
    synced.commit(f"{EVIL}\u202e")
    page = make_page(synced)
    check_safe(page)
    made = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert {"\\u202egpj.py", "@@SCRIPT@@", "\\x1b[2J", "'\"&<b>.py"} <= {path for _, path in made["files"]}
    assert any(EVIL in text for text in made["differences"])
    words = [service.get("word", service["name"]) for service in made["services"]]
    assert "'services/<svg onload=alert(1)> &amp; \\u202e'" in words
    picture = format_file(synced, "report.svg")
    ET.fromstring(picture)  # noqa: S314 - our own
    assert "\u202e" not in picture
    assert "\u202e" not in format_file(synced, "report.md")


def format_file(repo: Monorepo, file: str) -> str:
    """Return what a report is in another form."""
    assert repo.run("report", "-q", "-o", file).code == 0
    return repo.read(file)


def test_a_page_without_script_is_a_table(aged: Monorepo) -> None:
    """In mail, and in Jenkins, one would see an empty page."""
    page = unescape(make_page(aged))
    assert "<h1>0 of 2 services are in sync</h1>" in page
    assert (
        '<tr><th scope="row">services/worker</th><td>1.2.3</td><td>edited</td><td>1 edited</td><td>proven</td></tr>'
        in page
    )
    shutil.rmtree(aged.root / API)
    rows = re.findall('<th scope="row">(.*?)</th><td>.*?</td><td>(.*?)</td>', make_page(aged))
    assert rows == [("services/worker", "edited"), ("services/api", "no copy")], "the worst first"


@deep("less usual reports")
def test_how_much_of_a_difference(synced: Monorepo) -> None:
    """Whose artifacts are public could not keep his code out of them, or nobody could read a long difference."""
    synced.write(f"{API}/{SETTINGS}", "".join(f"LINE = {number}\n" for number in range(300)))
    (short,), (full,) = (document(synced, "--diff", much)["differences"] for much in ("short", "full"))
    assert len(short.split("\n")) == 81
    assert short.endswith("… 222 more lines: common-sync diff")
    assert full.count("LINE") == 300
    none = document(synced, "--diff", "none")
    assert none["differences"] == []
    assert [len(cell) for cell in none["lists"][none["services"][0]["list"]]] == [2]
    assert "LINE = " not in make_page(synced, "--diff", "none")


def synthetic(services: int, files: int, length: int) -> Document:
    """Return a document in which every file of every service differs in its own way."""
    texts = tuple(f"@@ -1 +1 @@\n-{'ä' * length}{number}\n+x" for number in range(3000))
    rows = []
    for service in range(services):
        name = f"services/service-{service:03}"
        cells = tuple(
            Cell(file, STATES[1 + (service + file) % 5], (service * files + file) % 3000) for file in range(files)
        )
        copy = CopyRow(f"{name}/common", "diverged", "1.2.3", "v1.2.3", "a" * 40, "cs1:" + "0" * 64, files)
        findings = (make_finding("CS101", name, f"{name}/requirements.txt", 3, f"leads {service}", "common-sync x"),)
        rows.append(
            ServiceRow(
                name,
                "diverged",
                True,
                (copy,),
                cells,
                findings,
                "unknown",
                {"copy": "error"},
                ".be" * 16,
                Since(9, 3, longer=False),
            )
        )
    library = LibraryRow("libs/common", "acme-common", "1.2.3", "cs1:" + "0" * 64, files)
    paths = tuple((0, f"acme_common/package_{file % 20}/module_{file}.py") for file in range(files))
    head = Commit("a" * 40, "", "A", "a change", {}, 1)
    return Document(1, "main", head, (library,), paths, tuple(rows), (), texts, tuple(range(48)), "", in_sync=False)


@deep("the largest report")
@pytest.mark.parametrize(("services", "files", "length"), [(300, 200, 900), (300, 200, 10), (1500, 400, 100)])
def test_the_worst_page_is_smaller_than_a_megabyte(services: int, files: int, length: int) -> None:
    """The page of a large repository could not be sent, or would take half a minute to open."""
    made = limit_rows(synthetic(services, files, length))
    standings = [Standing(row.name, "fails", f"{files} edited", "1.2.3") for row in made.services]
    page = format_page(made, standings)
    check_safe(page)
    assert len(page.encode()) < MEGABYTE
    held = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    shown = sum(len(held["lists"][row["list"]]) + row.get("more_cells", 0) for row in held["services"])
    assert shown == services * files
    assert len(format_picture(made)) < MEGABYTE


def test_no_other_command_knows_of_it() -> None:
    """Each commit would wait for what only a person looks at."""
    code = (
        "import sys, common_sync.interface.run.verify, common_sync.commands.hook\n"
        "print([name for name in sys.modules if 'report' in name and name.startswith('common_sync')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
