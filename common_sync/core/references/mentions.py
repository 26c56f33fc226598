"""Paths that lead to the library in files that are never edited: scripts, Makefiles, units, settings of other tools.

Nobody can tell what a script does with a path, nor whether it runs where the service is built; so the line is named, and a
person decides.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.findings import line_finding
from common_sync.core.model import Finding
from common_sync.core.references.contract import Locate, Rewrite, Site
from common_sync.core.text import is_no_path

_COMMENT = expression(r"(?:^|(?<=\s))#.*|^\s*;.*")
# $PWD/ $(CURDIR)/ {toxinidir}/ %(here)s/
_FOLDER_VARIABLE = expression(r"(?:\$\w+|[$%]?(?:\([^()\s]*\)|\{[^{}\s]*\})s?)/")
_SHORT_OPTION = expression(r"(?<!\S)-\w(?=\.\./)")
_PATH = expression(r"[\w.@+~/-]+")
_COPIED = expression(r"\s*(?:COPY|ADD)\s", re.IGNORECASE)
_UPWARD = expression(r"(?:^|/)\.\.(?:/|$)")


class Mention(NamedTuple):
    """A path as it is written, what it leads to below the library, and whether from the file's folder or the service's."""

    path: str
    rest: str
    from_file: bool = True


def read_mentions(characters: str, site: Site) -> Rewrite:
    """Find the lines that lead to the master; nothing is edited."""
    found = list(list_mentions(characters, site.locate))
    told = {number for number, _ in found}
    found += (one for one in _list_computed(characters, site.locate) if one[0] not in told)
    return Rewrite(problems=tuple(report_mention(number, mention, site) for number, mention in sorted(found)))


def _list_computed(characters: str, locate: Locate) -> Iterator[tuple[int, Mention]]:
    """Yield the paths that a Python file such as `setup.py` computes from its own place, and that lead to the master."""
    if "__file__" not in characters and "cwd" not in characters:
        return
    from common_sync.core.formats.python import find_paths  # which parses: only where a file computes its paths

    for one in find_paths(characters, "setup.py"):
        path = (one.value or "").partition("file://")[2] or one.value or ""
        place = locate(path, True) if path and not is_no_path(path) else None
        if place is not None and place.where == "master":
            yield one.line, Mention(one.written, place.rest)


def list_mentions(characters: str, locate: Locate) -> Iterator[tuple[int, Mention]]:
    """Yield the paths of a file that lead to the master, each with its line, counted from 1; comments are left out."""
    for number, line in enumerate(characters.split("\n"), 1):
        if "/" in line or ".." in line:  # hardly any line of a program has one, and no other names a path
            yield from ((number, mention) for mention in find_mentions(_COMMENT.sub("", line), locate))


def find_mentions(line: str, locate: Locate) -> list[Mention]:
    """Return the paths in a line that lead to the master, each once.

    A variable at the beginning of a path is taken for the folder that the file or the service is in.

    Args:
        line: The line, without a comment.
        locate: Tells where a path leads.
    """
    places = ((path, from_file, locate(path, from_file)) for path in find_upward(line) for from_file in (False, True))
    found = (Mention(path, place.rest, from_file) for path, from_file, place in places if place.where == "master")
    return list({mention.path: mention for mention in found}.values())


def report_mention(line: int, mention: Mention, site: Site) -> Finding:
    """Return the problem for a path that a person has to look at."""
    message = f"`{mention.path}` leads to the library, and this file is not rewritten"
    there = f"{site.copy}/{mention.rest}".rstrip("/")
    there = f"{site.up}{there}" if mention.from_file else there
    if mention.rest and not site.holds(mention.rest):
        return line_finding(
            line,
            "CS110",
            message,
            f"`{mention.rest}` is not copied: use the library's folder, `{site.up if mention.from_file else ''}{site.copy}`",
        )
    return line_finding(line, "CS110", message, f"if it is to work in the service's folder alone, write `{there}`")


def report_former(characters: str, former: str, site: Site) -> Iterator[Finding]:
    """Yield a warning for each command that names a copy by its former place: nobody turns what a command says."""
    name = re.escape(former)
    named = re.compile(rf"(?<![\w.@+~/-])(?:\./{name}(?![\w.-])|{name}/)")
    for number, line in enumerate(characters.split("\n"), 1):
        if not _COPIED.match(line) and (found := named.search(_COMMENT.sub("", line))):
            message = f"`{found[0]}` is the former place of the copy, and commands are not rewritten"
            yield line_finding(number, "CS110", message, f"write `{site.copy}`")


def find_upward(line: str) -> Iterator[str]:
    """Yield the words of a line that are paths from the system's root, or lead upward."""
    plain = _SHORT_OPTION.sub(" ", _FOLDER_VARIABLE.sub(" ./", line))
    for match in _PATH.finditer(plain):
        path = match[0]
        if path.lstrip("/").startswith("../"):
            path = path.lstrip("/")  # what `$(dirname "$0")/..` leaves
        if path.startswith("/") or _UPWARD.search(path):
            yield path
