"""What rewritten files said before, and how it is put back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.references.undoing import find_hunks, put_all_back, put_back

TEXTS = st.lists(st.sampled_from(["-e ../../common", "-e ./common", "fastapi", ""]), max_size=8).map("\n".join)


@given(TEXTS, TEXTS)
def test_putting_back_gives_the_very_bytes(before: str, after: str) -> None:
    """A file would not come back as somebody wrote it."""
    hunks = find_hunks(before, after)
    assert put_back(after, hunks) == before
    assert put_all_back(after, hunks) == before


def test_all_or_nothing() -> None:
    """Half of a Dockerfile would be for one build context, and half of it for another."""
    hunks = find_hunks("COPY a/x x\nRUN y\nCOPY a/z z\n", "COPY x x\nRUN y\nCOPY z z\n")
    assert put_all_back("COPY x x\nRUN y\nCOPY z zz\n", hunks) is None
    assert put_all_back("COPY x x\nRUN yy\nCOPY z z\n", hunks) == "COPY a/x x\nRUN yy\nCOPY a/z z\n"


CASES = [
    pytest.param(
        "a\n-e ../../c\nb\n", "a\n-e ./c\nb\n", "new\na\n-e ./c\nb\n", "new\na\n-e ../../c\nb\n", id="lines above"
    ),
    pytest.param("-e ../../c\n", "-e ./c\n", "-e ./c\n\n# more\n", "-e ../../c\n\n# more\n", id="lines below"),
    pytest.param("-e ../../c\n", "-e ./c\n", "-e ./c[x]\n", "-e ./c[x]\n", id="the line itself was changed"),
    pytest.param(
        "-e ../../c\n-e ../../d\n",
        "-e ./c\n-e ./d\n",
        "-e ./c\n-e ./d[x]\n",
        "-e ../../c\n-e ./d[x]\n",
        id="the next line",
    ),
    pytest.param("a\n-e ../../c\nb\n", "a\nb\n", "a\nb\nc\n", "a\n-e ../../c\nb\nc\n", id="a line was removed"),
    pytest.param("-e ../../c\na\n", "a\n", "a\n", "-e ../../c\na\n", id="the first line was removed"),
    pytest.param("-e ../../c\r\n", "-e ./c\r\n", "-e ./c\r\n", "-e ../../c\r\n", id="line ends of Windows"),
    pytest.param(
        "x\ny\n-e ../../c\n", "x\ny\n-e ./c\n", "-e ./c\nx\ny\n-e ./c\n", "-e ./c\nx\ny\n-e ../../c\n", id="the nearest"
    ),
    pytest.param("a\n-e ../../c\n", "a\n-e ./c\n", "a\r\n-e ./c\r\n", "a\r\n-e ../../c\r\n", id="converted since then"),
    pytest.param("-e ../../c\r\n", "-e ./c\r\n", "-e ./c\n", "-e ../../c\n", id="converted the other way"),
    pytest.param("P\na\nP\n", "C\na\n", "C\na\n", "P\na\nP\n", id="removed beside a line that stays"),
    pytest.param("P\na\nP\nb\n", "a\nb\n", "a\nb\n", "P\na\nP\nb\n", id="removed around a line that stays"),
]


@pytest.mark.parametrize(("before", "after", "now", "then"), CASES)
def test_files_that_have_moved_on(before: str, after: str, now: str, then: str) -> None:
    """What somebody has written since would be lost, or a line be put back at the wrong place."""
    assert put_back(now, find_hunks(before, after)) == then


def test_lines_that_were_rewritten_twice() -> None:
    """After the copy has got another name, `eject` would put back a line that leads to where no copy is any more."""
    person, first, second = "a\n-e ../../common\n", "a\n-e ./common\n", "a\n-e ./shared\nb\n"
    once = find_hunks(person, first)
    assert put_back(second, find_hunks(put_back(first, once), second)) == person
