"""Managed blocks: they go in and come out without a trace, and keep no part of the library out of an image."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.trees import paths, thorough

from common_sync.core.blocks import block as managed
from common_sync.core.blocks import dockerignore as kept_out
from common_sync.core.blocks import gitattributes as attributes
from common_sync.core.blocks.block import END, NOTE, START, End, read_block
from common_sync.core.blocks.dockerignore import dockerignore_lines, find_dropped, find_leaving, list_taken
from common_sync.core.blocks.gitattributes import format_line, parse_line
from common_sync.core.formats.dockerignore import exact_pattern, parse_dockerignore
from common_sync.core.text import UnparsableError

ENDS: tuple[End, End] = ("top", "bottom")
LINES = ("**/*.log", "venv")


def _find_others(block: Sequence[str]) -> list[str]:
    return [line for line in block if line not in (*LINES, "old", "x")]


def put_block(text: str | None, lines: Sequence[str], end: End) -> str:
    """Put a block in whose lines are known."""
    return managed.put_block(text, lines, end, _find_others)


def remove_block(text: str, end: End) -> str | None:
    """Take such a block out."""
    return managed.remove_block(text, end, _find_others)


PUT: dict[str, tuple[str | None, End, str]] = {
    "no file": (None, "top", f"{START}\n{NOTE}\n**/*.log\nvenv\n{END}\n"),
    "an empty file": ("", "top", f"{START}\n{NOTE}\n**/*.log\nvenv\n{END}\n\n"),
    "at the top": ("a\n", "top", f"{START}\n{NOTE}\n**/*.log\nvenv\n{END}\n\na\n"),
    "at the bottom": ("a\n", "bottom", f"a\n\n{START}\n{NOTE}\n**/*.log\nvenv\n{END}\n"),
    "no line end at the end": ("a", "bottom", f"a\n{START}\n{NOTE}\n**/*.log\nvenv\n{END}\n"),
    "line ends of Windows": ("a\r\nb", "bottom", f"a\r\nb\r\n{START}\r\n{NOTE}\r\n**/*.log\r\nvenv\r\n{END}\r\n"),
    "a byte order mark": ("\ufeffa\n", "top", f"\ufeff{START}\n{NOTE}\n**/*.log\nvenv\n{END}\n\na\n"),
    "an old block, where it is": (
        f"a\n{START}\nold\n{END}\nb\n", "top", f"a\n{START}\n{NOTE}\n**/*.log\nvenv\n{END}\nb\n"
    ),
    "an old block without a line end": (f"{START}\n{END}", "top", f"{START}\n{NOTE}\n**/*.log\nvenv\n{END}\n"),
    "other line ends by now": (
        f"a\r\n{START}\n{NOTE}\n**/*.log\nvenv\n{END}\n", "top",
        f"a\r\n{START}\r\n{NOTE}\r\n**/*.log\r\nvenv\r\n{END}\r\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUT)
def test_a_block_is_put_in(name: str) -> None:
    """A person's own lines would be touched, or lose to the block's."""
    text, end, after = PUT[name]
    assert put_block(text, LINES, end) == after
    assert put_block(after, LINES, end) == after
    assert read_block(after) == LINES


@thorough
@given(
    st.one_of(st.none(), st.text(), st.text("ab\r\n\ufeff")), st.sampled_from(ENDS), st.lists(st.sampled_from(LINES))
)
def test_taking_it_out_gives_back_the_very_text(text: str | None, end: End, lines: list[str]) -> None:
    """A repository that does without the tool would keep a trace of it."""
    assume(text is None or (START not in text and END not in text))
    assert remove_block(put_block(text, lines, end), end) == text
    assert read_block(put_block(put_block(text, LINES, end), lines, end)) == tuple(lines)


@pytest.mark.parametrize("end", ENDS)
def test_what_a_person_has_written_beside_it_stays(end: End) -> None:
    """A line that somebody has added to the file that the tool made would go with the block."""
    made = put_block(None, LINES, end)
    assert remove_block(made + "mine\n", end) == "mine\n"
    assert remove_block("mine", end) == "mine"
    assert read_block("mine") == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a\n{START}\nb\n", 2),
        (f"{END}\n", 1),
        (f"{END}\n{START}\n", 1),
        (f"a\r\n\r\n{START}\r\n{END}\r\n{START}\r\n{END}\r\n", 3),
    ],
)
def test_markers_that_are_not_those_of_one_block(text: str, line: int) -> None:
    """Lines that a person wrote between two halves would be taken for the block's, and deleted."""
    for act in (lambda: put_block(text, LINES, "top"), lambda: remove_block(text, "top"), lambda: read_block(text)):
        with pytest.raises(UnparsableError) as caught:
            act()
        assert caught.value.line == line


FILES = (".common-sync.json", "a.py", "models/base.py")


def inside(copy: str, files: Iterable[str]) -> list[str]:
    """Return the paths of a copy's files in the service."""
    return [f"{copy}/{file}" for file in files]


def test_what_is_kept_out_of_images() -> None:
    """An image would hold a service's passwords, or gigabytes that no service needs."""
    ignore = parse_dockerignore("\n".join(dockerignore_lines(inside("common", FILES))))
    for path in ("a/__pycache__/b.pyc", ".venv/bin/python", "venv/x", ".env", "deploy/.env.production", "logs/a.log"):
        assert ignore.exclusion(path) is not None, path
    for path in ("app/venv/models.py", ".env.example", "main.py", "common/a.py", "environment.py"):
        assert ignore.exclusion(path) is None, path


@thorough
@given(st.lists(st.one_of(paths, paths.map("{}/x.log".format), paths.map("{}/.env.x".format)), max_size=5))
def test_never_a_part_of_the_library(files: list[str]) -> None:
    """The library would miss the files in the image that happen to be called like a log, or like a secret."""
    copy = "shared/common"
    ignore = parse_dockerignore("\n".join(dockerignore_lines(inside(copy, files))))
    assert list(find_dropped(ignore, copy, files)) == []
    assert all(len(line.splitlines()) == 1 for line in dockerignore_lines(inside(copy, files)))


def test_only_what_the_library_has_is_brought_back() -> None:
    """BuildKit would look into every `.venv`, were it told to bring back what could be anywhere."""
    lines = dockerignore_lines(inside("common", (*FILES, "fixtures/*.log", ".env.test")))
    assert [line for line in lines if line.startswith("!")] == [
        "!.env.example",
        "!common/.env.test",
        "!common/fixtures/\\*.log",
    ]


@pytest.mark.parametrize(
    ("dockerfile", "taken"),
    [
        ("FROM a\nCOPY .env.production /app/.env\n", [".env.production"]),
        ("FROM a\nARG E=prod\nCOPY --chown=1 ./conf/../.env.$E main.py /app/\n", [".env.prod", "main.py"]),
        ('FROM a\nADD ["/venv", "a.log", "/app/"]\n', ["venv", "a.log"]),
        ("FROM a\nRUN --mount=type=bind,source=.env,target=/e cat /e\n", [".env"]),
        ("FROM a\nARG E\nCOPY .env.* .env.$E /app/\n", []),
        ("FROM a\nCOPY --from=b .env /app/\n", []),
        ("FROM a\nCOPY main.py /app/\n", []),
        ("FROM a\nCOPY .env.${ /app/\n", []),
    ],
)
def test_what_a_dockerfile_takes_by_name(dockerfile: str, taken: list[str]) -> None:
    """A build that works today would fail for a line that the tool has put into a `.dockerignore`."""
    assert list(list_taken(dockerfile)) == taken
    lines = dockerignore_lines([*inside("common", FILES), *taken])
    ignore = parse_dockerignore("\n".join(lines))
    assert not any(ignore.exclusion(path) for path in taken)
    assert "!main.py" not in lines


LEAVING: dict[str, tuple[str, tuple[str, ...], list[str]]] = {
    "a folder that is taken whole": ("", ("FROM a\nCOPY . .\n",), ["conf/.env", "logs/a.log"]),
    "a folder": ("", ("FROM a\nCOPY conf /conf\n",), ["conf/.env"]),
    "the file, in another Dockerfile": ("", ("FROM a\n", "FROM a\nCOPY ./logs/a.log /l/\n"), ["logs/a.log"]),
    "a pattern": ("", ("FROM a\nCOPY logs/*.log /l/\n",), ["logs/a.log"]),
    "a name that only begins so": ("", ("FROM a\nCOPY log con /x/\n",), []),
    "what was kept out before": ("logs\n", ("FROM a\nCOPY . .\n",), ["conf/.env"]),
    "a Dockerfile that cannot be parsed": ("", ("FROM a\nCOPY conf/${ /x\n",), []),
    "an ignore file that Docker refuses": ("[\n", ("FROM a\nCOPY . .\n",), []),
}


@pytest.mark.parametrize("name", LEAVING)
def test_what_the_block_takes_out_of_an_image(name: str) -> None:
    """A file that is committed on purpose would be missing from the image, and nobody be told."""
    before, dockerfiles, leaving = LEAVING[name]
    after = "\n".join((before, *dockerignore_lines(())))
    files = ("conf/.env", "logs/a.log", "main.py")
    assert find_leaving(before, after, files, dockerfiles) == leaving


DROPPED: dict[str, tuple[str, list[tuple[int, str, int, str]]]] = {
    "nothing": ("*.md\n.git\n", []),
    "the copy": ("# ours\ncommon/\n", [(2, "common/", 3, "!common")]),
    "an allow-list that forgets it": ("*\n!app\n", [(1, "*", 3, "!common")]),
    "the manifest": ("**/.*\n", [(1, "**/.*", 1, "!common/.common-sync.json")]),
    "a part": ("**/models\n**/*.json\n", [
        (1, "**/models", 1, "!common/models/base.py"), (2, "**/*.json", 1, "!common/.common-sync.json"),
    ]),
    "brought back": ("*\n!common\n", []),
}  # fmt: skip


@pytest.mark.parametrize("name", DROPPED)
def test_what_is_kept_out_of_a_copy(name: str) -> None:
    """A build would fail, or an image hold half a library, for a line that nobody has named; or the remedy would be none."""
    text, rows = DROPPED[name]
    found = list(find_dropped(parse_dockerignore(text), "common", FILES))
    assert [(one.line, one.pattern, len(one.paths), one.remedy) for one in found] == rows
    mended = "\n".join((text, *(one.remedy for one in found)))
    assert list(find_dropped(parse_dockerignore(mended), "common", FILES)) == []


@thorough
@given(paths)
def test_a_pattern_for_one_path(path: str) -> None:
    """A line that is to bring a file back would not mean it, or break the file."""
    ignore = parse_dockerignore(f"**\n!x/{exact_pattern(path)}\n" if path.strip() else "")
    assert ignore.exclusion(f"x/{path}") is None


@thorough
@given(paths)
def test_a_line_of_gitattributes_says_which_copy_it_is_about(path: str) -> None:
    """The line of a service that is not asked about would be lost."""
    assert parse_line(format_line(path)) == path
    assert parse_line(f"# {format_line(path)}") is None


def test_what_was_written_below_the_block_since_then() -> None:
    """Two lines of a person's would become one."""
    for text in ("*.png binary", "*.png binary\n", ""):
        put = put_block(text, ["x"], "bottom")
        left = remove_block(f"{put}*.jpg binary\n", "bottom")
        assert left is not None
        assert left.splitlines() == [*text.splitlines(), *([""] if not text else []), "*.jpg binary"]
    assert remove_block(f"{put_block('a', ['x'], 'bottom')}b", "bottom") == "a\nb"


BETWEEN = {
    "a line": ("mine", "mine\n"),
    "a comment, and blank lines": ("\n# mine\n  ", "# mine\n"),
    "between the tool's": ("venv\nmine\n**/*.log\nand mine", "mine\nand mine\n"),
    "a merge": ("<<<<<<< HEAD\nvenv\nmine\n||||||| base\n=======\nold\n>>>>>>> theirs", "mine\n"),
    "nothing of anybody's": ("venv\nold", ""),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_a_line_of_a_person_between_the_markers_is_moved_below(name: str) -> None:
    """A line that a merge or a hurried person has put there would be gone with the next run."""
    lines, moved = BETWEEN[name]
    text = f"a\n{START}\n{NOTE}\n{lines}\n{END}\nb\n"
    after = put_block(text, LINES, "top")
    assert after == f"a\n{START}\n{NOTE}\n**/*.log\nvenv\n{END}\n{moved}b\n"
    assert put_block(after, LINES, "top") == after
    assert remove_block(text, "top") == f"a\n{moved}b\n"
    assert remove_block(f"{START}\n{lines}\n{END}\n", "bottom") == (moved or None)


def test_whose_a_line_is() -> None:
    """A line of the tool's would be left behind, and bring a secret into an image; or one of a person's be deleted."""
    before = dockerignore_lines(("common/a.log", "common/b.log", "b/.env"))
    now = dockerignore_lines(("common/a.log",))
    assert len(before) == len(now) + 2
    assert [*kept_out.find_others(before, now)] == [], "what a Dockerfile no longer takes is kept out again"
    assert [*kept_out.find_others(now, ())] == []
    for mine in ("!.env.production", "!common/secret.log", "*.mp4", "# mine"):
        for place in (0, 3, len(before)):
            others = [*kept_out.find_others([*before[:place], mine, *before[place:]], now)]
            assert mine in others
            assert others == [mine] if not mine.startswith("!") else set(others) <= {mine, *before}
    assert [*attributes.find_others([attributes.MANIFESTS, format_line("services/a b/common")])] == []
    others = ["*.mp4 binary", "/a/** linguist-generated", "# /a"]
    assert [*attributes.find_others(others)] == others


@pytest.mark.parametrize(
    "text",
    [
        f"<<<<<<< HEAD\n{START}\nvenv\n{END}\n=======\n>>>>>>> theirs\n",
        f"{START}\n<<<<<<< HEAD\nvenv\n{END}\nmine\n=======\n>>>>>>> theirs\n",
        f"{START}\nvenv\n{END}\n<<<<<<< HEAD\nmine\n=======\n>>>>>>> theirs\n",
    ],
)
def test_a_merge_that_is_not_only_about_the_block(text: str) -> None:
    """One half of the marks would be gone, and nobody could tell any more which lines are whose."""
    with pytest.raises(UnparsableError) as caught:
        put_block(text, LINES, "top")
    with pytest.raises(UnparsableError):
        remove_block(text, "top")
    assert caught.value.line == text[: text.index("<<<<")].count("\n") + 1
