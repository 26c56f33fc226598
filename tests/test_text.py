"""The text for people: width, marks, and how much of a long list is shown."""

import re
import shutil
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.depth import deep, sampled
from support.drifting import make_drifting
from support.monorepo import PROGRAM, Monorepo, show

from common_sync.core.findings import make_finding, page_url
from common_sync.interface.show.table import table_lines
from common_sync.interface.show.terminal import Terminal, columns
from common_sync.interface.show.text import finding_lines, help_lines

ESCAPES = re.compile(r"\x1b\[\d+m|\x1b\]8;;[^\x1b]*\x1b\\")
WORDS = st.lists(st.text("abé日", min_size=1, max_size=12), min_size=1, max_size=20)


@given(WORDS, st.integers(20, 120), st.integers(0, 30), st.sampled_from(["", "■ services/api  ", "  help: "]))
def test_lines_fit_and_no_word_is_cut(words: list[str], width: int, indent: int, head: str) -> None:
    """A terminal would break a path in the middle, and nobody could copy it."""
    terminal = Terminal(colors=True, marks=True, width=width)
    painted = [terminal.paint(word, "red") for word in words]
    linked = Terminal(colors=True, marks=True, width=width, links=True)
    painted[0] = linked.code(words[0], "red")
    lines = [ESCAPES.sub("", line) for line in terminal.wrap(" ".join(painted), indent, head)]
    assert " ".join(lines).split() == [*head.split(), *words]
    for line in lines:
        assert columns(line) <= width or len(line.removeprefix(head).split()) == 1 or line.strip() == head.strip()


def test_a_wide_row_of_a_table_goes_on_below() -> None:
    """A row that is wider than the terminal would be broken in the middle of a path."""
    place = "/opt/shop/camera/releases/current/app/common"
    rows = [("HOST", "HOLDS", "PLACE"), ("pi-1", "current", "/srv/common"), ("pi-2", "media-common 1.0.1", place)]
    assert list(table_lines(rows, Terminal(colors=False, marks=True, width=60))) == [
        "HOST  HOLDS               PLACE",
        "pi-1  current             /srv/common",
        "pi-2  media-common 1.0.1",
        f"                    {place}",
    ]
    wide = [
        ("SERVICE", "UNIT", "STATE", "ENVIRONMENT", "MEMORY", "PORT"),
        ("services/backend", "greenhouse-backend", "running", "in sync", "36.2 of 200.0 MB", "8000"),
        ("services/database", "-", "no command", "none", "-", "-"),
    ]
    terminal = Terminal(colors=False, marks=True, width=70)
    assert list(table_lines(wide, terminal)) == [
        "SERVICE            UNIT                STATE       ENVIRONMENT",
        "                   MEMORY            PORT",
        "services/backend   greenhouse-backend  running     in sync",
        "                   36.2 of 200.0 MB  8000",
        "services/database  -                   no command  none",
    ]
    whole = [*table_lines(wide, terminal._replace(has_width=False))]
    assert [line.split()[-1] for line in whole] == ["PORT", "8000", "-"], "a program reads a row as a line"
    narrow = list(
        table_lines(
            [("SERVICE", "STATE", "RELEASE"), ("api", "in sync", "5")], Terminal(colors=False, marks=True, width=24)
        )
    )
    assert narrow == ["SERVICE  STATE    RELEASE", "api      in sync  5"]
    more = [("SERVICE", "STATE", "PYTHON", "SIZE"), ("api", "in sync", "3.11.7", "-"), ("worker", "missing", "-", "·")]
    lines = table_lines(more, Terminal(colors=False, marks=True, width=24))
    assert [*lines] == ["api", "  STATE   in sync", "  PYTHON  3.11.7", "worker", "  STATE   missing"]


def test_what_is_in_no_row_has_no_column() -> None:
    """A person would read titles of columns in which there is nothing."""
    rows = [
        ("SERVICE", "STATE", "CHANGED FILES"),
        ("services/backend", "missing", "-"),
        ("services/api", "missing", "-"),
    ]
    assert (
        next(iter(table_lines(rows, Terminal(colors=False, marks=True, width=60))))
        == "SERVICE           STATE    CHANGED FILES"
    )
    wide = [
        (*row, title)
        for row, title in zip(rows, ("WHY IT IS NOT IN SYNC WITH ITS REQUIREMENTS", "-", "-"), strict=True)
    ]
    assert list(table_lines(wide, Terminal(colors=False, marks=True, width=60))) == [
        "SERVICE           STATE    CHANGED FILES",
        "services/backend  missing  -",
        "services/api      missing  -",
    ]


def test_a_text_stands_below_a_head_that_takes_most_of_the_line() -> None:
    """The end of a row would be a column of few letters, which nobody can read."""
    terminal = Terminal(colors=False, marks=True, width=40)
    assert [*terminal.wrap("1 edited, 2 files behind", 40, f"{'services/notifications':<30}  ")] == [
        "services/notifications",
        f"{'':13}1 edited, 2 files behind",
    ]
    assert [*terminal.wrap("edited", 40, f"{'services/notifications':<30}  ")] == [
        f"{'services/notifications':<30}  edited"
    ]


def test_a_help_of_two_commands_has_a_line_for_each() -> None:
    """A terminal would break the line in the middle of a command that is to be pasted."""
    one, two = (
        "common-sync promote services/api takes it into the master",
        "common-sync distribute services/api --force",
    )
    terminal = Terminal(colors=False, marks=True, width=80)
    assert [*help_lines(f"{one}, or move it away, or {two}", terminal)] == [
        f"  help: {one}, or",
        "        move it away, or",
        f"        {two}",
    ]
    assert [*help_lines(two, terminal)] == [f"  help: {two}"]
    told = "name a folder outside of the repository in which releases are made"
    assert [*help_lines(f"{two}, or {told}", terminal._replace(width=60))][1:] == [
        "        name a folder outside of the repository in which",
        "        releases are made",
    ]
    wide = terminal._replace(width=200)
    assert [*help_lines(f"{one}, or {two}", wide)] == [f"  help: {one}, or {two}"]


def test_one_cause_is_said_once() -> None:
    """Of forty services without an environment, each would repeat the same two lines, and hide what else is found."""
    names = [f"services/s{number:02}" for number in range(9)]
    say = partial(make_finding, "CS301")
    missing = [say(one, f"{one}/.venv", None, "there is none", f"common-sync env sync {one}") for one in names]
    foreign = [say(one, f"{one}/.venv", None, "foreign", f"common-sync env sync {one} --force") for one in names[:3]]
    same = [say(one, "services/all.txt", 3, "has changed", "see there") for one in names[:3]]
    alone = [say("services/x", "services/x/.venv", None, "alone", "common-sync env sync services/x")]
    terminal = Terminal(colors=False, marks=True, width=80)
    assert [*finding_lines([*missing, *foreign, *same, *alone], terminal, everything=False)] == [
        "✗ CS301 there is none",
        *(f"    {one}/.venv" for one in names[:5]),
        "    and 4 more places (-v names them)",
        "  help: common-sync env sync",
        "✗ CS301 foreign",
        *(f"    {one}/.venv" for one in names[:3]),
        "  help: common-sync env sync SERVICE --force",
        "✗ services/all.txt:3: CS301 has changed",
        "  help: see there",
        "✗ services/x/.venv: CS301 alone",
        "  help: common-sync env sync services/x",
    ]
    assert len([*finding_lines(missing, terminal, everything=True)]) == 11
    assert [*finding_lines(missing[:2], terminal, everything=False)] == [
        line
        for one in names[:2]
        for line in (f"✗ {one}/.venv: CS301 there is none", f"  help: common-sync env sync {one}")
    ]
    counted = [*finding_lines([*alone, *same, *missing], terminal, everything=False, most=1)]
    assert counted[-1] == "  and 12 more findings (-v names them)"


@pytest.fixture
def many(synced: Monorepo) -> Monorepo:
    """Return a repository of thirty services: twelve edited, twenty behind or without a copy."""
    for number in range(30):
        synced.write(f"services/s{number:02}/app.py")
    assert synced.run("distribute").code == 0
    for number in range(12):
        for file in range(8):
            synced.write(f"services/s{number:02}/common/mine{file}.py", "edited\n")
    for number in range(10, 30):
        synced.write(f"services/s{number:02}/common/wait.sh", "").unlink()
    return synced


def test_long_lists_are_counted(many: Monorepo) -> None:
    """The log of a large repository would be thousands of lines, and what matters be lost in them."""
    out = many.run("verify").out
    decided, mended = out.split("distribute mends: 20 services that nobody has edited there\n")
    assert decided.startswith("Somebody has to decide: 12 services with edits that distribute leaves alone\n")
    assert decided.count("+ services/") == 10
    assert decided.count("    and 3 more files (-v names them)\n") == 10
    assert decided.count("    common/mine") == 50
    assert "  and 2 more services (-v names them)\n" in decided
    assert decided.count("help: ") == 1
    assert mended.count("○ services/") == 15
    assert "  and 5 more services (-v names them)\n  help: common-sync distribute\n" in mended
    assert len(out.splitlines()) < 100
    everything = many.run("verify", "-v").out
    assert (everything.count("+ services/"), everything.count("common/mine"), "more" in everything) == (12, 96, False)
    ejected = many.run("eject", "--dry-run").out
    assert (ejected.count("→ services/"), "  and 17 more services (-v names them)\n" in ejected) == (15, True)


MORE = re.compile(r"and ([\d,]+) more services? \(-v names them\)")
MOST_LINES = {"verify": (65, 90), "status": (55, 55), "doctor": (100, 100), "distribute --dry-run": (100, 100)}
"""Of a repository of 40 services, and of one of 300, at 80 columns."""


@deep("repositories of many services")
@pytest.mark.parametrize(("services", "which"), [(40, 0), (300, 1)])
def test_a_large_repository_is_a_page(tmp_path: Path, services: int, which: int) -> None:
    """A log of hundreds of lines would be read by nobody, and a service that is left out of it be thought in sync."""
    repo = make_drifting(tmp_path / "repo", services)
    shown = {words: repo.run(*words.split()).out.splitlines() for words in MOST_LINES}
    for words, most in MOST_LINES.items():
        assert len(shown[words]) <= most[which], words
        assert max(map(len, shown[words])) <= 80, words
    failing = {one["name"] for one in repo.json("verify", code=1)["services"] if not one["in_sync"]}
    text = "\n".join(shown["verify"])
    for section in text.split("\n\n")[1:4:2]:  # each title has its services below it
        title = text[: text.index(section)].rstrip().splitlines()[-1]
        rows = {word for line in section.splitlines() for word in line.split()[1:2] if word in failing}
        rest = sum(int(number) for number in MORE.findall(section))
        assert f": {len(rows) + rest} services" in title
    everything = repo.run("verify", "-v").out
    assert {name for name in repo.names if f" {name} " in everything} == failing
    assert f"{len(failing)} of {services} services not in sync" in shown["verify"][-1]


@pytest.mark.parametrize("columns_", sampled([80, 200, 20, 40], 1, "many real terminals"))
def test_no_line_is_wider_than_the_terminal(many: Monorepo, columns_: int) -> None:
    """A narrow terminal would break the rows, so that no column could be read."""
    for words in (("verify",), ("status",), ("distribute", "--dry-run"), ("affected", "--since", "HEAD")):
        shown = show(*PROGRAM, *words, cwd=many.root, columns=columns_)
        for line in ESCAPES.sub("", shown.out).splitlines():
            fixed = line.lstrip().startswith(("common-sync ", "help: common-sync", "SERVICE", "and ", "·"))
            fixed = fixed or (words[0] == "affected" and line.startswith(("concerns", "30 services")))
            assert len(line) <= min(columns_, 120) or fixed or len(line.split()) <= 3, line


def test_an_empty_column_takes_no_line(many: Monorepo) -> None:
    """In a narrow terminal each service would take two lines, of which the first has nothing but its name."""
    shutil.rmtree(many.root / "services/s12/common")
    lines = many.run("distribute", "--dry-run", env={"COLUMNS": "46"}).out.splitlines()
    assert "✗ services/s00  8 files left alone" in lines
    assert "→ services/s12  new copy 1.2.3  5 files" in lines


def test_each_discarded_file_is_named(many: Monorepo) -> None:
    """Of a long list the end is counted, and with it somebody's work would be gone without a word."""
    for number in range(30):
        many.write(f"services/s{number:02}/common/mine.py", "edited\n")
    assert many.run("distribute", "--force", "--dry-run").out.count("would discard services/") == 30 + 12 * 8
    out = many.run("distribute", "--force").out
    assert (out.count("discarded services/"), "more services" in out) == (30 + 12 * 8, False)


LINK = re.compile(r"\x1b\]8;;(https://[^\x1b]+)\x1b\\(CS\d{3})\x1b\]8;;\x1b\\")


def test_codes_are_links_where_the_terminal_takes_them(many: Monorepo) -> None:
    """A reader would have to look for a code's page, or a log be full of addresses in escapes."""
    shown = show(*PROGRAM, "verify", cwd=many.root)
    assert {(url, code) for url, code in LINK.findall(shown.out)} == {
        (page_url(code), code) for code in ("CS002", "CS005")
    }
    for env in ({"TERM": "dumb"}, {"TERM": "linux"}, {"NO_COLOR": "1"}):
        assert "\x1b]" not in show(*PROGRAM, "verify", cwd=many.root, env=env).out
    assert "\x1b]" not in many.run("verify", "--color", "always").out


def test_marks_without_unicode(many: Monorepo) -> None:
    """A log in an old encoding would show escapes in place of the marks that tell whose change it is."""
    out = many.run("verify", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"}).out
    assert out.isascii()
    assert "\\u" not in out
    assert "\no services/" in out
    assert "\n+ services/" in out
    assert "\nx 30 of 32 services not in sync" in out
    status = many.run("status", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"}).out
    assert status.isascii()
    assert "\n. 2 more services in sync (-v names them)\n" in status


def test_a_thing_is_said_once(synced: Monorepo) -> None:
    """A person would read the same name, or the same help, for each file."""
    for path in ("our_common/settings.py", "our_common/__init__.py", "mine.py"):
        synced.write(f"services/api/common/{path}", "edited\n")
    out = synced.run("verify").out
    assert out.splitlines()[2:7] == [
        "■ services/api  CS003 edited in the copy",
        "    common/our_common/__init__.py",
        "    common/our_common/settings.py",
        "  + CS005 neither the master nor the manifest has it",
        "    common/mine.py",
    ]
    assert out.count("help: ") == 1


def test_options_before_the_command(synced: Monorepo) -> None:
    """An option that every command has would be unknown in front of it."""
    synced.write("services/api/common/mine.py", "edited\n")
    one = synced.run("verify", "-q", "--color", "never", "--output-format", "concise")
    assert one.out == "services/api/common/mine.py: CS005 neither the master nor the manifest has it\n"
    assert synced.run("-q", "--color", "never", "--output-format=concise", "verify") == one
    assert synced.run("--root", str(synced.root), "verify", "--output-format", "concise").out == one.out
    assert synced.run("-q").err == "error: there is no command\n  help: common-sync --help lists the commands\n"
    assert synced.run("--root").code == 2


def test_an_error_names_files_from_where_the_user_stands(synced: Monorepo) -> None:
    """A person would have to search a long path for the part that he knows, and the line for its fault."""
    synced.write("common-sync.toml", 'master = "common"\nservices = [services]\n')
    for cwd, name in ((".", "common-sync.toml"), ("services/api", "../../common-sync.toml")):
        lines = synced.run("verify", cwd=cwd).err.splitlines()
        assert lines[0].startswith(f"error: {name}:2: not valid TOML: ")
        assert lines[1] == "    services = [services]"
        assert len(lines) == 2 or lines[2].strip() == "^"
