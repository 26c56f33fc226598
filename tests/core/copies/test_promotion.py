"""What becomes of an edit: every row of the table, and no mark of a merge ever counts as somebody's text."""

import pytest

from common_sync.core.copies.promotion import Combined, How, Merge, combine, digest_file, has_marks, make_entry
from common_sync.core.model import File, Symlink, Version

A, B, C = Version(b"a\n"), Version(b"b\n"), Version(b"c\n")
RUN_A, RUN_B = A._replace(executable=True), B._replace(executable=True)
LINK, OTHER_LINK = Version(b"x", is_link=True), Version(b"y", is_link=True)
BINARY = Version(b"\0")
MARKS = Version(b"<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> other\n")


def join(base: bytes, ours: bytes, theirs: bytes) -> Merge:
    """Merge as if no line were in another's way."""
    return Merge(base + ours + theirs, clean=True)


ALL = Version(b"a\nb\nc\n")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result", "how"),
    [
        (A, A, B, B, "as-is"),
        (None, None, B, B, "as-is"),
        (A, A, BINARY, BINARY, "as-is"),
        (A, A, LINK, LINK, "as-is"),
        (LINK, LINK, OTHER_LINK, OTHER_LINK, "as-is"),
        (A, A, RUN_A, RUN_A, "as-is"),
        (A, B, B, B, "equal"),
        (None, B, B, B, "equal"),
        (A, B, C, ALL, "merged"),
        (A, RUN_A, B, RUN_B, "merged"),  # a mode on one side, lines on the other
        (A, B, RUN_A, RUN_B, "merged"),
        (A, RUN_B, B, RUN_B, "merged"),
        (RUN_A, A, RUN_B, B, "merged"),
        (A, RUN_B, C, ALL._replace(executable=True), "merged"),
    ],
)
def test_what_the_master_is_to_hold(
    base: Version | None, ours: Version | None, theirs: Version, result: Version, how: How
) -> None:
    """An edit would be lost on its way home, or a change of the master."""
    assert combine(base, ours, theirs, join) == Combined(result, how)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "why"),
    [
        (A, None, B, "is gone from the master"),
        (None, A, B, "nothing tells what both were made of"),
        (LINK, OTHER_LINK, A, "is a symlink"),
        (A, LINK, B, "is a symlink"),
        (A, B, LINK, "is a symlink"),
        (A, B, BINARY, "is binary"),
        (BINARY, A, B, "is binary"),
        (A, A, MARKS, "the marks of a merge"),
        (A, B, MARKS, "the marks of a merge"),
    ],
)
def test_what_is_refused(base: Version | None, ours: Version | None, theirs: Version, why: str) -> None:
    """Bytes would be guessed, or the marks of a merge copied into every service."""
    combined = combine(base, ours, theirs, join)
    assert (combined.result, combined.conflict, why in combined.refusal) == (None, None, True)


def test_a_conflict_is_for_a_person() -> None:
    """One side of a conflict would be taken without asking."""
    combined = combine(A, RUN_B, C, lambda *_: Merge(MARKS.data, clean=False))
    assert (combined.result, combined.conflict) == (None, MARKS._replace(executable=True))
    merged = combine(A, B, C, lambda *_: Merge(MARKS.data, clean=True))  # the master holds marks already
    assert (merged.result, merged.conflict) == (None, MARKS)


def test_marks() -> None:
    """A text that speaks of marks would be taken for an unfinished merge, or an unfinished merge for a text."""
    assert has_marks(MARKS)
    assert not has_marks(Version(b"a <<<<<<< b"))
    assert not has_marks(Version(MARKS.data + b"\0"))


def test_digests_of_one_file() -> None:
    """The journal would take one state of a file for another."""
    run = make_entry(RUN_A)
    assert run == File(run.sha256, executable=True) if isinstance(run, File) else False
    assert make_entry(LINK) == Symlink("x")
    digests = {digest_file("f", None), *(digest_file("f", make_entry(one)) for one in (A, B, RUN_A, LINK))}
    assert len(digests | {digest_file("g", make_entry(A))}) == 6
