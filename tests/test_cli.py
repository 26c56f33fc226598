"""What people and scripts meet: help, colours, terminals, pipes, encodings, and what a bug looks like."""

import json
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

import pytest
from support.depth import deep, sampled
from support.monorepo import PROGRAM, Monorepo, environment, patched, run, show

from common_sync.interface.commands import COMMANDS as COMMAND_TABLE
from common_sync.interface.commands import common_parameters, find_command, own_parameters

COPY = "services/api/common"
ESCAPE = "\x1b["


@pytest.fixture
def drifted(synced: Monorepo) -> Monorepo:
    """Return a repository with something to say about: an edit in a copy, and the master ahead."""
    synced.write(f"{COPY}/our_common/settings.py", "edited\n")
    synced.write("common/wait.sh", "#!/bin/sh\nsleep 1\n", executable=True)
    return synced


COMMANDS = {
    "status": (("status",), 1),
    "verify": (("verify",), 1),
    "verify --copy": (("verify", "--copy", COPY), 1),
    "diff": (("diff",), 1),
    "distribute": (("distribute", "--dry-run"), 1),
    "explain": (("explain", "common"), 0),
    "an error": (("verify", "nobody"), 2),
}


class Colors(NamedTuple):
    """An environment and an option, and whether there are colours in a pipe and on a terminal."""

    environment: dict[str, str]
    option: str
    pipe: bool
    terminal: bool


COLORS = {
    "by default": Colors({}, "auto", pipe=False, terminal=True),
    "NO_COLOR": Colors({"NO_COLOR": "1"}, "auto", pipe=False, terminal=False),
    "an empty NO_COLOR": Colors({"NO_COLOR": ""}, "auto", pipe=False, terminal=True),
    "FORCE_COLOR": Colors({"FORCE_COLOR": "1"}, "auto", pipe=True, terminal=True),
    "both": Colors({"FORCE_COLOR": "1", "NO_COLOR": "1"}, "auto", pipe=False, terminal=False),
    "a dumb terminal": Colors({"TERM": "dumb"}, "auto", pipe=False, terminal=False),
    "--color always": Colors({"NO_COLOR": "1"}, "always", pipe=True, terminal=True),
    "--color never": Colors({"FORCE_COLOR": "1"}, "never", pipe=False, terminal=False),
}


@deep("runs of the whole program that take long")
@pytest.mark.parametrize("name", sampled(COLORS, 4, "more ways to ask for colours"))
def test_colors(drifted: Monorepo, name: str) -> None:
    """A log would be full of escape sequences, or a terminal without colours."""
    case = COLORS[name]
    for command in (("status",), ("verify",)):
        words = (*PROGRAM, *command, "--color", case.option)
        piped = run(*words, cwd=drifted.root, env=case.environment)
        assert (ESCAPE in piped.out, piped.err) == (case.pipe, "")
        assert (ESCAPE in show(*words, cwd=drifted.root, env=case.environment).out) == case.terminal
    wrong = (*PROGRAM, "verify", "nobody", "--color", case.option)
    assert (ESCAPE in run(*wrong, cwd=drifted.root, env=case.environment).err) == case.pipe
    assert (ESCAPE in show(*wrong, cwd=drifted.root, env=case.environment).out) == case.terminal


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_colored_in_a_pipe(drifted: Monorepo, name: str) -> None:
    """A script or a log would get escape sequences."""
    words, code = COMMANDS[name]
    done = drifted.run(*words, env={"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    assert done.code == code
    assert "\x1b" not in done.out + done.err
    shown = show(*PROGRAM, *words, cwd=drifted.root)
    assert shown.code == code
    assert ESCAPE in shown.out
    plain = re.sub(r"\x1b(\[[0-9;]*m|\]8;;[^\x1b]*\x1b\\)", "", shown.out)
    assert [_timeless(line) for line in plain.splitlines()] == [
        _timeless(line) for line in (done.out + done.err).splitlines()
    ]


def _timeless(line: str) -> str:
    return re.sub(r"\d+\.\d\d s", "N s", line).rstrip()


@pytest.mark.parametrize("command", ["distribute", "verify"])
@pytest.mark.parametrize(
    ("services", "color"),
    [((), "never"), (("api",), "never"), (("api", "wrker"), "never"), ((), "always"), (("x",), "always")],
)
def test_the_short_way_says_the_same(drifted: Monorepo, command: str, services: tuple[str, ...], color: str) -> None:
    """A command would say something else as soon as an option is added."""
    forced = {"never": {}, "always": {"FORCE_COLOR": "1"}}[color]
    kept = drifted.root.with_name("kept")
    shutil.copytree(drifted.root, kept, symlinks=True)
    short = drifted.run(command, *services, env=forced)
    shutil.rmtree(drifted.root)
    kept.rename(drifted.root)
    long = drifted.run(command, "--color", "auto", "--", *services, env=forced)
    assert short.code == long.code
    assert _timeless(short.out) == _timeless(long.out)
    assert short.err == long.err
    assert (ESCAPE in short.out + short.err) == (color == "always")


ENCODINGS: dict[str, dict[str, str]] = {
    "ASCII": {"PYTHONIOENCODING": "ascii"},
    "Latin-1": {"PYTHONIOENCODING": "latin-1"},
    "the C locale": {"LC_ALL": "C"},
}


@deep("runs of the whole program that take long")
@pytest.mark.parametrize("name", sampled(ENCODINGS, 1, "more encodings"))
def test_any_encoding(repo: Monorepo, name: str) -> None:
    """A name outside the terminal's encoding would end the command with a traceback, or make JSON that is none."""
    repo.write("services/sérvice/x.py")
    repo.write("common/日本.py")
    repo.write("common/bad\udcff.py".encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape"))
    settings = ENCODINGS[name]
    assert repo.run("distribute", "-v", env=settings).code == 0
    for file in ("日本.py", "bad\udcff.py"):
        (repo.root / COPY / file).write_text("edited")
    for words, code in COMMANDS.values():
        done = repo.run(*words, env=settings)
        assert (done.code, "Traceback" in done.err) == (code, False)
    done = repo.run("status", "--output-format", "json", env=settings)
    document = json.loads(done.out)
    assert document["services"][1]["name"] == "services/sérvice"
    assert [drift["path"] for drift in document["services"][0]["drift"]] == ["bad\\xff.py", "日本.py"]


def test_file_names_in_the_encoding_of_an_old_locale(synced: Monorepo) -> None:
    """The same tree would get another manifest on a machine with an old locale."""
    old = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for words in (("verify",), ("status",), ("verify", "--copy", COPY)):
        done = synced.run(*words, env=old)
        assert (done.code, done.out) == (2, "")
        assert re.fullmatch(
            r"error: Python reads the names of files as \S+ here, and not as UTF-8\n  help: set PYTHONUTF8=1\n",
            done.err,
        )


@deep("more names")
def test_names_never_reach_a_terminal_raw(synced: Monorepo) -> None:
    """Whoever can name a file or a library could take over the terminal, or fake a line of the output."""
    evil = "\x1b[2J\x9b1m\n✓ all in sync\r\u202e\udcff"
    synced.write(f"services/{evil}/x.py")
    synced.write(f"common/{evil}", "1\n")
    synced.write("common/pyproject.toml", '[project]\nname = "a\\u001b[2J"\nversion = "1\\u001b[2J\\n"\n')
    shown = []
    for words in (
        ("distribute", "-v"), ("status",), ("verify",), ("explain", f"common/{evil}", f"services/{evil}"),
        ("verify", "--copy", f"services/{evil}/common"),
    ):  # fmt: skip
        done = show(*PROGRAM, *words, cwd=synced.root)
        assert done.code == 0
        shown.append(done.out)
    synced.write(f"services/{evil}/common/{evil}", "edited\n")
    again = ("distribute", "distribute --diff", "diff", "status --output-format json")
    shown += [show(*PROGRAM, *words.split(), cwd=synced.root).out for words in again]
    shown.append(show(*PROGRAM, "verify", evil, cwd=synced.root).out)
    text = re.sub(r"\x1b\[(\d+)?m|\x1b\]8;;[\w:/.-]*\x1b\\", "", "".join(shown))
    assert not set(text) & {"\x1b", "\x9b", "\r", "\u202e", "\udcff"}
    assert "\n✓ all in sync" not in text


@deep("more names")
def test_names_of_four_kilobytes(synced: Monorepo) -> None:
    """A name that is as long as the system takes would end a command with a traceback, or make a service look in sync."""
    name, deepest = "n" * 4000, "/".join(["d" * 200] * 16)
    synced.write("common/pyproject.toml", f'[project]\nname = "{name}"\nversion = "1.{"0" * 4000}"\n')
    synced.write(f"common/{deepest}/x.py", "1\n")
    assert synced.run("distribute").code == 0
    synced.write(f"{COPY}/{deepest}/x.py", "2\n")
    for words, code in {**COMMANDS, "log": (("log",), 0), "report": (("report",), 0)}.values():
        done = synced.run(*words)
        assert (done.code, "Traceback" in done.err) == (code, False), words
    assert f"{deepest}/x.py: CS003" in synced.concise("verify").out


@deep("streams that fail in less usual ways")
def test_a_reader_that_goes_away(synced: Monorepo) -> None:
    """`common-sync diff | head` would end with a traceback."""
    for number in range(300):
        synced.write(f"common/n{number:03}.py", "x\n" * 100)
    for words in ("diff", "status", "verify -v", "verify --output-format json", "distribute --diff", "--help"):
        command = f"{' '.join(PROGRAM)} {words} | head -1; echo ${{PIPESTATUS[0]}} >&2"
        done = run("bash", "-c", command, cwd=synced.root)
        assert done.err in {"0\n", "1\n", "2\n"}, words  # 0, 1: it was all written before `head` went away
    code = "import subprocess, sys; p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE); p.stdout.close(); sys.exit(p.wait())"
    for words in ("diff", "status", "verify"):
        assert run(sys.executable, "-c", code, *PROGRAM, words, cwd=synced.root) == (2, "", "")


@pytest.mark.parametrize(
    ("redirections", "code"),
    [(">&-", 0), ("2>&-", 0), ("<&-", 0), ("<&- >&- 2>&-", 0), (">/dev/null 2>/dev/full", 0), (">/dev/full", 2)],
)
@pytest.mark.parametrize("words", ["verify", "status", "distribute --force"])
def test_streams_that_are_closed_or_full(synced: Monorepo, redirections: str, code: int, words: str) -> None:
    """A check that runs without a terminal, from cron or a daemon, would report drift that is not there."""
    done = run("sh", "-c", f"{' '.join(PROGRAM)} {words} {redirections}", cwd=synced.root)
    assert done.code == code
    assert done.err == ("error: the output: cannot write it: no space left on device\n" if code else "")


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "2>&1 >/dev/null | true; exit ${PIPESTATUS[0]}"])
def test_an_error_that_nobody_reads(synced: Monorepo, redirection: str) -> None:
    """A usage error would look like drift."""
    assert run("bash", "-c", f"{' '.join(PROGRAM)} verify nobody {redirection}", cwd=synced.root).code == 2


@deep("runs of the whole program that take long")
def test_a_bug(synced: Monorepo) -> None:
    """A bug would look like drift, and nobody would know what to report."""
    patch = "import common_sync.commands.steps.survey as s\ns.read_targets = lambda *a, **k: 1 / 0\n"
    for words in (("verify",), ("status",), ("distribute", "--force")):
        done = run(*patched(patch), *words, cwd=synced.root)
        assert (done.code, done.out) == (3, "")
        lines = done.err.splitlines()
        assert lines[0] == "Traceback (most recent call last):"
        assert lines[-2] == "ZeroDivisionError: division by zero"
        assert lines[-1] == "this is a bug in common-sync 0.1.0: please report it, with the lines above"


@deep("runs of the whole program that take long")
@pytest.mark.parametrize(
    ("happens", "code", "says"),
    [
        ("os.kill(os.getpid(), signal.SIGINT)", 130, "interrupted: the next run finishes what was begun"),
        ("os.kill(os.getpid(), signal.SIGTERM)", 143, ""),
        ("1 / 0", 3, "this is a bug in common-sync 0.1.0: please report it, with the lines above"),
    ],
)
def test_what_happens_while_the_options_are_parsed(synced: Monorepo, happens: str, code: int, says: str) -> None:
    """A quick Ctrl-C, or a bug, would look like drift."""
    patch = f"import os, signal\nimport common_sync.interface.plain as p\np._make_options = lambda *a: {happens}\n"
    for words in (["status"], ["status", "-qv"]):  # by us, by typer
        done = run(*patched(patch), *words, cwd=synced.root)
        assert (done.code, done.out) == (code, "")
        assert "".join(done.err.splitlines()[-1:]) == says


def test_a_failure_without_a_file(synced: Monorepo) -> None:
    """A failure of the system would look like a bug."""
    patch = "import common_sync.commands.steps.survey as s\ndef no(*a, **k): raise OSError(5, 'Input/output error', {})\ns.read_targets = no\n"
    for name, place in (("'x'", "x: "), ("3", ""), ("None", "")):
        done = run(*patched(patch.format(name)), "verify", cwd=synced.root)
        assert done == (2, "", f"error: {place}cannot go on: input/output error\n")


def test_a_bug_in_a_worker(synced: Monorepo) -> None:
    """A bug in a worker process would be lost, and the run would look complete."""
    patch = "import common_sync.commands.steps.survey as s\ns.count_workers = lambda *a: 2\ns.survey_service = lambda *a: 1 / 0\n"
    done = run(*patched(patch), "verify", cwd=synced.root)
    assert (done.code, done.out) == (3, "")
    assert "ZeroDivisionError" in done.err


def test_help_and_version(synced: Monorepo) -> None:
    """A person could not find out what there is."""
    assert synced.run("--version") == synced.run("-V") == (0, "common-sync 0.1.0\n", "")
    done = synced.run("--help")
    assert (done.code, done.err) == (0, "")
    listed = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +\S", done.out, re.MULTILINE)
    assert listed == list(COMMAND_TABLE)
    for command, row in COMMAND_TABLE.items():
        page = synced.run(*command.split(), "-h")
        assert (page.code, page.err) == (0, "")
        assert page.out.startswith(f"Usage: common-sync {command} [OPTIONS]")
        assert f"\nExample:\n  {row.example}\n" in page.out
        assert len(row.summary) <= 60
        for option in ("--root DIR", "--color", "-q, --quiet", "-v, --verbose", "-h, --help"):
            assert option in page.out
        assert max(map(len, page.out.splitlines())) <= 80
    assert synced.run() == (2, done.out, "")
    group = synced.run("env", "--help")
    assert (group.code, synced.run("env")) == (0, (2, group.out, ""))
    fleet = synced.run("fleet", "--help").out
    assert ("\n  fleet probe  " in fleet, "\nExample:\n  common-sync fleet status " in fleet) == (True, True)
    assert re.findall(r"^  (env \w+)  ", group.out, re.MULTILINE) == [one for one in listed if one.startswith("env ")]


def test_help_is_asked_for_anywhere(synced: Monorepo) -> None:
    """A person who has typed half a command would have to begin again."""
    page = synced.run("distribute", "--help")
    for words in ("--root nowhere distribute --help", "distribute api --force -h", "-q distribute -h --dry-run"):
        assert synced.run(*words.split()) == page
    assert synced.run("--color", "always", "-h").out
    wrong = synced.run("distribut", "--help")
    assert (wrong.code, wrong.out) == (2, "")
    assert synced.run("explain", "--", "-h").out.startswith("-h: not ")


@pytest.mark.parametrize("command", COMMAND_TABLE)
def test_an_example_is_a_command_line(command: str) -> None:
    """The one line that everybody copies would be refused."""
    words = COMMAND_TABLE[command].example.partition(" | ")[0].partition(" -- ")[0].split()
    assert words[0] == "common-sync"
    assert find_command(words[1:]) == command
    known = {spelling for one in (*own_parameters(command), *common_parameters(command)) for spelling in one.spellings}
    assert {word for word in words if word.startswith("-")} <= known


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("distribut",), "'distribut'"),
        (("verify", "--nope"), "--nope"),
        (("distribute", "--dry-rnu"), "--dry-rnu"),
        (("status", "--color", "red"), "'auto', 'always', 'never'"),
        (
            ("status", "--output-format", "xml"),
            "'text', 'concise', 'json', 'jsonl', 'github', 'gitlab', 'sarif', 'junit', 'markdown'",
        ),
        (("verify", "--output-format", "jsn"), "did you mean json?"),
        (("verify", "--output-format", "gitlub=a"), "did you mean github or gitlab?"),
        (("verify", "--output-format", "json", "--output-format", "sarif=-"), "two formats are for standard output"),
        (("verify", "--output-format", "json=a", "--output-format", "sarif=a"), "two formats are for a"),
        (("verify", "--output-format", "json="), "names no file"),
        (("verify", "--output-format", "json=no/a"), "mkdir -p no"),
        (("verify", "--output-format", "json=common"), "is a folder"),
        (("explain",), "missing argument 'PATH|CODE' help: as in: common-sync explain CS101; all about it: "),
        (("env", "try"), "as in: common-sync env try"),
        (("status", "extra"), "extra"),
        (("status", "--root"), "--root"),
        (("verify", "--expect-digest", "cs1:0"), "goes with --copy"),
        (("verify", "--copy", "x", "api"), "takes no services: it checks one copy by itself"),
    ],
)
def test_usage_errors(synced: Monorepo, words: tuple[str, ...], says: str) -> None:
    """A typo would be taken for something else, or for drift; the sentences around what was typed are typer's."""
    done = synced.run(*words)
    assert (done.code, done.out) == (2, "")
    assert says in " ".join(done.err.split())


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("sync", "did you mean distribute?"),
        ("updte", "did you mean update?"),
        ("check", "did you mean verify?"),
        ("install", "did you mean init?"),
        ("remove", "did you mean eject?"),
        ("verfiy", "did you mean verify?"),
        ("Diff", "did you mean diff?"),
        ("explian", "did you mean explain?"),
        ("frobnicate", "common-sync --help lists the commands"),
        ("\x1b[2J", "common-sync --help lists the commands"),
    ],
)
def test_an_unknown_command(synced: Monorepo, word: str, says: str) -> None:
    """A person who comes from another tool, or mistypes, would have to search the help."""
    error = f"error: {word!r} is no command\n  help: {says}\n"
    assert synced.run(word) == synced.run(word, "--root", "nowhere") == (2, "", error)


OWN_OPTIONS = {
    "init": "--yes -y --master",
    "distribute": "--dry-run -n --diff --force --contexts --from --locked",
    "context": "--file -f --output -o --force",
    "eject": "--library --remove-copies --force --dry-run -n",
    "verify": "--copy --expect-digest --deep --since",
    "pin": "--library --back --force --dry-run -n",
    "unpin": "--library --dry-run -n",
    "update": "--dry-run -n",
    "status": "",
    "diff": "",
    "log": "",
    "promote": "--dry-run -n --to --patch",
    "affected": "--since --until --all-on --or-all --template --job",
    "doctor": "--fix",
    "restore": "--force --dry-run -n",
    "explain": "",
    "report": "--output -o --diff --history --open",
    "watch": "--poll",
}


@pytest.mark.parametrize("command", OWN_OPTIONS)
def test_every_command_has_its_options_and_the_common_ones(synced: Monorepo, command: str) -> None:
    """An option that is declared would be unknown, or one that docs/commands.md promises for every command."""
    page = synced.run(command, "--help", env={"COLUMNS": "200"}).out
    options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", page.partition("Options")[2]))
    common = {"--root", "--output-format", "--quiet", "-q", "--verbose", "-v", "--color", "--help", "-h"}
    unwanted = {"--output-format"} if command in ("context", "report", "watch") else set()
    assert options == (common - unwanted) | set(OWN_OPTIONS[command].split())


SHOWN = [
    "verify", "status", "diff", "log", "doctor", "distribute --dry-run", "eject --dry-run", "promote --dry-run", "restore", "affected --since HEAD", "update", f"verify --copy {COPY}", "explain common",
]  # fmt: skip


@pytest.mark.parametrize("words", SHOWN)
def test_an_output_format_is_one_function(drifted: Monorepo, words: str) -> None:
    """Whoever adds an output format would have to teach it to every command, and would forget one."""
    patch = (
        "import common_sync.interface.show.presenter as p\n"
        "def short(view, options):\n"
        "    yield view.command\n"
        "    yield from (f'{one.file}: {one.code}' for one in view.findings())\n"
        "p.FORMATS = {**p.FORMATS, 'short': short}\n"
    )
    known = drifted.run(*words.split(), "--output-format", "json")
    document = json.loads(known.out)
    found = [f"{one['file']}: {one['code']}" for one in document.get("findings", [])]
    done = run(*patched(patch), *words.split(), "--output-format", "short", cwd=drifted.root)
    assert (done.code, done.err) == (known.code, "")
    assert done.out.splitlines() == [document["command"], *found]


@deep("runs of the whole program that take long")
def test_a_progress_bar_only_where_there_is_something_to_wait_for(repo: Monorepo) -> None:
    """A person would look at a terminal that says nothing, or a log would be full of bars."""
    for number in range(40):
        repo.write(f"services/s{number}/x.py")
    slow = (
        "import time\nnow = 0.0\ntime.monotonic = lambda: now\n"  # a clock that only the work moves
        "import common_sync.commands.steps.survey as s\nold = s.survey_service\n"
        "def slow(*a):\n    global now\n    now += 0.04\n    return old(*a)\ns.survey_service = slow\n"
    )
    shown = show(*patched(slow), "verify", cwd=repo.root)
    assert shown.code == 1
    assert "reading" in shown.out
    assert re.search(r"\d+/42 services", re.sub(r"\x1b\[[0-9;]*m", "", shown.out))
    assert shown.out.count("\x1b[?25l") == shown.out.count("\x1b[?25h") == 1, "the cursor is back"
    assert "reading" not in show(*patched(slow.replace("0.04", "0.001")), "verify", cwd=repo.root).out
    piped = run(*patched(slow), "verify", cwd=repo.root)
    assert "reading" not in piped.out + piped.err
    code = "import sys; sys.stdout = open('out', 'w')\n"  # standard output to a file, standard error on a terminal
    shown = show(*patched(code + slow), "distribute", cwd=repo.root)
    assert "reading" in shown.out
    assert "reading" not in repo.read("out")
    assert "42 services brought in sync" in repo.read("out")


_HEAVY = {"typer", "rich", "git", "argparse", "dataclasses", "inspect"}
_LIGHT = {
    "verify": {"json", "subprocess"},
    "distribute": {"json", "subprocess"},
    "distribute -n --output-format concise": {"subprocess"},
    "log": set[str](),
    "affected --since HEAD": {"common_sync.core.doctor.catalogue", "common_sync.core.doctor.build.simulate"},
}
"""A command → what it has no need of, beside what none of them needs."""


def test_starting_does_not_load_what_is_not_needed(synced: Monorepo) -> None:
    """Every run would take three times as long as it needs to."""
    synced.write(f"{COPY}/mine.py", "edited\n")
    code = (
        "import sys\nfrom common_sync.interface.main import guard, _dispatch\nguard(_dispatch)\n"
        "print(*sorted(sys.modules))"
    )
    settings = {name: value for name, value in environment().items() if not name.startswith("COV")}
    for words, heavy in _LIGHT.items():
        done = subprocess.run(
            [sys.executable, "-c", code, *words.split()],
            cwd=synced.root, env=settings, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert {*done.stdout.splitlines()[-1].split()} & (_HEAVY | heavy) == set(), words
