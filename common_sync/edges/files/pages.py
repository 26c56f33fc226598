"""The pages of the codes, which come with the tool, a file each."""

import os

import common_sync

_FOLDER = os.path.join(os.path.dirname(common_sync.__file__), "pages")


def read_page(code: str) -> str:
    """Return the page of a code, in Markdown."""
    with open(os.path.join(_FOLDER, f"{code}.md"), encoding="utf-8") as file:
        return file.read()
