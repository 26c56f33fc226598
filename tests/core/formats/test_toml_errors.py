"""Where a text is no TOML, in whichever way a release of Python tells it."""

import tomllib

import pytest

from common_sync.core.formats.toml_errors import find_line, toml_problem, without_place


class _ToldByAttributeError(ValueError):
    """As since Python 3.14."""

    lineno = 3


@pytest.mark.parametrize(
    ("error", "line", "words"),
    [
        (ValueError("Invalid value (at line 2, column 5)"), 2, "Invalid value"),
        (ValueError("Unclosed array (at end of document)"), 4, "Unclosed array"),
        (ValueError("Exceeds the limit (4300 digits)"), None, "Exceeds the limit (4300 digits)"),
        (_ToldByAttributeError("Invalid value (at end of document)"), 3, "Invalid value"),
        (UnicodeDecodeError("utf-8", b"a\n\xff", 2, 3, "why"), 2, None),
    ],
)
def test_each_way(error: Exception, line: int | None, words: str | None) -> None:
    """A user would have to look for the fault in a long file, or be told of it twice."""
    assert find_line(error, "a\nb\n\n") == line
    assert words is None or without_place(error) == words


@pytest.mark.parametrize(("text", "line"), [("a = 1\nb = ?\n", 2), ("a = 1\nb = [", 2)])
def test_this_python(text: str, line: int) -> None:
    """A new release of Python would tell it in yet another way, and no finding have a line."""
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    assert find_line(caught.value, text) == line
    assert " (at " not in without_place(caught.value)


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [("a = 1\nb = ?\n", ("b = ?", "    ^")), (f"b = {'x' * 300}\n", ()), ("a = [\n", ())],
    ids=["short", "long", "at the end"],
)
def test_the_line_is_shown(text: str, excerpt: tuple[str, ...]) -> None:
    """A user would have to open the file to see the fault, or a line of a megabyte would fill the terminal, or an empty one stand there."""
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    assert toml_problem(caught.value, text, "x.toml").excerpt == excerpt


def test_a_byte_order_mark() -> None:
    """Who saved the configuration with an editor of Windows would look for a mistake in a line that has none."""
    text = "\ufeffa = 1\n"
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    found = toml_problem(caught.value, text, "x.toml")
    assert (found.message, found.line) == ("not valid TOML: begins with a byte order mark (BOM)", 1)
    assert found.remedy == "save it as UTF-8 without a BOM"
