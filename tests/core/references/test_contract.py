"""What all rewriters share: changes are kept as far as they prove to do what they should."""

from hypothesis import given
from hypothesis import strategies as st
from support.counted import assert_grows_with_size
from support.depth import deep

from common_sync.core.proving import keep_proven
from common_sync.core.references.contract import Place, Rewrite, Site
from common_sync.core.references.dockerfile.rewriting import read_dockerfile


@given(st.lists(st.integers(0, 60), unique=True), st.sets(st.integers(0, 60)))
def test_what_does_not_hold_alone_is_refused_alone(changes: list[int], bad: set[int]) -> None:
    """One line that cannot be proven would keep all others as they are, or be edited with them."""
    proven, refused = keep_proven(changes, bad.isdisjoint)
    assert list(proven) == [change for change in changes if change not in bad]
    assert list(refused) == [change for change in changes if change in bad]


def test_of_two_that_exclude_each_other_the_first_is_kept() -> None:
    """Both would be refused, or both be made."""
    assert keep_proven(range(9), lambda some: not {2, 7} <= set(some))[1] == (7,)


def test_one_change_that_does_not_hold_takes_few_proofs() -> None:
    """A file of 6 kB would keep the hook for a minute: each proof reads it again."""
    asked: list[tuple[int, ...]] = []

    def holds(some: tuple[int, ...]) -> bool:
        asked.append(some)
        return 500 not in some

    assert keep_proven(range(1000), holds)[1] == (500,)
    assert len(asked) < 25


def test_many_that_do_not_hold_end_the_search() -> None:
    """A file in which nothing can be proven would be read again for each of its lines, twice."""
    asked: list[tuple[int, ...]] = []

    def holds(some: tuple[int, ...]) -> bool:
        asked.append(some)
        return False

    assert keep_proven(range(9999), holds) == ((), tuple(range(9999)))
    assert len(asked) == 200


@deep("what a hostile file costs")
def test_a_dockerfile_with_one_such_line_is_read_in_time() -> None:
    """As above, with a real file."""

    def read(lines: int) -> Rewrite:
        text = "FROM x\nCOPY ../com\\\n# why\nmon /a\n" + "".join(f"COPY ../common /a{at}\n" for at in range(lines))
        return read_dockerfile(text, Site(lambda path, _: Place("master" if path == "../common" else "copy"), "common"))

    found = read(300)
    assert ([problem.line for problem in found.problems], len(found.edits)) == ([2], 600)
    assert_grows_with_size(lambda lines: lambda: read(lines), 50)
