"""Copies: what is the same in all of them is read once."""

import os
from pathlib import Path

import pytest
from support.monorepo import Monorepo

from common_sync.core.copies.manifest import Manifest, parse_manifest
from common_sync.core.errors import ManifestError
from common_sync.core.paths import MANIFEST_NAME
from common_sync.edges.files.folders import opened
from common_sync.edges.library import copies
from common_sync.edges.library.copies import read_copy


def test_the_same_manifest_is_parsed_once(synced: Monorepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change of a large library, most of a run would go into manifests that are all the same."""
    copies._parse.cache_clear()  # noqa: SLF001 - of other tests
    parsed: list[str] = []

    def parse(data: bytes, where: str) -> Manifest:
        parsed.append(where)
        return parse_manifest(data, where)

    monkeypatch.setattr(copies, "parse_manifest", parse)
    with opened(str(synced.root / "services")) as folder:
        stated = [read_copy(folder, f"{service}/common", service)[1] for service in ("api", "worker") * 3]
    assert len(parsed) == 1
    assert stated == [stated[0]] * 6


def test_each_bad_manifest_is_named(tmp_path: Path) -> None:
    """Of two copies with the same broken manifest, both messages would name the first."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST_NAME).write_text("no JSON")
    with opened(os.fspath(tmp_path)) as folder:
        for name in ("one", "two", "one"):
            with pytest.raises(ManifestError, match=f"^{name}/"):
                read_copy(folder, name, name)
