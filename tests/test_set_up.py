"""A fresh clone is set up from constraints.txt, and says what it lacks; a failing test says how to run it alone."""

import shlex
import shutil
import sys
from pathlib import Path

import pytest
from support.depth import deep
from support.monorepo import Done, run

PROJECT = Path(__file__).parents[1]
_CHECK = str(PROJECT / "scripts" / "check_lock.py")
_TOOLS = ("sh", "git", "id", "env")
FAILING = """\
import pytest

@pytest.fixture
def broken() -> None:
    raise OSError

@pytest.mark.parametrize("text", ["", "it's a b::[c] é\\n\\\\"])
def test_text(text: str) -> None:
    assert not text

def test_broken(broken: None) -> None: ...
"""


def checked(folder: Path, file: str, before: str, after: str) -> Done:
    """Check a folder with both files of this project once a text in one of them is another."""
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(PROJECT / name, folder)
    text = (folder / file).read_text("utf-8")
    assert before in text
    (folder / file).write_text(text.replace(before, after, 1), encoding="utf-8")
    return run(sys.executable, _CHECK, cwd=folder)


REQUIRED = ("pyproject.toml", "dependencies = [\n")
LOCKED = ("constraints.txt", "pluggy==")


@pytest.mark.parametrize(
    ("file", "before", "after", "says"),
    [
        pytest.param(*REQUIRED, f'{REQUIRED[1]}"six>=1",', "pyproject.toml asks for `six>=1`, constraints.txt has none", id="a new one"),
        pytest.param(*REQUIRED, f'{REQUIRED[1]}"rich>=999",', "asks for `rich>=999`, constraints.txt has 1", id="a bound that was raised"),
        pytest.param(
            *REQUIRED, f"{REQUIRED[1]}\"six; python_version > '3.13'\",", "constraints.txt has none for Python 3.14\n", id="for another Python"
        ),
        pytest.param("pyproject.toml", "setup = [", 'setup = ["six",', "asks for `six`", id="in a group"),
        pytest.param("pyproject.toml", "requires = [", 'requires = ["six",', "asks for `six`", id="to build with"),
        pytest.param(*LOCKED, "pluggy==0.", "is installed, constraints.txt has 0.", id="not what is installed"),
        pytest.param(*LOCKED, "other==", "is installed, constraints.txt has none", id="what a dependency needs"),
        pytest.param(*LOCKED, "--index-url https://example.invalid/\npluggy==", "not a name, a version and a marker", id="a host"),
        pytest.param(*LOCKED, "x @ file:///wheels/x.whl\npluggy==", "not a name, a version and a marker", id="a path"),
    ],
)  # fmt: skip
def test_a_lock_that_does_not_fit_is_noticed(tmp_path: Path, file: str, before: str, after: str, says: str) -> None:
    """Set-up would take whatever is newest, and a fresh clone be red one day without anybody's commit."""
    done = checked(tmp_path, file, before, after)
    assert done.code == 1
    assert says in done.err
    assert "`make lock`" in done.err


def environment_made(tmp_path: Path, python: str, changes: str) -> Done:
    """Make an environment with a Python that begins with some changes to itself, on a machine without apt-get."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in _TOOLS:
        (programs / name).symlink_to(str(shutil.which(name)))
    (tmp_path / "sitecustomize.py").write_text(f"import sys\n{changes}\n", encoding="utf-8")
    env = {"PATH": str(programs), "PYTHONPATH": str(tmp_path)}
    done = run("scripts/environment", python, str(tmp_path / "venv"), cwd=PROJECT, env=env)
    assert not (tmp_path / "venv").exists()
    return done


@pytest.mark.parametrize(
    ("python", "changes", "says"),
    [
        (sys.executable, "sys.version_info = (3, 10, 13, 'final', 0)", "is Python 3.10, which is too old; install 3.11 or newer"),
        ("/nowhere/python3", "", "`/nowhere/python3` does not run; install Python 3.11 or newer"),
        (sys.executable, "sys.modules['ensurepip'] = None", "please install: python3."),
    ],
    ids=["too old", "not there", "no venv"],
)  # fmt: skip
def test_set_up_says_what_to_install(tmp_path: Path, python: str, changes: str, says: str) -> None:
    """A newcomer would be left with a traceback, or with half an environment that the next try takes for a whole one."""
    done = environment_made(tmp_path, python, changes)
    assert done.code == 1
    assert says in done.err.splitlines()[-1]


@deep("pytest in pytest")
def test_a_failing_test_prints_the_command_that_runs_it_alone(tmp_path: Path) -> None:
    """Who sees a red test would have to find out how to spell its name for a shell."""
    (tmp_path / "test_it.py").write_text(FAILING, encoding="utf-8")
    plugin = {
        "PYTHONPATH": str(PROJECT / "tests"),
        "PYTEST_ADDOPTS": f"-p conftest -p no:cacheprovider --basetemp={tmp_path}/own",
        "TESTS": "all",
    }
    done = run(sys.executable, "-m", "pytest", "-n", "1", cwd=tmp_path, env=plugin)
    commands = [
        line for line in done.out.splitlines() if line.startswith(f"TESTS=all {shlex.quote(sys.executable)} -m pytest ")
    ]
    assert len(commands) == 2, done
    for command in commands:
        alone = run("sh", "-c", command, cwd=tmp_path, env=plugin)
        assert "collected 1 item\n" in alone.out
        assert alone.code == 1
