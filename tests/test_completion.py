"""Completion: what a shell offers on Tab."""

import os
import re
import sys
from pathlib import Path

import pytest
from support.depth import deep
from support.monorepo import UNMEASURED, Monorepo, patched, run

from common_sync.core.findings import CODES
from common_sync.interface.commands import COMMAND_FOLLOWS, COMMANDS, own_parameters
from common_sync.interface.show.presenter import FORMATS

PROGRAMS = str(Path(sys.executable).parent)
SERVICES = ["services/api", "services/worker"]


def offered(repo: Monorepo, *words: str, cwd: str = ".") -> list[str]:
    """Return what bash is told to offer for the last word."""
    told = {"COMP_WORDS": "\n".join(("common-sync", *words)), "COMP_CWORD": str(len(words))}
    done = repo.run(cwd=cwd, env={"_COMMON_SYNC_COMPLETE": "complete_bash", **told})
    assert (done.code, done.err) == (0, "")
    return done.out.splitlines()


def test_commands_services_codes_and_options(synced: Monorepo) -> None:
    """A person would have to know every service and code by heart, and to type them whole."""
    assert offered(synced, "") == [*(name for name in COMMANDS if " " not in name), "env", "fleet"]
    assert offered(synced, "di") == ["distribute", "diff"]
    assert offered(synced, "env", "") == ["sync", "status", "try", "clean"]
    assert offered(synced, "--color", "never", "-q", "ver") == ["verify"]
    assert offered(synced, "verify", "") == SERVICES
    assert offered(synced, "env", "sync", "--deep", "services/a") == SERVICES[:1]
    assert offered(synced, "doctor", "wor") == ["worker"]
    assert offered(synced, "verify", "", cwd="services") == SERVICES
    assert offered(synced, "--root", str(synced.root), "verify", "services/w", cwd="/") == SERVICES[1:]
    assert offered(synced, "explain", "CS30") == [code for code in CODES if code.startswith("CS30")]
    assert offered(synced, "verify", "--c") == ["--copy", "--color"]
    assert offered(synced, "--v") == ["--verbose", "--version"]
    assert offered(synced, "status", "--output-format", "") == list(FORMATS)
    assert offered(synced, "--color", "a") == ["auto", "always"]


@pytest.mark.parametrize(
    "words", [("explain", ""), ("verify", "--copy", ""), ("--root", ""), ("init", ""), ("nothing", "x"), ("explain", "comm")]
)  # fmt: skip
def test_where_there_is_nothing_to_offer_the_shell_offers_files(synced: Monorepo, words: tuple[str, ...]) -> None:
    """A path could not be completed any more, or something that is none would be offered for it."""
    assert [one for one in offered(synced, *words) if one in {*SERVICES, *CODES}] == []


def test_outside_a_project(tmp_path: Path) -> None:
    """A Tab would print an error into the line that somebody is typing."""
    assert offered(Monorepo(tmp_path), "verify", "") == []
    Monorepo(tmp_path).write("common-sync.toml", "master = [")
    assert offered(Monorepo(tmp_path), "verify", "") == []


def test_bash_itself(synced: Monorepo) -> None:
    """What `--install-completion` installs would call the program in another way than it answers."""
    environment = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
    script = run("common-sync", cwd=synced.root, env={**environment, "_COMMON_SYNC_COMPLETE": "source_bash"}).out
    assert "complete -o default" in script
    script += (
        "COMP_WORDS=(common-sync verify services/w) COMP_CWORD=2\n"
        '_common_sync_completion common-sync verify services/w\necho "${COMPREPLY[@]}"\n'
    )
    assert run("bash", "-c", script, cwd=synced.root, env=environment) == (0, "services/worker\n", "")


@deep("runs of the whole program that take long")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_it_says_what_typer_would_say(synced: Monorepo, shell: str) -> None:
    """A command or an option that is declared would not be offered, or be offered in a form that the shell does not take."""
    typers = patched(
        "import sys\nimport common_sync.interface.main as m\nfrom common_sync.interface import cli\n"
        "sys.argv = ['common-sync']\nm._dispatch = cli.run_command_line"
    )
    for line in ("ver", "distribute --", "status --color "):  # typer takes any FORMAT[=FILE]
        words = ["common-sync", *line.split(" ")]
        told = {
            "COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1),
            "_TYPER_COMPLETE_ARGS": " ".join(words), "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "_COMMON_SYNC_COMPLETE": f"complete_{shell}",
        }  # fmt: skip
        ours, theirs = synced.run(env=told), run(*typers, cwd=synced.root, env=told)
        assert _values(ours.out) - {"--help"} == _values(theirs.out), line
        assert (
            ours.out[:14] == theirs.out[:14] if shell == "zsh" else "\t" in ours.out or shell == "bash" or " --" in line
        )


def _values(out: str) -> set[str]:
    """Return what is offered; zsh is told it in quotes, fish with a tab behind it."""
    return set(re.findall(r'"([^"]+)"(?::"[^"]*"|(?=[\n)]))', out)) or {
        line.split("\t")[0] for line in out.splitlines()
    }


def test_fish_asks_whether_there_is_anything(synced: Monorepo) -> None:
    """Fish would offer services where a file is wanted."""
    for line, code in (("verify serv", 0), ("verify --copy com", 1)):
        told = {"_TYPER_COMPLETE_ARGS": f"common-sync {line}", "_TYPER_COMPLETE_FISH_ACTION": "is-args"}
        assert synced.run(env={**told, "_COMMON_SYNC_COMPLETE": "complete_fish"}) == (code, "", "")


def test_zsh_is_told_nothing_that_it_would_run(synced: Monorepo) -> None:
    """Whoever can name a folder could run a command in the shell of everybody who presses Tab: zsh evaluates what it is told."""
    for evil in ("x'$(touch PWNED)'", "y`touch PWNED`", 'z"; touch PWNED', "with space"):
        synced.write(f"services/{evil}/x.py")
    told = {"_COMMON_SYNC_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "common-sync verify services/"}
    assert _values(synced.run(env=told).out) == set(SERVICES)
    assert "_files" in synced.run(env={**told, "_TYPER_COMPLETE_ARGS": "common-sync verify none/"}).out
    for command in COMMANDS.values():
        assert not set('"$`\\') & set(command.summary)


def test_what_a_command_takes_is_what_it_declares() -> None:
    """A service would not be offered where one is taken, or be offered where none is."""
    for name, command in COMMANDS.items():
        taken = [one for one in own_parameters(name) if not one.spellings]
        words = []
        for one in taken:
            several, optional = "list" in str(one.kind) and name not in COMMAND_FOLLOWS, one.default is not ...
            written = f"{one.option.metavar}{'...' if several else ''}"
            words.append(f"[{written}]" if optional else written)
        assert command.takes == " ".join(words)


def test_a_tab_loads_little(synced: Monorepo) -> None:
    """A Tab would take a third of a second, in which a person waits."""
    code = (
        "import sys\nfrom common_sync.interface.main import _dispatch\n_dispatch()\n"
        "print(sorted({'typer', 'rich', 'git', 'subprocess', 'inspect', 'hashlib', 'common_sync.edges.files.reading',"
        " 'common_sync.commands'} & sys.modules.keys()))"
    )
    told = {"_COMMON_SYNC_COMPLETE": "complete_bash", "COMP_CWORD": "2"}
    for line in ("common-sync\nver", "common-sync\nverify\n", "common-sync\nexplain\nCS1"):
        done = run(sys.executable, "-c", code, cwd=synced.root, env={**told, **UNMEASURED, "COMP_WORDS": line})
        assert done.out.splitlines()[-1] == "[]"
