"""What is fuzzed: for each kind of input a function that takes any bytes, and fails where a promise does not hold.

To add a kind: a function of bytes, a row in `TARGETS`, and a few seeds in `seeds/<name>/`.
"""

import atexit
import os
import posixpath
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from core.copies.test_rules import UNIVERSE, Repository, check_patterns, written_patterns
from core.references.test_requirements_with_pip import check_lines
from core.test_configuration import check_text
from hypothesis import given, settings
from hypothesis import strategies as st

from common_sync.core.configuration import OWN_FILE, PYPROJECT
from common_sync.core.copies.digest import digest_tree
from common_sync.core.copies.manifest import format_manifest, make_manifest, parse_manifest, why_unsafe
from common_sync.core.errors import ManifestError
from common_sync.core.references.compose.rewriting import read_compose
from common_sync.core.references.contract import Place, Rewriter, Site
from common_sync.core.references.dockerfile.rewriting import read_dockerfile
from common_sync.core.references.locks import read_lock
from common_sync.core.references.pyproject import read_project
from common_sync.core.references.requirements import read_requirements
from common_sync.core.text import (
    Text,
    UndecodableError,
    UnparsableError,
    apply_edits,
    decode_requirements,
    decode_unicode,
    encode,
)
from common_sync.edges.files.yaml import parse_documents

SEEDS = Path(__file__).parent / "seeds"


def locate(path: str, from_file: bool) -> Place:
    """Resolve a path without a disk: the file is in `services/api`, the master is `common`."""
    full = posixpath.normpath(posixpath.join("/services/api", path))
    for folder, where in (("/common", "master"), ("/services/api/common", "copy")):
        if full == folder or full.startswith(folder + "/"):
            return Place("master" if where == "master" else "copy", full[len(folder) + 1 :])
    return Place("outside")


SITE = Site(locate, "common")


def requirements(data: bytes) -> None:
    """What holds for every rewriter, and pip reads the same lines."""
    try:
        text = decode_requirements(data)
    except UndecodableError:
        return
    check_rewriter(read_requirements, text, data)
    if text.encoding == "utf-8":
        check_lines(text.characters)


def check_rewriter(read: Rewriter, text: Text, data: bytes) -> None:
    """Every byte outside the edited spans stays, and a second rewriting finds nothing to do."""
    assert encode(text) == data
    try:
        found = read(text.characters, SITE)
    except UnparsableError:
        return
    after = apply_edits(text.characters, found.edits)
    position, shift = 0, 0
    for edit in found.edits:
        assert after[position + shift : edit.start + shift] == text.characters[position : edit.start]
        position, shift = edit.end, shift + len(edit.replacement) - (edit.end - edit.start)
    assert after[position + shift :] == text.characters[position:]
    assert not read(after, SITE).edits


def unicode_target(read: Rewriter) -> Callable[[bytes], None]:
    """Return the target for a rewriter of files that are UTF-8, or begin with a byte order mark."""

    def target(data: bytes) -> None:
        try:
            text = decode_unicode(data)
        except UndecodableError:
            return
        check_rewriter(read, text, data)

    return target


def manifest(data: bytes) -> None:
    """What is read of a manifest names nothing outside the copy, and is written and read again as the same."""
    try:
        read = parse_manifest(data, "manifest")
    except ManifestError:
        return
    assert not any(why_unsafe(path) for path in read.files)
    written = format_manifest(read)
    assert parse_manifest(written, "manifest") == read
    assert format_manifest(parse_manifest(written, "manifest")) == written
    assert make_manifest(read.library, read.files).tree == digest_tree(dict(reversed(list(read.files.items()))))


def configuration(data: bytes) -> None:
    """What is read of a configuration names folders inside the repository; all that is wrong has a line."""
    text = data.decode("utf-8", "replace")
    for file in (OWN_FILE, PYPROJECT):
        check_text(text, file)


@cache
def _repository() -> Repository:
    folder = tempfile.mkdtemp(prefix="common-sync-fuzz-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Repository(Path(folder, "repo"), UNIVERSE)


@settings(deadline=None, database=None)
@given(st.lists(written_patterns(), min_size=1, max_size=4))
def _patterns(patterns: list[str]) -> None:
    check_patterns(_repository(), patterns)


def ignore(data: bytes) -> None:
    """Every decision is the one that `git check-ignore` takes; the bytes choose among the words of the language."""
    _patterns.hypothesis.fuzz_one_input(data)  # type: ignore[attr-defined]


TARGETS: dict[str, Callable[[bytes], None]] = {
    "requirements": requirements,
    "manifest": manifest,
    "configuration": configuration,
    "ignore": ignore,
    "dockerfile": unicode_target(read_dockerfile),
    "compose": unicode_target(lambda characters, site: read_compose(characters, site, parse_documents)),
    "project": unicode_target(read_project),
    "lock": unicode_target(read_lock),
}


def seeds(name: str) -> list[bytes]:
    """Return the seeds of a target, in order."""
    return [(SEEDS / name / file).read_bytes() for file in sorted(os.listdir(SEEDS / name))]
