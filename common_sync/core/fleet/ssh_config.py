"""The names of hosts in ssh's configuration; what they come to is ssh's own business."""

import re
import shlex
from collections.abc import Iterator

_LINE = re.compile(r"[ \t]*(host|include)(?:[ \t]*=[ \t]*|[ \t]+)(.*)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
"""Of a host; what has a star, or an exclamation mark, is a pattern."""


def list_hosts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the names of hosts in ssh's configuration, and the patterns of files that it includes.

    Args:
        text: The file's text; ssh_config(5) has the format.

    Returns:
        A name and nothing, or nothing and a pattern, in their order.
    """
    for found in filter(None, map(_LINE.fullmatch, text.splitlines())):
        includes = found[1].lower() == "include"
        for word in _split(found[2]):
            if includes or _NAME.fullmatch(word):
                yield ("", word) if includes else (word, "")


def _split(words: str) -> list[str]:
    try:
        return shlex.split(words, comments=True)
    except ValueError:  # a quote that does not end: ssh refuses the file
        return []
