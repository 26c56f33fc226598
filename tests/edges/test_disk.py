"""How much of the disk a folder takes, with real links."""

import os
from pathlib import Path

from common_sync.edges.environments.disk import Size, measure


def test_what_is_shared_is_counted_once(tmp_path: Path) -> None:
    """`env status` would add up to more than the card holds, as `du` of each folder does, or count links as room that can be freed."""
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
    (one / "own").write_bytes(b"x" * 5000)
    os.link(one / "own", one / "again")
    (one / "shared").write_bytes(b"x" * 9000)
    os.link(one / "shared", other / "shared")
    os.symlink("own", one / "link")
    blocks = {name: os.lstat(one / name).st_blocks * 512 for name in ("own", "shared", "link")}
    assert measure(str(one)) == Size(blocks["own"] + blocks["link"], blocks["shared"])
    assert measure(str(other)) == Size(0, blocks["shared"])
    assert measure(str(one)).total == sum(blocks.values())
    assert measure(str(tmp_path)).total == sum(blocks.values())
    assert measure(str(tmp_path / "gone")) == Size()
