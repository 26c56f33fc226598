"""Lines of a requirements file that pip and uv refuse: each was tried with pip 26.3 and uv 0.13."""

import pytest

from common_sync.core.formats.pip.lines import find_refused_lines

_BOTH = """
six=1.0
six==
six>=1,,<3
six 1.0
<<<<<<< HEAD
[six]
six[a
six>=1 <3
six~=1
six===foo bar
dependencies = [
six, idna
_six
six-
six^1.0
six =>1
six --no-deps
six --no-such
--no-such
--no
-U
-v
-t x
--timeout 3
--user
--no-deps
--requirements x
--no-cache-dir
six --config-settings 'a
"""
_NEITHER = """
six
Six[a, b]
six>=1,
six (>=1)
six(>=1,<2)
six; python_version > '3'
six ==1.*
six!=1.2.*,~=1.0
six==2!1.0+abc
six==1.0-1
six==v1.0rc1 # --no-such
# --no-such
six==1.0 --hash=sha256:aa
six @ https://example.org/six.whl
git+https://example.org/six.git#egg=six
./six.whl
six.whl
six==${VERSION}
-e ./six
-r more.txt
-c constraints.txt
--index-url https://example.org
--no-index
--pre
--require-hashes
"""
_ONLY_PIP = """
--pre=1
-i
"""
_ONLY_UV = """
--no-require-hashes
--config-settings a=b
six --index-url https://example.org
--no-ind
"""
_SOME_PIPS = """
six>=1.*
six>1.0.*
six==latest
six --global-option x
--install-option x
--all-releases six
"""


def lines(table: str) -> list[str]:
    """Return the rows of a table."""
    return table.split("\n")[1:-1]


@pytest.mark.parametrize("line", lines(_BOTH) + lines(_SOME_PIPS))
def test_a_line_that_pip_refuses_is_named(line: str) -> None:
    """An install would be called proven that pip ends at its first look at the file."""
    found = list(find_refused_lines(f"idna\n{line}\n", "pip"))
    assert [(one.line, one.sure) for one in found] == [(2, line not in lines(_SOME_PIPS))]


@pytest.mark.parametrize("line", lines(_ONLY_PIP))
def test_what_pip_wants_a_value_for_or_none(line: str) -> None:
    """An option without its value would be passed over."""
    assert [one.line for one in find_refused_lines(line, "pip")] == [1]


@pytest.mark.parametrize("line", lines(_NEITHER) + lines(_ONLY_UV))
def test_a_line_that_pip_takes_is_not_named(line: str) -> None:
    """A file of requirements that pip takes would be called broken."""
    assert not list(find_refused_lines(f"{line}\n", "pip"))


@pytest.mark.parametrize("line", lines(_BOTH) + lines(_ONLY_UV))
def test_a_line_that_uv_refuses_is_named(line: str) -> None:
    """An install would be called proven that uv ends at its first look at the file."""
    assert [(one.line, one.sure) for one in find_refused_lines(f"idna\n{line}\n", "uv")] == [(2, True)]


@pytest.mark.parametrize("line", lines(_NEITHER))
def test_a_line_that_uv_takes_is_not_named(line: str) -> None:
    """A file of requirements that uv takes would be called broken."""
    assert not list(find_refused_lines(f"{line}\n", "uv"))


def test_what_follows_a_path_is_told_elsewhere() -> None:
    """One option would be reported twice."""
    assert not list(find_refused_lines("./six --global-option x\n", "uv"))


def test_the_first_of_joined_lines_is_named() -> None:
    """A person would be sent to a line that looks right."""
    assert [one.line for one in find_refused_lines("idna\nsix==1 \\\n  --hash=sha256:aa \\\n  --no-such\n", "pip")] == [
        2
    ]
