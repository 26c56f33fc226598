"""The lock: which commit each pin is, and the digest of what a copy of it holds.

An entry is a digest, and whatever has that digest is the source. So what is locked can be proven offline, without history and tags.
The format is specified in docs/versions.md. The same entries give the same bytes on every machine, at any time.
"""

import re
import tomllib
from codecs import BOM_UTF8
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from common_sync.core.copies.digest import TREE
from common_sync.core.copies.library import LOCK_FILE, TargetKey
from common_sync.core.copies.manifest import quote, why_unsafe
from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding, Upstream
from common_sync.core.paths import TOP, is_foreign
from common_sync.core.pins import is_commit, why_no_ref

SCHEMA = 1
LARGEST = 1 << 20

_HEAD = (
    "# Written by common-sync. `common-sync update` moves what is here; after a merge conflict take either side and run "
    "`common-sync distribute`."
)


class Locked(NamedTuple):
    """What one pin comes to."""

    library: str  # the library's name
    path: str  # where its master is in the commit, from the root
    ref: str  # the tag, or the digits of the commit, as the configuration has it
    commit: str  # the commit's full id
    tree: str  # the tree digest of a copy, so after the excludes
    exclude: tuple[str, ...] = ()  # the patterns that the digest was taken with
    git: str = ""  # the repository that the commit is in, where that is another one

    @property
    def key(self) -> TargetKey:
        """What tells it from others."""
        return TargetKey(self.library, self.ref)

    @property
    def master(self) -> str:
        """The master's path from the root, or what stands for it."""
        return Upstream(self.git, self.ref, self.path).master if self.git else self.path

    @property
    def is_commit(self) -> bool:
        """Whether it is a commit that was named, and no tag, which could be moved."""
        return is_commit(self.ref) and self.commit.startswith(self.ref.lower())


Lock = Mapping[TargetKey, Locked]
"""The entries, by their keys."""


def format_lock(entries: Iterable[Locked]) -> bytes:
    """Return the lock's bytes: TOML, sorted, without dates."""
    tables = (_format_entry(entry) for entry in sorted(entries))
    return "\n".join((f"{_HEAD}\nschema = {SCHEMA}\n", *tables)).encode()


def _format_entry(entry: Locked) -> str:
    rows = [(key, _quote(getattr(entry, key))) for key in _TEXTS]
    if entry.git:
        rows.insert(1, ("git", _quote(entry.git)))
    if entry.exclude:
        rows.append(("exclude", f"[{', '.join(map(_quote, entry.exclude))}]"))
    return "[[locked]]\n" + "".join(f"{key} = {value}\n" for key, value in rows)


def _quote(text: str) -> str:
    """Return a TOML string; JSON's are, but for one letter that JSON leaves as it is."""
    return quote(text).replace("\x7f", "\\u007f")


_TEXTS = ("library", "path", "ref", "commit", "tree")
_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def parse_lock(data: bytes, where: str) -> dict[TargetKey, Locked]:
    """Read a lock, trusting nothing in it.

    Raises:
        ConfigurationError: It is not TOML, of another schema, or an entry makes no sense; all that is wrong is said at once.
    """
    text, document = _load(data, where)
    problems: list[Problem] = []
    unknown = sorted(document.keys() - {"schema", "locked"})
    problems += [Problem(f"unknown key {key!r}", where, remedy=REMEDY) for key in unknown[:_MOST_SHOWN]]
    tables = document.get("locked", [])
    if not isinstance(tables, list):
        raise ConfigurationError(*problems, Problem('"locked" is no list of tables', where, remedy=REMEDY))
    lines = _find_lines(text)
    found: dict[TargetKey, Locked] = {}
    for number, table in enumerate(tables):
        line = lines[number] if len(lines) == len(tables) else None
        wrong = list(_entry_problems(table))
        if not wrong and (entry := _make_entry(table)).key in found:
            wrong = [f"{entry.library} is locked twice for {entry.ref!r}"]
        if not wrong:
            found[entry.key] = entry
        problems += [Problem(message, where, line, REMEDY) for message in wrong]
    if problems:
        raise ConfigurationError(*problems[:_MOST_SHOWN])
    return found


REMEDY = "restore it from version control, or delete it and run common-sync distribute"
_MOST_SHOWN = 20


def _load(data: bytes, where: str) -> tuple[str, dict[str, object]]:
    try:
        text = data.decode()
        document: dict[str, object] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        if data.startswith(b"<<<<<<< ") or b"\n<<<<<<< " in data:
            command = f"git checkout --ours {shell_word(where)} && common-sync distribute"
            message = "holds the marks of a merge that is not finished"
            raise ConfigurationError(Problem(message, where, remedy=command)) from None
        if data.startswith(BOM_UTF8):
            from common_sync.core.formats.toml_errors import toml_problem  # few are wrong

            raise ConfigurationError(toml_problem(error, data.decode("utf-8", "replace"), where)) from None
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigurationError(Problem(f"not a lock: {reason}", where, remedy=REMEDY)) from None
    schema = document.get("schema")
    if type(schema) is int and schema > SCHEMA:
        message = f"lock schema {schema} is newer than this common-sync, which reads schema {SCHEMA}"
        raise ConfigurationError(Problem(message, where, remedy="upgrade common-sync"))
    if type(schema) is not int or schema != SCHEMA:
        raise ConfigurationError(Problem(f"schema is not {SCHEMA}", where, remedy=REMEDY))
    return text, document


def _find_lines(text: str) -> list[int]:
    """Return the lines in which entries begin."""
    return [number for number, line in enumerate(text.splitlines(), 1) if line.strip() == "[[locked]]"]


def _entry_problems(table: object) -> Iterator[str]:
    if not isinstance(table, dict):
        yield "an entry is no table"
        return
    missing, unknown = sorted({*_TEXTS} - table.keys()), sorted(table.keys() - {*_TEXTS, "exclude", "git"})
    yield from (f"key {key!r} is missing" for key in missing)
    yield from (f"unknown key {key!r}" for key in unknown[:_MOST_SHOWN])
    texts = [key for key in (*_TEXTS, "git") if key in table and not isinstance(table[key], str)]
    yield from (f'"{key}" is no string' for key in texts)
    exclude = table.get("exclude", [])
    if not isinstance(exclude, list) or not all(isinstance(one, str) for one in exclude):
        yield '"exclude" is no list of strings'
    if not missing and not texts:
        yield from _text_problems(table)


def _text_problems(table: dict[str, str]) -> Iterator[str]:
    if not table["library"]:
        yield '"library" is empty'
    if (reason := why_unsafe(table["path"])) and not ("git" in table and table["path"] == TOP):
        yield f'"path" {reason}'
    if "git" in table:
        from common_sync.core.upstream_settings import why_no_repository  # most masters are here

        if not table["git"] or why_no_repository(table["git"]):
            yield '"git" names no repository'
    if reason := why_no_ref(table["ref"]):
        yield f'"ref" {reason}'
    if _COMMIT.fullmatch(table["commit"]) is None:
        yield '"commit" is no full id of a commit, 40 or 64 hex digits'
    if TREE.fullmatch(table["tree"]) is None:
        yield '"tree" is no tree digest, cs1: and 64 hex digits'


def _make_entry(table: object) -> Locked:
    assert isinstance(table, dict)
    library, path, ref, commit, tree = (str(table[key]) for key in _TEXTS)
    return Locked(library, path, ref, commit, tree, tuple(table.get("exclude", ())), str(table.get("git", "")))


def keep_own(lock: Lock, owners: Mapping[str, str]) -> Lock:
    """Return a lock without the entries that were made of another library, which had the name then.

    Where two libraries exchange their names, the state of one would be copied for the other, in silence. A master that is here
    may have moved since; one in another repository is where the configuration says, and nowhere else.

    Args:
        lock: The lock.
        owners: The path of each master, and its library's name.
    """
    masters = {name: master for master, name in owners.items()}
    return {key: entry for key, entry in lock.items() if _is_own(entry, owners, masters.get(entry.library))}


def _is_own(entry: Locked, owners: Mapping[str, str], master: str | None) -> bool:
    """Tell whether an entry is of the library that has its name now, whose master is given."""
    if master is not None and (entry.git or is_foreign(master)):
        return entry.master == master
    return owners.get(entry.path, entry.library) == entry.library


def find_lock_faults(
    lock: Lock, wanted: Mapping[TargetKey, tuple[str, ...]], owners: Mapping[str, str]
) -> Iterator[Finding]:
    """Yield in what a lock is not that of the configuration.

    Args:
        lock: The lock.
        wanted: Each pin's key, and the patterns that are excluded now.
        owners: As for `keep_own`.
    """
    own = keep_own(lock, owners)
    foreign = {name for master, name in owners.items() if is_foreign(master)}
    for library, ref in sorted(wanted.keys() - lock.keys(), key=str):
        yield _fault(f"lacks {library} at {ref}, which {_ask(library, foreign)}")
    for key in sorted(lock.keys() - wanted.keys(), key=str):
        nobody = "the configuration does not ask for" if lock[key].git else "no service is pinned to"
        yield _fault(f"has {key.library} at {key.ref}, which {nobody}")
    for key in sorted(wanted.keys() & lock.keys(), key=str):
        if key not in own:
            yield _fault(f"{key.library} at {key.ref} was locked {_tell_source(lock[key], owners)}")
        elif lock[key].exclude != wanted[key]:
            yield _fault(f'{key.library} at {key.ref} was locked with other patterns in "exclude"')


def _ask(library: str, foreign: Collection[str]) -> str:
    return "the configuration asks for" if library in foreign else "a service is pinned to"


def _tell_source(entry: Locked, owners: Mapping[str, str]) -> str:
    owner = owners.get(entry.master)
    if owner in (None, entry.library):
        return f"from {entry.master}, and the configuration names another place"
    return f"with {entry.master}, the master of {owner}"


def _fault(message: str) -> Finding:
    return make_finding("CS011", "", LOCK_FILE, None, message, "common-sync distribute", "distribute")
