"""The manifest: the file inside each copy that says what the copy should hold, and where it came from.

The format is specified in docs/manifest.md. The same content gives the same bytes on every machine, at any time.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from common_sync.core import limits
from common_sync.core.copies.digest import digest_tree, path_bytes
from common_sync.core.errors import ManifestError, Problem, shell_word
from common_sync.core.model import Entries, Entry, File, Origin, Symlink
from common_sync.core.paths import MANIFEST_NAME

SCHEMA = 1
LARGEST = limits.MANIFEST

DEEPEST = 128
"""How many folders deep a tree may be; it bounds open descriptors, recursion and memory."""

_LONGEST, _LONGEST_NAME = 4095, 255
"""Bytes of a path and of each name in it: by a longer one no program opens a file (PATH_MAX and NAME_MAX)."""

_HEX = frozenset("0123456789abcdef")
_SHA256_DIGITS = 64


class Manifest(NamedTuple):
    """What a copy should hold."""

    library: Origin  # where it came from
    files: Entries  # path → entry
    tree: str  # the tree digest that the manifest states; `digest_tree(files)` unless somebody edited it

    def without(self, paths: Collection[str]) -> "Manifest":
        """Return the same without some files; where it names none of them, it goes on stating what it states.

        Args:
            paths: Their paths.
        """
        files = {path: entry for path, entry in self.files.items() if path not in paths}
        return make_manifest(self.library, files) if len(files) < len(self.files) else self


def make_manifest(library: Origin, files: Entries) -> Manifest:
    """Return the manifest of a copy that holds `files`."""
    return Manifest(library, files, digest_tree(files))


def format_manifest(manifest: Manifest) -> bytes:
    """Return the manifest's bytes: JSON, UTF-8, sorted keys, two-space indent, one file entry a line.

    A lone surrogate, which stands for a byte of a name that is not UTF-8, is written as its JSON escape.
    """
    library, files = manifest.library, manifest.files
    lines = (f"    {quote(path)}: {_format_entry(files[path])}" for path in sorted(files, key=path_bytes))
    text = (
        '{\n  "files": {' + ("\n" + ",\n".join(lines) + "\n  " if files else "") + "},\n"
        f'  "library": {quote(library.name)},\n'
        f'  "master": {quote(library.master)},\n'
        f'  "schema": {SCHEMA},\n'
        f'  "tree": {quote(manifest.tree)},\n'
        f'  "version": {"null" if library.version is None else quote(library.version)}\n'
        "}\n"
    )
    return text.encode("utf-8", "backslashreplace")


def quote(text: str) -> str:
    """Return a JSON string literal, non-ASCII letters as they are."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    from json.encoder import encode_basestring  # json takes 5 ms, and most names are plain

    return encode_basestring(text)


def _format_entry(entry: Entry) -> str:
    if isinstance(entry, File):
        return f'{{"exec": {"true" if entry.executable else "false"}, "sha256": "{entry.sha256}"}}'
    return f'{{"symlink": {quote(entry.target)}}}'


def parse_manifest(data: bytes, where: str) -> Manifest:
    """Read a manifest, trusting nothing in it.

    Raises:
        ManifestError: It is not JSON, of another schema, or names something that no copy may hold; all that is wrong
            is said at once.
    """
    document = _load(data, where)
    problems = list(_document_problems(document))
    if problems:
        shown = problems[:_MOST_SHOWN]
        rest = len(problems) - len(shown)
        if rest:
            shown.append(f"and {rest} more")
        wrong = (Problem(f"not a valid manifest: {text}", where, remedy=_REMEDY) for text in shown)
        raise ManifestError(*wrong)
    library = Origin(str(document["library"]), str(document["master"]), _optional(document["version"]))
    files = document["files"]
    assert isinstance(files, dict)
    return Manifest(library, {path: _parse_entry(value) for path, value in files.items()}, str(document["tree"]))


_REMEDY = "restore it from version control, or remove it so that the copy is adopted anew"
_MOST_SHOWN, _MOST_LETTERS = 10, 100
_KEYS = frozenset({"files", "library", "master", "schema", "tree", "version"})


def _load(data: bytes, where: str) -> dict[str, object]:
    import json  # a manifest that is up to date is compared, not parsed

    try:
        document: object = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        if data.startswith(b"<<<<<<< ") or b"\n<<<<<<< " in data:
            message, ours = (
                "holds the marks of a merge that is not finished",
                f"git checkout --ours {shell_word(where)}",
            )
            raise ManifestError(Problem(message, where, remedy=f"{ours} && common-sync distribute")) from None
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ManifestError(Problem(f"not a manifest: {reason}", where, remedy=_REMEDY)) from None
    if not isinstance(document, dict):
        raise ManifestError(Problem("not a manifest: no JSON object", where, remedy=_REMEDY))
    schema = document.get("schema")
    if type(schema) is int and schema > SCHEMA:
        message = f"manifest schema {schema} is newer than this common-sync, which reads schema {SCHEMA}"
        raise ManifestError(Problem(message, where, remedy="upgrade common-sync"))
    return document


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a key given twice: two readers could take different ones."""
    result = dict(pairs)
    if len(result) != len(pairs):
        message = "a key is given twice"
        raise ValueError(message)
    return result


def _document_problems(document: dict[str, object]) -> Iterator[str]:
    missing, unknown = sorted(_KEYS - document.keys()), sorted(document.keys() - _KEYS)
    if missing or unknown:
        yield from (f"key {key!r} is missing" for key in missing)
        yield from (f"unknown key {_shown(key)}" for key in unknown)
        return
    if document["schema"] != SCHEMA or type(document["schema"]) is not int:
        yield f"schema is not {SCHEMA}"
    for key in ("library", "master", "tree"):
        if not _is_text(document[key]):
            yield f"{key} is not a string"
    if document["version"] is not None and not _is_text(document["version"]):
        yield "version is neither a string nor null"
    for key in ("library", "master", "tree", "version"):
        if len(str(document[key])) > _LONGEST:
            yield f"{key} is longer than {_LONGEST} letters"
    files = document["files"]
    if not isinstance(files, dict):
        yield "files is not an object"
        return
    yield from _files_problems(files)


def _files_problems(files: dict[str, object]) -> Iterator[str]:
    for path, value in files.items():
        if reason := why_unsafe(path):
            yield f"path {_shown(path)} {reason}"
        elif not _is_entry(value):
            yield f"the entry of {_shown(path)} is neither a file nor a symlink"
    yield from (f"path {_shown(path)} is inside a path that is a file" for path in _inside_files(files))


def _shown(text: str) -> str:
    """Return a text in quotes, cut short where nobody would read it to its end."""
    return repr(text) if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]!r}…"


def _inside_files(paths: Iterable[str]) -> Iterator[str]:
    """Yield the paths that lead through another one; sorted by their parts, they come right after it."""
    above = ""
    for path in sorted(paths, key=lambda path: path.replace("/", "\0")):
        if above and path.startswith(above):
            yield path
        else:
            above = path + "/"


def why_unsafe(path: str) -> str | None:
    """Say why a relative path may not be used inside a copy, or None when it may.

    Args:
        path: A path as a manifest or a master names it.
    """
    if _is_plain(path) and len(path) <= _LONGEST_NAME:
        return None
    if "\0" in path:
        return "holds a NUL"
    if path.startswith("/"):
        return "is absolute"
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return "is not a plain relative path"
    if any(part.lower() == ".git" for part in parts):
        return "leads into a git directory"
    if path == MANIFEST_NAME:
        return "is the manifest itself"
    if not _is_name(path):
        return "is not a name that a file can have"
    if len(parts) > DEEPEST + 1:
        return f"is nested more than {DEEPEST} folders deep"
    too_long = len(path_bytes(path)) > _LONGEST or any(len(path_bytes(part)) > _LONGEST_NAME for part in parts)
    return "is longer than a file's can be" if too_long else None


def _is_plain(path: str) -> bool:
    """Tell whether a path needs no closer look: most need none, and this is asked about every file of the master."""
    between = f"/{path}/"
    return path.isascii() and "//" not in between and "/." not in between and "\0" not in path


def _is_name(text: str) -> bool:
    """Tell whether a text stands for bytes, and no other text for the same: `é` is not also two escaped bytes."""
    try:
        return path_bytes(text).decode("utf-8", "surrogateescape") == text
    except UnicodeEncodeError:
        return False


def _is_text(value: object) -> bool:
    """Tell whether a value is a string that can be shown: one without a lone surrogate."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _is_entry(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    if value.keys() == {"symlink"}:
        target = value["symlink"]
        return isinstance(target, str) and target != "" and "\0" not in target and _is_name(target)
    if value.keys() != {"exec", "sha256"}:
        return False
    sha256 = value["sha256"]
    return (
        isinstance(value["exec"], bool)
        and isinstance(sha256, str)
        and len(sha256) == _SHA256_DIGITS
        and _HEX.issuperset(sha256)
    )


def _parse_entry(value: object) -> Entry:
    assert isinstance(value, dict)
    return Symlink(value["symlink"]) if "symlink" in value else File(value["sha256"], value["exec"])


def _optional(value: object) -> str | None:
    return value if isinstance(value, str) else None
