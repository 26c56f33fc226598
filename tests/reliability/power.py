"""Cut the power: copies of a disk's image, in which is what has reached the disk, and nothing else."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from reliability.killing import KILLED
from reliability.runs import Ended, Hindrance
from support.depth import FULL, Record, sample, skip
from support.monorepo import run


class Disk(Protocol):
    """What is prepared on a disk, in the folder `case`, and judged there."""

    @property
    def folder(self) -> Path:
        """The folder that `case` is in."""

    def prepare(self) -> None:
        """Bring it into the state before the run."""

    def run(self, *words: str, hindrance: Hindrance | None = None) -> Ended:
        """Run the tool."""

    def wrong_now(self) -> Iterator[str]:
        """Yield what is wrong in what a run has left."""

    def wrong_at_last(self) -> Iterator[str]:
        """Yield what is wrong once the next run has finished that."""


@contextmanager
def on_a_disk(place: Path, image: Path) -> Iterator[None]:
    """Mount an image at a folder; nothing but what is asked for reaches it for an hour."""
    options = ("-t", "ext4", "-o", "loop,commit=3600")
    done = run("mount", *options, str(image), str(place), cwd=Path("/"))
    if done.code != 0:
        skip(f"NOT TESTED: an image of a disk cannot be mounted here: {done.err.strip()}")
    try:
        yield
    finally:
        assert run("umount", str(place), cwd=Path("/")).code == 0


def make_disk(place: Disk) -> tuple[Path, Path]:
    """Prepare the repository on a disk of its own; return its image, and where copies of it go."""
    image, disk = place.folder / "image", place.folder / "case"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(256 << 20)
    done = run("mkfs.ext4", "-q", "-m", "0", str(image), cwd=Path("/"))
    if done.code != 0:
        skip(f"NOT TESTED: an ext4 file system cannot be made here: {done.err.strip()}")
    with on_a_disk(disk, image):
        place.prepare()
    return image, image.with_name("copy")


def copy_image(image: Path, to: Path) -> None:
    """Copy what has reached a disk."""
    assert run("cp", "--sparse=always", str(image), str(to), cwd=Path("/")).code == 0


def wrong_after_power_cut(place: Disk, image: Path) -> list[str]:
    """Return what is wrong once the machine is on again."""
    with on_a_disk(place.folder / "case", image):
        return [*place.wrong_now(), *place.wrong_at_last()]


def cut_anywhere(place: Disk, words: Sequence[str], record: Record, what: str) -> list[str]:
    """Cut the power at calls of a run, and at its end; return what is wrong once the machine is on again.

    Args:
        place: What is prepared, and judged.
        words: The run.
        record: pytest's `record_property`.
        what: What the cuts are called.
    """
    image, copy = make_disk(place)
    tried, case = place.folder / "tried", place.folder / "case"
    copy_image(image, tried)
    with on_a_disk(case, tried):
        calls = place.run(*words).calls
        copy_image(tried, copy)
    wrong = [f"at the end: {one}" for one in wrong_after_power_cut(place, copy)]
    points = sample([*range(1, len(calls) + 1)][:: 1 if FULL else 4], 1, record, what)
    for number in points:
        copy_image(image, tried)
        with on_a_disk(case, tried):
            assert place.run(*words, hindrance=Hindrance(number, "kill")).code == KILLED
            copy_image(tried, copy)  # what the killed run has written, and nobody has flushed, is not in it
        wrong += [f"at {number} ({calls[number - 1]}): {one}" for one in wrong_after_power_cut(place, copy)]
    record(f"count: {what}", len(points) + 1)
    return wrong
