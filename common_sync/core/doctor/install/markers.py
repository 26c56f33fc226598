"""Markers of requirements, `; python_version < "3.12"`: whether they hold in an image, as far as anybody can tell.

Source of the format: https://packaging.python.org/en/latest/specifications/dependency-specifiers/.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import product
from operator import ge, gt, le, lt
from typing import NamedTuple

from common_sync.core.expressions import expression

_WRITTEN = expression(r";(?P<marker>[^#]*?)(?:\s--\w.*|\s*\\)?$")


class Target(NamedTuple):
    """What a requirement is installed for.

    Attributes:
        python: The version of Python, `3.12` or `3.12.4`; nothing where nobody can tell.
        sure: Whether it surely is that version, of CPython, and no extra is asked for.
    """

    python: str = ""
    sure: bool = False


UNTOLD = Target()
"""Some Python that is still maintained, on Linux."""


def marker_of(requirement: str) -> str:
    """Return the marker of a requirement by name, as a line of a file has it, options and all; nothing where it has none."""
    found = _WRITTEN.search(requirement)
    return found["marker"].strip() if found is not None else ""


@lru_cache(maxsize=512)
def holds(marker: str, target: Target = UNTOLD) -> bool | None:
    """Tell whether a marker holds; None where nobody can tell. Nothing always holds.

    Args:
        marker: The marker, without its semicolon.
        target: What is installed for.
    """
    if not marker.strip():
        return True
    read = _read(marker)
    if read is None:
        return None
    found = {read(release, target) for release in _list_releases(marker, target)}
    if found == {True}:
        return True
    of_system = found if target.sure else {read((), target)}
    return False if of_system == {False} else None


_Release = tuple[int, ...]
_Verdict = Callable[[_Release, Target], bool | None]
_OLDEST, _NEWEST = 9, 20
"""The minor versions of Python 3 that images have which are built today."""


def _list_releases(marker: str, target: Target) -> Iterable[_Release]:
    """Yield the versions that Python may have: of those that a file compares with, each that lies between and beside them."""
    release = tuple(map(int, target.python.split("."))) if target.python else ()
    minors = [release[1]] if release else [*range(_OLDEST, _NEWEST)]
    named = [int(one) for one in _NUMBER.findall(marker)]
    patches = [release[2]] if len(release) > 2 else sorted({0, *named, *(one + 1 for one in named)})  # noqa: PLR2004
    yield from ((3, minor, patch) for minor, patch in product(minors, patches))


_NUMBER = expression(r"\d{1,4}")
_TOKEN = expression(
    r"""\s*(?:(?P<text>'[^']*'|"[^"]*")|(?P<word>[A-Za-z_][\w.]*)|(?P<sign>[<>=!~]=?=?|[()]))\s*""",
)
_DEEPEST = 20


class _Token(NamedTuple):
    kind: str
    value: str


def _read(marker: str) -> _Verdict | None:
    """Return what tells whether a marker holds, or None where it cannot be read."""
    tokens, at = list[_Token](), 0
    while found := _TOKEN.match(marker, at):
        kind, at = str(found.lastgroup), found.end()
        tokens.append(_Token(kind, found[kind]))
    if at != len(marker) or sum(token.value == "(" for token in tokens) > _DEEPEST:
        return None
    reader = _Reader(tokens)
    try:
        verdict = reader.read_either()
    except IndexError:  # it ends too early
        return None
    return verdict if verdict is not None and not reader.left else None


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self.left = tokens[::-1]

    def read_either(self) -> _Verdict | None:
        return self._read_several("or", self._read_both, decisive=True)

    def _read_both(self) -> _Verdict | None:
        return self._read_several("and", self._read_one, decisive=False)

    def _read_several(self, word: str, read: Callable[[], _Verdict | None], *, decisive: bool) -> _Verdict | None:
        parts = [read()]
        while self.left and self.left[-1] == _Token("word", word):
            self.left.pop()
            parts.append(read())
        return _join([part for part in parts if part is not None], decisive=decisive) if None not in parts else None

    def _read_one(self) -> _Verdict | None:
        first = self.left.pop()
        if first == _Token("sign", "("):
            inner = self.read_either()
            return inner if self.left.pop() == _Token("sign", ")") else None
        sign = self.left.pop()
        if sign == _Token("word", "not"):
            sign = _Token("sign", f"not {self.left.pop().value}")
        second = self.left.pop()
        if {first.kind, second.kind} != {"text", "word"}:
            return None
        turned = first.kind == "text"
        name, text = (second.value, first.value) if turned else (first.value, second.value)
        return _compare(_ALIASES.get(name, name), sign.value, text[1:-1], turned=turned)


def _join(parts: list[_Verdict], *, decisive: bool) -> _Verdict:
    def verdict(release: _Release, target: Target) -> bool | None:
        found = {part(release, target) for part in parts}
        return decisive if decisive in found else None if None in found else not decisive

    return verdict


_ALIASES = {
    "os.name": "os_name",
    "sys.platform": "sys_platform",
    "platform.python_implementation": "platform_python_implementation",
    "python_implementation": "platform_python_implementation",
}
_LINUX = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
_SURE = {"implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": ""}
_VERSIONS = {"python_version": 2, "python_full_version": 3, "implementation_version": 3}
"""Variable → how many numbers of a version it has."""


def _compare(name: str, sign: str, text: str, *, turned: bool) -> _Verdict:
    def verdict(release: _Release, target: Target) -> bool | None:
        if name in _VERSIONS and (name != "implementation_version" or target.sure):
            own = release[: _VERSIONS[name]]
            return _compare_versions(own, _TURNED.get(sign, "") if turned else sign, text) if own else None
        value = {**_LINUX, **(_SURE if target.sure else {})}.get(name)
        return _compare_texts(value, sign, text, turned=turned) if value is not None else None

    return verdict


def _compare_texts(value: str, sign: str, text: str, *, turned: bool) -> bool | None:
    if sign in {"==", "!="}:
        return (value == text) is (sign == "==")
    if sign in {"in", "not in"} and value:
        first, second = (text, value) if turned else (value, text)
        return (first in second) is (sign == "in")
    return None


_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
_ORDER: Mapping[str, Callable[[_Release, _Release], bool]] = {"<": lt, ">": gt, "<=": le, ">=": ge}
_VERSION = expression(r"\s*v?(?P<release>\d+(?:\.\d+)*)(?P<any>\.\*)?\s*")


def _compare_versions(own: _Release, sign: str, text: str) -> bool | None:
    """Compare a version with one that is written; tools do not agree about a patch that `python_version` is compared with."""
    if sign in {"in", "not in"}:
        words = text.replace(",", " ").split()
        return (".".join(map(str, own)) in words) is (sign == "in") if all(map(_VERSION.fullmatch, words)) else None
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    other = tuple(map(int, found["release"].split(".")))
    if len(own) < len(other) and any(other[len(own) :]) and other[: len(own)] == own:
        return None
    if found["any"]:
        same = own[: len(other)] == other
        return same is (sign == "==") if sign in {"==", "!="} else None
    return _compare_releases(own, sign, other)


def _compare_releases(own: _Release, sign: str, other: _Release) -> bool | None:
    longest = max(len(own), len(other))
    ours, theirs = (one + (0,) * (longest - len(one)) for one in (own, other))
    if sign in {"==", "!="}:
        return (ours == theirs) is (sign == "==")
    if sign == "~=" and len(other) > 1:
        return ours >= theirs and own[: len(other) - 1] == other[:-1]
    return _ORDER[sign](ours, theirs) if sign in _ORDER else None


def admits_python(specifier: str, target: Target) -> bool:
    """Tell whether a `requires-python` surely admits the Python that is installed for; an empty one does.

    Args:
        specifier: `>=3.11,<4`.
        target: What is installed for.
    """
    parts = [part.strip() for part in specifier.split(",")]
    return all(holds(_as_marker(part), target) for part in parts if part)


def _as_marker(part: str) -> str:
    version = part.lstrip("<>=!~ ")
    return f"python_full_version {part[: len(part) - len(version)].strip()} '{version}'"


_OTHERS = expression(
    r"--python\b|env\b[^\n;&|]*\s-p|\bUV_PYTHON(?:_PREFERENCE)?\b|--managed-python|pyenv|conda|mamba|\buv\s+python\b"
    r"|/usr/bin/(?:python|pip)|\basdf\b|\bmise\b|pypy"
)
"""What may have an image use another Python than the one that it begins with."""
_NAMED = expression(r"(?:python|pip|cpython|py|cp)[-_:@=\s]*3\.?(\d+)")


def find_target(python: str | None, lines: Iterable[str]) -> Target:
    """Return what is installed for in an image of CPython.

    Args:
        python: The version of its Python, or None where nobody can tell.
        lines: What the lines of the Dockerfile say: another Python that they name may be the one that is used.
    """
    text = "\n".join(lines)
    others = {*_NAMED.findall(text)} - {python.split(".")[1]} if python is not None else set[str]()
    return UNTOLD if python is None or others or _OTHERS.search(text) else Target(python, sure=True)
