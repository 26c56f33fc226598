"""Fixtures of the reliability tests."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from reliability.warm import Program

_MEMORY = "/dev/shm"  # noqa: S108 - a memory file system where there is one: these tests make thousands of trees


@pytest.fixture(scope="session")
def program() -> Iterator[Program]:
    """Return the warm process."""
    with Program() as running:
        yield running


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder of its own that every user may enter, in memory where there is such a file system."""
    path = Path(tempfile.mkdtemp(prefix="common-sync-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)
