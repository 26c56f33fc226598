"""The library's own name and version: read from whatever declares them, without running it."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import thorough

from common_sync.core.copies.metadata import METADATA_FILES, read_library
from common_sync.core.model import Origin

PYPROJECT, SETUP_CFG, SETUP_PY = METADATA_FILES


def found(**texts: str) -> tuple[str, str | None]:
    """Return the name and version of a library in `libs/common`, by the texts of its files."""
    names = {"pyproject": PYPROJECT, "cfg": SETUP_CFG, "py": SETUP_PY}
    library = read_library("libs/common", {names[key]: text for key, text in texts.items()})
    assert library.master == "libs/common"
    return library.name, library.version


PEP_621 = '[project]\nname = "our-common"\nversion = "1.2.3"\n'
DYNAMIC = '[project]\nname = "our-common"\ndynamic = ["version"]\n'

DECLARED = [
    pytest.param({"pyproject": PEP_621}, ("our-common", "1.2.3"), id="PEP 621"),
    pytest.param({"pyproject": DYNAMIC}, ("our-common", None), id="dynamic version"),
    pytest.param({"pyproject": '[tool.poetry]\nname = "p"\nversion = "2"\n'}, ("p", "2"), id="poetry"),
    pytest.param({"pyproject": DYNAMIC + '[tool.poetry]\nversion = "2"\n'}, ("our-common", "2"), id="poetry 2"),
    pytest.param(
        {"pyproject": PEP_621 + '[tool.poetry]\nname = "p"\nversion = "2"\n'}, ("our-common", "1.2.3"), id="both"
    ),
    pytest.param({"pyproject": "[tool.black]\n"}, ("common", None), id="pyproject without a project"),
    pytest.param({"pyproject": "tool = 1\nproject = 2\n"}, ("common", None), id="project that is no table"),
    pytest.param({"pyproject": "[tool]\npoetry = 1\n"}, ("common", None), id="poetry that is no table"),
    pytest.param({"pyproject": "[project]\nname = 1\nversion = 2.0\n"}, ("common", None), id="no strings"),
    pytest.param({"pyproject": '[project]\nname = ""\nversion = " "\n'}, ("common", None), id="empty strings"),
    pytest.param(
        {"pyproject": '[project]\nname = "a\\nb"\nversion = "1\\u001b[2J"\n'}, ("common", None), id="controls"
    ),
    pytest.param({"cfg": "[metadata]\nname = c\nversion = 3\n"}, ("c", "3"), id="setup.cfg"),
    pytest.param({"cfg": "[metadata]\nname = c\nversion =\n  3\n"}, ("c", "3"), id="setup.cfg over two lines"),
    pytest.param({"cfg": "[metadata]\nname = c\nversion = attr: c.__version__\n"}, ("c", None), id="attr:"),
    pytest.param({"cfg": "[metadata]\nname = c\nversion = file: VERSION\n"}, ("c", None), id="file:"),
    pytest.param({"cfg": "[metadata]\nname = 50%\nversion = %(x)s\n"}, ("50%", "%(x)s"), id="percent signs"),
    pytest.param({"cfg": "[metadata]\nname = c\nname = d\n"}, ("d", None), id="a key twice"),
    pytest.param({"cfg": "[flake8]\nmax-line-length = 100\n"}, ("common", None), id="setup.cfg for tools only"),
    pytest.param({"py": 'from setuptools import setup\nsetup(name="s", version="4")\n'}, ("s", "4"), id="setup.py"),
    pytest.param(
        {"py": 'import setuptools\nsetuptools.setup(version="4", name="s")\n'}, ("s", "4"), id="setuptools.setup"
    ),
    pytest.param({"py": 'V = "4"\nsetup(name="s", version=V)\n'}, ("s", "4"), id="a version by a variable"),
    pytest.param(
        {"py": 'V = "4"\nV += ".dev"\nsetup(name="s", version=V)\n'}, ("s", None), id="a variable that changes"
    ),
    pytest.param({"py": 'V = read()\nsetup(name="s", version=V)\n'}, ("s", None), id="computed version"),
    pytest.param(
        {"py": 'x.y = 1\nM = {"name": "s", "version": "4", **more}\nsetup(**M, zip_safe=True)\n'},
        ("s", "4"),
        id="a dictionary",
    ),
    pytest.param(
        {"py": 'M = {"name": "s"}\nM["name"] = read()\nsetup(**M)\n'}, ("common", None), id="a dictionary that changes"
    ),
    pytest.param(
        {"py": 'M = {"name": "s", "version": "4"}\nM.update(packages=find(), version=read())\nsetup(**M)\n'},
        ("s", None),
        id="a dictionary with more",
    ),
    pytest.param(
        {"py": 'M = {"name": "s"}\nM.update(read())\nsetup(**M)\n'},
        ("common", None),
        id="a dictionary with what is computed",
    ),
    pytest.param(
        {"py": 'M = {"name": "s"}\nM.update(**x)\nsetup(**M)\n'}, ("common", None), id="a dictionary with another"
    ),
    pytest.param(
        {"py": 'f()\nM = {"name": "s"}\nm().update(a=1)\nM.pop("x")\nsetup(**M)\n'},
        ("common", None),
        id="a dictionary that loses something",
    ),
    pytest.param({"py": "setup(**read())\nprint(1)\n"}, ("common", None), id="nothing literal"),
    pytest.param({"py": "read()(1)\n"}, ("common", None), id="no call of setup"),
    pytest.param({"py": '\ufeffsetup(name="s")\n'}, ("s", None), id="byte order mark"),
    pytest.param({"py": 'setup(name="\\ud800", version="\\x00")\n'}, ("common", None), id="what cannot be shown"),
    pytest.param({}, ("common", None), id="none"),
    pytest.param(
        {"pyproject": DYNAMIC, "cfg": "[metadata]\nname = c\nversion = 3\n"}, ("our-common", "3"), id="two files"
    ),
    pytest.param(
        {"pyproject": "[build-system]\n", "py": 'setup(name="s", version="4")'}, ("s", "4"), id="the last file"
    ),
    pytest.param(
        {"pyproject": PEP_621, "cfg": "[metadata]\nname = c\nversion = 3\n"}, ("our-common", "1.2.3"), id="first"
    ),
]


@pytest.mark.parametrize(("texts", "expected"), DECLARED)
def test_declared(texts: dict[str, str], expected: tuple[str, str | None]) -> None:
    """`status` would not say which version a service runs."""
    assert found(**texts) == expected


BROKEN = [
    pytest.param({"pyproject": "[project\n"}, id="no TOML"),
    pytest.param({"pyproject": "a = " + "[" * 100_000}, id="TOML nested too deeply"),
    pytest.param({"pyproject": "a = " + "1" * 5000}, id="endless number in TOML"),
    pytest.param({"pyproject": "\ufeff" + PEP_621}, id="TOML with a byte order mark, which pip refuses too"),
    pytest.param({"cfg": "name = c\n"}, id="setup.cfg without a section"),
    pytest.param({"cfg": "[metadata\n"}, id="no setup.cfg"),
    pytest.param({"py": "setup(\n"}, id="no Python"),
    pytest.param({"py": "print 'hello'\n"}, id="Python 2"),
    pytest.param({"py": "setup(name='a\0')\n"}, id="NUL in Python"),
    pytest.param({"py": "x = " + "(" * 10_000}, id="Python nested too deeply"),
    pytest.param({"py": "-" * 100_000 + "1"}, id="Python too complex for its parser"),
    pytest.param({"py": "1" + "+1" * 100_000}, id="Python with a very long sum"),
]


@pytest.mark.parametrize("texts", BROKEN)
def test_broken_files_say_nothing(texts: dict[str, str]) -> None:
    """A file that is being edited would stop every service from getting its copy."""
    assert found(**texts) == ("common", None)


def test_a_file_after_a_broken_one_still_counts() -> None:
    """One broken file would hide what the next one says."""
    assert found(pyproject="[", cfg="x", py='setup(name="s", version="4")') == ("s", "4")


def test_a_slip_in_setup_py_is_not_shown() -> None:
    """A warning about somebody's setup.py would appear in the middle of the tool's own messages."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert found(py='setup(name="s", description="\\d")\n') == ("s", None)
    assert caught == []


@thorough
@given(st.sampled_from(METADATA_FILES), st.text(max_size=30))
def test_no_text_is_a_traceback(file: str, text: str) -> None:
    """A file in the master that is something else altogether would end in a bug report."""
    library = read_library("common", {file: text})
    assert library.name
    assert library == Origin(library.name, "common", library.version)
