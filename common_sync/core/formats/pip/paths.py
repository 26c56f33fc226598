"""Where in a requirement the local path is, in each of the forms that pip and uv accept.

Source of the forms: https://pip.pypa.io/en/stable/reference/requirements-file-format/,
https://packaging.python.org/en/latest/specifications/dependency-specifiers/ and pip's `req/constructors.py`.
"""

import re
from typing import NamedTuple

from common_sync.core.expressions import expression

_DIRECT = expression(r"([A-Za-z0-9][\w.-]*)\s*(?:(\[[^\]]*\])\s*)?@\s*", re.ASCII, needs="@")
_FILE = expression(r"file:", re.IGNORECASE)
_OTHER_SCHEME = expression(r"(?!file:)[a-z][a-z0-9+.-]*:", re.IGNORECASE, needs=":")
_LOCAL_HOST = expression(r"//(?:localhost)?(?=/)", re.IGNORECASE, needs="//")
_PATH_FRAGMENT = expression(r"#(?=(?:egg|subdirectory)=)", needs="#")
_URL_FRAGMENT = expression(r"[?#]")
_SUBDIRECTORY = expression(r"[#&]subdirectory=([^&]+)")
_VARIABLE = expression(r"\$\{[A-Z0-9_]+\}", needs="$")  # the only form that pip expands
_NEEDS_NO_QUOTING = expression(r"[A-Za-z0-9_.~/-]*")


ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz")
"""What the names of files end in that pip installs."""


class Target(NamedTuple):
    """The local path in a value."""

    path: str  # where it leads, decoded, without slashes at its end
    start: int  # index in the value of the first character to replace
    end: int  # index after the last one
    url: bool = False  # whether it is spelled as a `file:` URL
    scheme: str = ""  # what of the URL's scheme is to be replaced too, in the spelling that pip takes anywhere
    subdirectory: tuple[int, int] | None = None  # start and end of what `#subdirectory=` names, or None
    name: str = ""  # the project's name where the requirement gives one, normalised, or nothing
    extras: frozenset[str] = frozenset()  # the extras asked for, normalised
    marker: str = ""  # the environment marker, blanks collapsed
    fragment: str = ""  # what follows the path in the URL, without the subdirectory's name


def _normalise(name: str) -> str:
    from common_sync.core.formats.pip.names import normalise  # most requirements that are paths give no name

    return normalise(name)


def find_target(value: str, *, editable: bool) -> Target | None:
    """Find the local path in a requirement; None if it names a project or something on a network.

    Args:
        value: The requirement, or the value of `-e`, as pip sees it.
        editable: Whether it is the value of `-e`, for which pip takes a bare word for a path.
    """
    specifier, _, marker = value.partition(";")  # no path that pip takes holds a semicolon
    direct = _DIRECT.match(specifier)
    start = direct.end() if direct else len(specifier) - len(specifier.lstrip())
    where = specifier[start:].rstrip()
    if _OTHER_SCHEME.match(where) or not (editable or direct or _looks_like_path(where)):
        return None
    where, extras = _split_extras(where)
    target = _find_place(where, start)
    if target is None:
        return None
    return target._replace(
        name=_normalise(direct[1]) if direct else "",
        extras=extras | _parse_extras(direct[2] if direct else None),
        marker=" ".join(marker.split()),
    )


def find_include(value: str) -> Target | None:
    """Find the path in the value of `-r` or `-c`; None if it is something on a network.

    Args:
        value: The value of the option, as pip sees it.
    """
    if not value or _OTHER_SCHEME.match(value):
        return None
    target = _find_url(value, 0) if _FILE.match(value) else Target(value, 0, len(value))
    # Beside `file:` only an absolute path works here, so what replaces it is a plain path: the scheme goes too.
    return target and target._replace(start=0, end=len(value), url=False, subdirectory=None)


def name_project(target: Target, value: str) -> str:
    """Return the path of the project that a requirement names, `#subdirectory` and all.

    Args:
        target: The path in it.
        value: The requirement, as pip sees it.
    """
    if target.subdirectory is None:
        return target.path
    start, end = target.subdirectory
    return f"{target.path}/{value[start:end]}".rstrip("/")


def holds_variable(target: Target) -> bool:
    """Tell whether an environment variable decides where the path leads."""
    return bool(_VARIABLE.search(target.path))


def quote_path(path: str) -> str:
    """Percent-encode a path for a URL, where it needs that."""
    if _NEEDS_NO_QUOTING.fullmatch(path):
        return path
    from urllib.parse import quote  # slow to import, and hardly ever needed

    return quote(path)


def _looks_like_path(where: str) -> bool:
    """Do as pip's `_looks_like_path`; a variable alone may stand for a path as well."""
    return (
        "/" in where
        or where.startswith(".")
        or bool(_FILE.match(where) or _VARIABLE.fullmatch(_split_extras(where)[0]))
    )


def _split_extras(where: str) -> tuple[str, frozenset[str]]:
    body = where.rstrip("/")  # pip normalises `P[extra]/`
    opening = body.rfind("[")
    inside = body[opening + 1 : -1]
    if opening < 1 or not body.endswith("]") or not inside or "]" in inside:
        return where, frozenset()
    return body[:opening].rstrip(), _parse_extras(body[opening:])


def _parse_extras(bracketed: str | None) -> frozenset[str]:
    return frozenset(_normalise(extra) for extra in (bracketed or "")[1:-1].split(",") if extra.strip())


def _find_place(where: str, start: int) -> Target | None:
    if _FILE.match(where):
        return _find_url(where, start)
    fragment = _PATH_FRAGMENT.search(where)  # pip takes none after a plain path, uv does
    path = where[: fragment.start()] if fragment else where
    return _target(where, start, start, path, path)


def _find_url(where: str, start: int) -> Target | None:
    first = len("file:")
    fragment = _URL_FRAGMENT.search(where)
    written = where[first : fragment.start() if fragment else len(where)]
    host = _LOCAL_HOST.match(written)
    path = "/" + written[host.end() :].lstrip("/") if host else written
    if written.startswith("//") and not host and not _VARIABLE.search(written):
        path = written[2:]  # pip takes it for the name of a machine and refuses it, uv for a path
    if "%" in path:
        from urllib.parse import unquote  # slow to import, and hardly ever needed

        path = unquote(path)
    target = _target(where, start, start + first, written, path)
    if target is None or where.startswith("file:"):
        return target and target._replace(url=True)
    # pip takes `FILE:` only before a path with `../` in it, which the new one lacks.
    return target._replace(url=True, start=start, scheme="file:")


def _target(where: str, start: int, first: int, written: str, path: str) -> Target | None:
    """Return the target without slashes at its end, which stay as they are; None for an empty path."""
    if not path.rstrip("/"):
        return None
    fragment = where[first - start + len(written) :]
    found = _SUBDIRECTORY.search(fragment)
    at = first + len(written)
    return Target(
        path.rstrip("/"),
        first,
        first + len(written.rstrip("/")),
        subdirectory=(at + found.start(1), at + found.end(1)) if found else None,
        fragment=_SUBDIRECTORY.sub(r"#subdirectory=", fragment),
    )
