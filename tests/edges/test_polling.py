"""Changes that are seen by looking again: `watch` where the disk tells of none."""

from pathlib import Path

from common_sync.edges.files.polling import Poller


def test_what_is_written_made_and_removed(tmp_path: Path) -> None:
    """An edit on a bind mount would reach no copy."""
    (tmp_path / "folder").mkdir()
    for name in ("changed", "gone", "same"):
        (tmp_path / name).write_text("1")
    poller = Poller([str(tmp_path), str(tmp_path / "not there")])
    (tmp_path / "changed").write_text("22")
    (tmp_path / "gone").unlink()
    (tmp_path / "new").write_text("1")
    (tmp_path / "folder" / "inside").write_text("its own folder was not named")
    assert {Path(one).name for one in poller.wait()} == {"changed", "gone", "new"}
    assert poller.wait(0) == set()
