"""Whatever cannot be checked is not in sync: no state of the disk makes a check green that has not checked everything."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from reliability.cases import Case, as_nobody, new_case, prepare
from reliability.scenarios import MANIFEST, SCENARIOS
from reliability.warm import Program
from support.depth import Record, sampled
from support.monorepo import Monorepo

COPY = "services/api/common"
ANY = frozenset({1, 2})


class Row(NamedTuple):
    """One state of a repository that was in sync, and how a check of it may end.

    Attributes:
        reason: What is wrong.
        spoil: Brings it about.
        codes: The exit codes of `verify` and `status`.
        copy_codes: The exit codes of `verify --copy`, or nothing where it has nothing to do with the copy.
    """

    reason: str
    spoil: Callable[[Monorepo], object]
    codes: frozenset[int] = frozenset({2})
    copy_codes: frozenset[int] = frozenset()


def remove(path: str) -> Callable[[Monorepo], object]:
    """Return what removes a file or folder."""
    return lambda repo: shutil.rmtree(repo.root / path) if (repo.root / path).is_dir() else os.unlink(repo.root / path)


def empty(path: str) -> Callable[[Monorepo], object]:
    """Return what takes everything out of a folder."""
    return lambda repo: [remove(f"{path}/{name}")(repo) for name in os.listdir(repo.root / path)]


def replace(path: str, by: str) -> Callable[[Monorepo], object]:
    """Return what removes a file or folder, and writes a file there or in its place."""
    return lambda repo: (remove(path)(repo), repo.write(by))


def close(path: str) -> Callable[[Monorepo], object]:
    """Return what makes a file or folder unreadable to anybody but root."""
    return lambda repo: (repo.root / path).chmod(0)


def write(path: str, content: str) -> Callable[[Monorepo], object]:
    """Return what writes a file."""
    return lambda repo: repo.write(path, content)


def change_manifest(**values: object) -> Callable[[Monorepo], object]:
    """Return what changes keys of the manifest."""

    def change(repo: Monorepo) -> None:
        path = f"{COPY}/{MANIFEST}"
        repo.write(path, json.dumps(json.loads(repo.read(path)) | values))

    return change


def configure(text: str) -> Callable[[Monorepo], object]:
    """Return what writes the configuration."""
    return write("common-sync.toml", text)


DRIFT, ERROR = frozenset({1}), frozenset({2})

ROWS = [
    Row("no copy", remove(COPY), DRIFT, ERROR),
    Row("no manifest", remove(f"{COPY}/{MANIFEST}"), DRIFT, ERROR),
    Row("empty manifest", write(f"{COPY}/{MANIFEST}", ""), ERROR, ERROR),
    Row("half a manifest", write(f"{COPY}/{MANIFEST}", '{"files": {'), ERROR, ERROR),
    Row("manifest of a newer schema", change_manifest(schema=2), ERROR, ERROR),
    Row("manifest of no schema", change_manifest(schema=None), ERROR, ERROR),
    Row("manifest that lists nothing", change_manifest(files={}), DRIFT, DRIFT),
    Row("manifest with another digest", change_manifest(tree="cs1:" + "0" * 64), DRIFT, DRIFT),
    Row("manifest with unknown keys", change_manifest(more=1), ERROR, ERROR),
    Row("manifest that is a folder", replace(f"{COPY}/{MANIFEST}", f"{COPY}/{MANIFEST}/file"), ERROR, ERROR),
    Row("unreadable manifest", close(f"{COPY}/{MANIFEST}"), ERROR, ERROR),
    Row("unreadable file of a copy", close(f"{COPY}/pyproject.toml"), ERROR, ERROR),
    Row("unreadable folder of a copy", close(f"{COPY}/ours"), ERROR, ERROR),
    Row("unreadable copy", close(COPY), ERROR, ERROR),
    Row("copy that is a file", replace(COPY, COPY), ERROR, ERROR),
    Row("empty copy", empty(COPY), DRIFT, ERROR),
    Row("unreadable service", close("services/api"), ERROR),
    Row("unreadable services", close("services"), ERROR),
    Row("unreadable requirements", close("services/api/requirements.txt"), ERROR),
    Row("no services in the folder", remove("services"), ERROR),
    Row("unreadable file of the master", close("common/pyproject.toml"), ERROR),
    Row("unreadable folder of the master", close("common/ours"), ERROR),
    Row("unreadable master", close("common"), ERROR),
    Row("no master", remove("common"), ERROR),
    Row("empty master", empty("common"), ERROR),
    Row("no configuration", remove("common-sync.toml"), ERROR),
    Row("unreadable configuration", close("common-sync.toml"), ERROR),
    Row("empty configuration", configure(""), ERROR),
    Row("no list of services", configure('master = "common"\n'), ERROR),
    Row("an empty list of services", configure('master = "common"\nservices = []\n'), ERROR),
    Row("a glob that matches nothing", configure('master = "common"\nservices = ["apps/*"]\n'), ERROR),
    Row("a misspelt key", configure('master = "common"\nservices = ["services/*"]\nexlude = []\n'), ERROR),
    Row(
        "a file that is excluded by now",
        configure('master = "common"\nservices = ["services/*"]\nexclude = ["*.sh"]\n'),
        DRIFT,
    ),
    Row("everything excluded", configure('master = "common"\nservices = ["services/*"]\nexclude = ["*"]\n'), ERROR),
]
"""A pattern that excludes all of the master is an error: copies of nothing would be in sync with it."""


@pytest.mark.parametrize(
    "row", sampled(ROWS, 7, "more states that must not be called in sync"), ids=lambda row: row.reason
)
def test_never_in_sync(row: Row, program: Program, folder: Path, record_property: Record) -> None:
    """A check would be green, in the hook and in CI, though it had not looked at all that it is there to look at."""
    repo, case = in_sync(program, folder)
    row.spoil(repo)
    checks = [("verify",), ("status",), ("diff",), ("verify", "--output-format", "json")]
    checks += [("distribute",)] if row.codes == ERROR else []
    ended = [case.run(*check) for check in checks]
    assert {one.code for one in ended} == row.codes, ended
    assert row.codes == DRIFT or all("error: " in one.err for one in ended)
    if row.copy_codes:
        alone = case.run("verify", "--copy", COPY)
        assert {alone.code} == row.copy_codes, alone
    record_property("count: states that must not be called in sync", 1)


def in_sync(program: Program, folder: Path) -> tuple[Monorepo, Case]:
    """Return a repository that is in sync, of a user who is not root."""
    prepared = prepare(SCENARIOS[0], folder, program)
    case = new_case(prepared, program)
    assert case.run("distribute").code == 0
    assert case.run("verify").code == 0
    assert case.run("verify", "--copy", COPY).code == 0
    return Monorepo(case.root), as_nobody(case)


@pytest.mark.parametrize("digest", ["", "cs1:", "cs1:" + "0" * 64, "0" * 64])
def test_another_digest_is_expected(digest: str, program: Program, folder: Path) -> None:
    """A deployment would go on with another library than the one that was tested."""
    _, case = in_sync(program, folder)
    assert case.run("verify", "--copy", COPY, "--expect-digest", digest).code in ANY


def test_no_folder_is_no_copy(program: Program, folder: Path) -> None:
    """A path with a typing error would pass the check."""
    _, case = in_sync(program, folder)
    for path in ("services/api", "no/such/folder", "services/api/app.py", ".", ""):
        assert case.run("verify", "--copy", path).code == 2
