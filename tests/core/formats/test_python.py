"""What the text of a `setup.py` says without being run."""

import pytest

from common_sync.core.formats.python import find_required

REQUIRED = [
    pytest.param("setup(name='a', install_requires=['x==1',\n 'y'])\n", [(1, "x==1"), (2, "y")], id="an argument"),
    pytest.param("A, B = 1, 2\nNEEDS = ['x', 3]\nsetup(install_requires=NEEDS)\n", [(2, "x")], id="a variable"),
    pytest.param("setup(install_requires=read())\n", [], id="what is computed"),
    pytest.param("setup(install_requires=NEEDS)\n", [], id="a variable that nobody sets"),
    pytest.param("M = {'name': 'a', **x, 'install_requires': ['x']}\nsetup(**M)\n", [(1, "x")], id="a dictionary"),
    pytest.param("x.y = {1: 2}\nsetup(packages=['x'])\n", [], id="nothing"),
    pytest.param("setup(\n", [], id="no Python"),
]


@pytest.mark.parametrize(("text", "expected"), REQUIRED)
def test_what_a_setup_requires(text: str, expected: list[tuple[int, str]]) -> None:
    """A service that asks for the library in its setup.py would be taken for one that never uses it."""
    assert [(one.line, one.value) for one in find_required(text)] == expected
