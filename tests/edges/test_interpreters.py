"""The Python that an environment is made with: what a file says of itself is asked once."""

import sys
from pathlib import Path

from common_sync.edges.environments.interpreters import find_interpreter


def test_a_python_is_started_once(tmp_path: Path) -> None:
    """`env status` of two hundred services without environments would start Python two hundred times."""
    python, asked = tmp_path / "python", tmp_path / "asked"

    def write(word: str) -> None:
        python.write_text(f'#!/bin/sh\necho {word} >> {asked}\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)

    write("one")
    first, second = (find_interpreter(str(python), None) for _ in range(2))
    assert first is not None
    assert (second, asked.read_text()) == (first, "one\n")
    write("another")  # it may be another Python now
    assert find_interpreter(str(python), None) == first
    assert asked.read_text() == "one\nanother\n"
