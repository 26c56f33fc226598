"""Texts that come with the tool: the page of each code, and the parts of a report's page."""

import os

import common_sync

_FOLDER = os.path.dirname(common_sync.__file__)


def read_page(code: str) -> str:
    """Return the page of a code, in Markdown."""
    return read_shipped(f"pages/{code}.md")


def read_shipped(path: str) -> str:
    """Return the text of a file of the package.

    Args:
        path: Its path in the package.
    """
    with open(os.path.join(_FOLDER, path), encoding="utf-8") as file:
        return file.read()
