"""What is imported when a service is started: tables of commands, and of files."""

import shlex

import pytest

from common_sync.core.environments.imports import Missing, find_imports, list_missing
from common_sync.core.environments.start import Start, read_start


@pytest.mark.parametrize(
    ("command", "start"),
    [
        ("uvicorn main:app --port 8000", Start(("main",))),
        ("gunicorn -w 2 pkg.main:make('x')", Start(("pkg.main",))),
        ("uvicorn --factory main:app", Start(("main",))),
        ("python main.py --debug", Start(script="main.py")),
        ("python3.12 -u src/main.py", Start(script="src/main.py", folder="src")),
        ("python -c 'import main'", Start(code="import main")),
        ("python '-Bcimport main' x", Start(code="import main")),
        ("python -m pkg.main", Start(("pkg.main",), main="pkg.main")),
        ("python -m uvicorn main:app", Start(("uvicorn", "main"))),
        ("python -m uvicorn main", None),
        ("uvicorn main:app --app-dir src", None),
        ("gunicorn --chdir=src main:app", None),
        ("gunicorn main", None),
        ("python -I main.py", None),
        ("python -P -m main", None),
        ("python ../main.py", None),
        ("python /srv/main.py", None),
        ("python tool", None),
        ("python", None),
        ("celery -A main worker", None),
        ("", None),
    ],
)
def test_what_a_command_starts(command: str, start: Start | None) -> None:
    """Another module would be looked at than the one that is started, and a release be refused for nothing."""
    assert read_start(shlex.split(command)) == start


FILES = {
    "main.py": """
import json, os.path
import nowhere
from pkg.db import x
from pkg import names, y
from . import beside
try:
    import fast
except ImportError:
    pass
if DEBUG:
    import debugger
class Settings:
    import inner
def later():
    import later
if __name__ == '__main__':
    import run_as_program
raise SystemExit
import never
""",
    "pkg/__init__.py": "",
    "pkg/__main__.py": "if __name__ == '__main__':\n    import of_the_package\n",
    "pkg/db.py": "from . import q\nfrom .gone import z\nimport our_common.lost\nimport our_common.kept\nfrom ... import far\n",
    "pkg/names.py": "import third",
    "pkg/broken.py": "import x y",
    "common/our_common/__init__.py": "",
    "common/our_common/lost.py": "from .other import y\n",
    "libs/corp/src/corp/__init__.py": "import six.moves\n",
}


def _imported(start: Start, **more: str) -> list[tuple[str, str, int]] | None:
    files = FILES | {f"{name}.py": text for name, text in more.items()}
    started = find_imports(start, files.get, ("common", "libs/corp"))
    return [(one.module, one.file, one.line) for one in started.imports] if started is not None else None


def test_imports_that_are_run_in_any_case() -> None:
    """An import that may fail without harm would keep a release from being switched to, or one that must fail not."""
    found = [
        ("json", "main.py", 2),
        ("os.path", "main.py", 2),
        ("nowhere", "main.py", 3),
        ("pkg.db", "main.py", 4),
        ("pkg", "main.py", 5),
        ("inner", "main.py", 14),
    ]
    rest = [
        ("third", "pkg/names.py", 1),
        ("pkg.gone", "pkg/db.py", 2),
        ("our_common.lost", "pkg/db.py", 3),
        ("our_common.kept", "pkg/db.py", 4),
        ("our_common.other", "common/our_common/lost.py", 1),
    ]
    as_program = [*found, ("run_as_program", "main.py", 18), *rest]
    assert _imported(Start(script="main.py")) == as_program
    assert _imported(Start(("main",))) == [("main", "", 0), *found, *rest]
    assert _imported(Start(code="import main")) == [("main", "", 1), *found, *rest]
    assert _imported(Start(("pkg",), main="pkg")) == [("pkg", "", 0), ("of_the_package", "pkg/__main__.py", 2)]
    assert _imported(Start(("corp",))) == [("corp", "", 0), ("six.moves", "libs/corp/src/corp/__init__.py", 1)]
    assert _imported(Start(("pkg.broken",))) == [("pkg.broken", "", 0)], "it may be of a newer Python"
    assert _imported(Start(script="gone.py")) == []


@pytest.mark.parametrize(
    "text",
    ["import sys\nsys.path.insert(0, 'lib')\n", "from sys import path\n", "import site\nsite.addsitedir('x')\n"],
)
def test_programs_that_look_elsewhere(text: str) -> None:
    """A program that finds its modules in a folder of its own would be said to have none of them."""
    assert _imported(Start(script="other.py"), other=f"import helper\n{text}") is None
    assert _imported(Start(script="other.py"), other="import helper", helper=text) is None


def test_too_many_files() -> None:
    """A look at imports would take longer than the deploy."""
    names = {f"m{at}.py": f"import m{at + 1}" for at in range(5001)}
    endless = find_imports(Start(("m0",)), names.get, ())
    assert endless is None


def test_what_must_fail() -> None:
    """A module that a package makes by itself would be said to be missing, or one that nothing has not."""
    started = find_imports(Start(script="main.py"), FILES.get, ("common",))
    assert started is not None
    missing = {
        "nowhere": Missing("nowhere", sure=True),
        "pkg.gone": Missing("pkg.gone", sure=False),
        "our_common.lost": Missing("our_common.lost", sure=False),
        "our_common.kept": Missing("our_common.kept", sure=False),
        "our_common.other": Missing("our_common.lost", sure=False),
        "os.path": Missing("os.path", sure=False),
        "third": Missing("nowhere", sure=True),
    }
    assert [(one.line, name, source) for one, name, source in list_missing(started, missing)] == [
        (3, "nowhere", ""),
        (2, "pkg.gone", ""),
        (3, "our_common.lost", "common/our_common/lost.py"),
        (4, "our_common.kept", ""),
    ]
