"""What requirements came to: a line a distribution, as an installer takes it, from uv's output or pip's report."""

import json
import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from common_sync.core.environments.inputs import digest_text
from common_sync.core.expressions import expression
from common_sync.core.formats.pip.names import normalise, parse_name
from common_sync.core.formats.pip.paths import find_target
from common_sync.core.formats.pip.syntax import significant_lines

EDITABLE = "-e "
_HASH = expression(r"--hash[=\s]+(\S+)")
_CONTINUED = expression(r"\\\r?\n")
_PINNED = expression(r'name = "([^"]+)"\s+version = "([^"]+)"')
DIST_INFO = ".dist-info"
_SHA256 = "sha256="


def parse_compiled(text: str) -> tuple[str, ...]:
    """Return what `uv pip compile` has written.

    Args:
        text: Its output, without annotations.
    """
    return tuple(significant_lines(text))


def parse_report(text: str, folder: str) -> tuple[str, ...]:
    """Return what `pip install --dry-run --report` would install.

    Args:
        text: The report: https://pip.pypa.io/en/stable/reference/installation-report/.
        folder: The absolute path of the service.

    Raises:
        ValueError: It is no such report.
    """
    try:
        return tuple(sorted(_describe(item["metadata"], item, folder) for item in json.loads(text)["install"]))
    except (KeyError, TypeError) as error:
        message = f"pip's report lacks {error}"
        raise ValueError(message) from error


def _describe(metadata: Mapping[str, str], item: Mapping[str, object], folder: str) -> str:
    name = normalise(metadata["name"])
    source = item["download_info"]
    if not item.get("is_direct") or not isinstance(source, dict):
        return f"{name}=={metadata['version']}"
    if "dir_info" in source:
        from urllib.parse import unquote  # only pip's report has URLs of folders

        path = unquote(str(source["url"]).removeprefix("file://"), errors="surrogateescape").rstrip("/")
        inside = f"./{posixpath.relpath(path, folder)}" if path.startswith(f"{folder}/") else path
        return f"{EDITABLE if source['dir_info'].get('editable') else ''}{inside}"
    vcs = source.get("vcs_info")
    return f"{name} @ " + (f"{vcs['vcs']}+{source['url']}@{vcs['commit_id']}" if vcs else str(source["url"]))


def read_locked(text: str) -> tuple[str, ...]:
    """Return what a `pylock.toml` names, and the digest of all of it: it is installed as it is.

    Args:
        text: The file.
    """
    return (
        *(f"{name}=={version}" for name, version in _PINNED.findall(text)),
        f"# {digest_text(text.splitlines())}",
    )


def attach_hashes(lines: Iterable[str], texts: Iterable[str], overrides: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the lines with the hashes that requirements have for them: what resolves them leaves them out.

    Args:
        lines: What was resolved.
        texts: The requirements.
        overrides: Requirements that took the place of some, so that the hashes of these are of other files.
    """
    hashes: dict[str, tuple[str, ...]] = {}
    for text in texts:
        for line in significant_lines(_CONTINUED.sub(" ", text)) if "--hash" in text else ():
            asked, given = parse_name(line), _HASH.findall(line)
            if asked is not None and given:
                hashes[asked.name] = (*hashes.get(asked.name, ()), *given)
    for asked in map(parse_name, overrides):
        hashes.pop(asked.name if asked is not None else "", None)
    return tuple(_attach(line, hashes) for line in lines)


def _attach(line: str, hashes: Mapping[str, tuple[str, ...]]) -> str:
    asked = parse_name(line)
    given = hashes.get(asked.name, ()) if asked is not None else ()
    return " ".join((line, *(f"--hash={one}" for one in dict.fromkeys(given))))


def redirect(lines: Iterable[str], folder: str, elsewhere: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines with those replaced that lead to certain folders.

    Args:
        lines: What was resolved.
        folder: The absolute path of the service.
        elsewhere: The absolute path of each such folder, and the line instead.
    """
    for line in lines:
        editable = line.startswith(EDITABLE)
        target = find_target(line.removeprefix(EDITABLE), editable=editable)
        path = posixpath.normpath(posixpath.join(folder, target.path)) if target is not None else ""
        yield elsewhere.get(path, line)


def settle(lines: Iterable[str], known: Collection[str], copies: Collection[str]) -> Iterator[str]:
    """Yield the lines with every path from the service's folder. uv leaves one that a library's project names as it stands there.

    Args:
        lines: What was resolved.
        known: The paths from the service's folder that its own requirements name.
        copies: The paths of the copies of libraries in it.
    """
    for line in lines:
        prefix = EDITABLE if line.startswith(EDITABLE) else ""
        target = find_target(line.removeprefix(EDITABLE), editable=prefix != "")
        places = {posixpath.normpath(target.path)} - {*known} if target is not None and not target.url else ()
        led = (posixpath.normpath(posixpath.join(copy, place)) for place in places for copy in copies)
        yield next((f"{prefix}./{inside}" for inside in led if inside in copies), line)


def find_missing(lines: Iterable[str], distributions: Iterable[str]) -> list[str]:
    """Return the names that were to be installed and are not.

    Args:
        lines: What was resolved.
        distributions: The names of the `.dist-info` folders that are there.
    """
    there = {distribution_name(name) for name in distributions}
    asked = (parse_name(line) for line in lines)
    return sorted({one.name for one in asked if one is not None} - there)


def distribution_name(folder: str) -> str:
    """Return the name of a distribution, from that of its `.dist-info` folder."""
    return normalise(folder.removesuffix(DIST_INFO).rpartition("-")[0])


class Change(NamedTuple):
    """A distribution whose version differs between two environments; nothing where it is in one of them only."""

    name: str
    before: str
    after: str


def compare_versions(before: Iterable[str], after: Iterable[str]) -> tuple[Change, ...]:
    """Return the distributions whose versions differ, by name.

    Args:
        before: The names of the `.dist-info` folders of one environment.
        after: Those of the other.
    """
    one, other = (
        {distribution_name(name): name.removesuffix(DIST_INFO).rpartition("-")[2] for name in names}
        for names in (before, after)
    )
    changes = (Change(name, one.get(name, ""), other.get(name, "")) for name in sorted({*one, *other}))
    return tuple(change for change in changes if change.before != change.after)


class Installed(NamedTuple):
    """A file as its distribution's RECORD has it: its path from the folder of packages, and its digest."""

    path: str
    sha256: str


def parse_record(text: str) -> Iterator[Installed]:
    """Yield the files of a distribution whose digest is known; of `.pyc` files it is not.

    Args:
        text: A RECORD: https://packaging.python.org/en/latest/specifications/recording-installed-packages/.
    """
    import base64  # only what compares every file needs them
    import csv

    for row in csv.reader(text.splitlines()):
        if len(row) > 1 and row[1].startswith(_SHA256):
            encoded = row[1].removeprefix(_SHA256)
            with suppress(ValueError):
                yield Installed(row[0], base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).hex())
