"""`doctor --fix`: the COPY that is missing, where and how a person would have written it; and what is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.contexts import BASE, FILES, INSTALL, context_of

from common_sync.commands.steps.doctor.image_check import admits
from common_sync.core.doctor.build.simulate import simulate
from common_sync.core.doctor.checks.build import find_build_troubles
from common_sync.core.doctor.mending import Mended, mend
from common_sync.core.findings import file_finding
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile
from common_sync.core.model import Finding, Insertion


def mended(text: str, files: dict[str, str] | None = None, dockerignore: str = "") -> Mended:
    """Return what becomes of a Dockerfile."""
    context = context_of({**FILES, **(files or {})}, dockerignore)

    def examine(text: str) -> list[Finding]:
        build = simulate(parse_dockerfile(text), context)
        return list(find_build_troubles(build, "Dockerfile", context, admits))

    return mend(text, examine)


COPY = "COPY requirements.txt .\n"
LIB = "COPY common/ ./common/\n"

FIXES = [
    ("below the COPY that stands above", BASE + COPY + INSTALL, BASE + COPY + LIB + INSTALL),
    ("also over an empty line", BASE + COPY + "\n" + INSTALL, BASE + COPY + LIB + "\n" + INSTALL),
    ("and over a comment", BASE + COPY + "# install\n" + INSTALL, BASE + COPY + LIB + "# install\n" + INSTALL),
    (
        "above the comments of the line",
        BASE + COPY + "USER app\n\n# install\n# all\n" + INSTALL,
        BASE + COPY + "USER app\n\n" + LIB + "# install\n# all\n" + INSTALL,
    ),
    ("right above it", BASE + COPY + "USER app\n" + INSTALL, BASE + COPY + "USER app\n" + LIB + INSTALL),
    (
        "below a COPY of several lines",
        BASE + "COPY requirements.txt \\\n  # and\n  ./\n" + INSTALL,
        BASE + "COPY requirements.txt \\\n  # and\n  ./\n" + LIB + INSTALL,
    ),
    (
        "below a text in the file",
        BASE + "COPY <<EOF requirements.txt\n-e ./common\nEOF\n" + INSTALL,
        BASE + "COPY <<EOF requirements.txt\n-e ./common\nEOF\n" + LIB + INSTALL,
    ),
    ("small letters", (BASE + COPY + INSTALL).lower(), (BASE + COPY).lower() + LIB.lower() + INSTALL.lower()),
    (
        "other line ends",
        (BASE + COPY + INSTALL).replace("\n", "\r\n"),
        (BASE + COPY + LIB + INSTALL).replace("\n", "\r\n"),
    ),
    ("no line end at the end", BASE + COPY + INSTALL[:-1], BASE + COPY + LIB + INSTALL[:-1]),
    ("its indentation", BASE + COPY + "    " + INSTALL, BASE + COPY + "    " + LIB + "    " + INSTALL),
    (
        "the owner that its neighbour gives",
        BASE + "COPY --chown=app:app requirements.txt .\n" + INSTALL,
        BASE + "COPY --chown=app:app requirements.txt .\n" + "COPY --chown=app:app common/ ./common/\n" + INSTALL,
    ),
    (
        "not the owner of another stage's",
        BASE.replace("\n", " AS b\n", 1)
        + "COPY . .\n"
        + BASE
        + COPY
        + "COPY --from=b --chown=app /app/main.py .\n"
        + INSTALL,
        BASE.replace("\n", " AS b\n", 1)
        + "COPY . .\n"
        + BASE
        + COPY
        + "COPY --from=b --chown=app /app/main.py .\n"
        + LIB
        + INSTALL,
    ),
    (
        "at the top of the image",
        "FROM python\n" + COPY + INSTALL,
        "FROM python\n" + COPY + "COPY common/ /common/\n" + INSTALL,
    ),
    (
        "where the line changes to another folder",
        BASE + "COPY requirements.txt /srv/\nRUN cd /srv && pip install -r requirements.txt\n",
        BASE
        + "COPY requirements.txt /srv/\nCOPY common/ /srv/common/\nRUN cd /srv && pip install -r requirements.txt\n",
    ),
    ("without any COPY", BASE + "RUN pip install ./common\n", BASE + LIB + "RUN pip install ./common\n"),
    (
        "in each stage that lacks it",
        BASE.replace("\n", " AS b\n", 1) + COPY + INSTALL + BASE + COPY + "COPY --from=b /x /y\n" + INSTALL,
        BASE.replace("\n", " AS b\n", 1) + COPY + LIB + INSTALL + BASE + COPY + "COPY --from=b /x /y\n" + LIB + INSTALL,
    ),
    (
        "for a mount",
        BASE
        + "RUN --mount=type=bind,source=requirements.txt,target=requirements.txt pip install -r requirements.txt\n",
        BASE
        + LIB
        + "RUN --mount=type=bind,source=requirements.txt,target=requirements.txt pip install -r requirements.txt\n",
    ),
]


@pytest.mark.parametrize(("before", "after"), [row[1:] for row in FIXES], ids=[row[0] for row in FIXES])
def test_what_is_missing_is_put_in(before: str, after: str) -> None:
    """A user would get a Dockerfile that does not build, or that looks as if a machine had been at it."""
    done = mended(before)
    assert done.text == after
    assert mended(done.text) == Mended(after, ())


def test_a_name_with_a_blank_is_written_as_json() -> None:
    """The line would copy two other things."""
    files = {"my lib/pyproject.toml": "", "requirements.txt": "./my lib\n"}
    assert mended(BASE + COPY + INSTALL, files).lines == ('COPY ["my lib/", "./my lib/"]',)


def test_several_at_once() -> None:
    """Only the first of two libraries would be put in."""
    files = {"other/setup.py": "", "requirements.txt": "./common\n./other\n"}
    assert mended(BASE + COPY + INSTALL, files).text == BASE + COPY + LIB + "COPY other/ ./other/\n" + INSTALL


STAYS = [
    ("as it should be", BASE + COPY + LIB + INSTALL, {}, ""),
    ("the copy is not there", BASE + "RUN pip install ./none\n", {}, ""),
    ("a rule keeps it out", BASE + COPY + INSTALL, {}, "common"),
    ("it is removed before it is used", BASE + COPY + "RUN rm -rf common; pip install ./common\n", {}, ""),
    ("it leads above", BASE + COPY + INSTALL, {"requirements.txt": "-e ../../common\n"}, ""),
    ("nobody knows what the base image holds", "FROM x/y\nWORKDIR /app\n" + COPY + INSTALL, {}, ""),
    (
        "a name that a Dockerfile would read otherwise",
        BASE + COPY + INSTALL,
        {"a$b/setup.py": "", "requirements.txt": "./a$b\n"},
        "",
    ),
    (
        "something else is there that is part of it",
        BASE + "COPY common/pyproject.toml common/\nRUN pip install ./common\n",
        {},
        "",
    ),
    ("requirements that are missing", BASE + INSTALL, {}, ""),
]


@pytest.mark.parametrize(("text", "files", "dockerignore"), [row[1:] for row in STAYS], ids=[row[0] for row in STAYS])
def test_a_dockerfile_stays_as_it_is(text: str, files: dict[str, str], dockerignore: str) -> None:
    """A guess would be written into a user's file."""
    assert mended(text, files, dockerignore) == Mended(text, ())


def test_a_line_that_does_not_help_is_not_written() -> None:
    """A fix that is wrong would be written because somebody thought that it is right."""
    text = BASE + COPY + INSTALL
    start = text.index("RUN")
    wrong = file_finding("CS201", "Dockerfile", 4, "missing", "", Insertion(start, 0, "x/", "./x/"))
    assert mend(text, lambda _: [wrong]) == Mended(text, ())


def test_a_line_that_breaks_the_file_is_not_written() -> None:
    """A Dockerfile that could be built would no longer be one."""
    text = BASE + COPY + INSTALL
    wrong = file_finding("CS201", "Dockerfile", 4, "missing", "", Insertion(text.index("RUN"), 0, "x/", "./x/"))

    def examine(now: str) -> list[Finding]:
        parse_dockerfile(now if now == text else "COPY")
        return [wrong]

    assert mend(text, examine) == Mended(text, ())


_PIECES = st.sampled_from(
    [COPY, "USER app\n", "# a comment\n", "\n", "RUN true\n", "WORKDIR /srv\n", INSTALL, LIB, BASE]
)


@given(st.lists(_PIECES, max_size=7))
def test_lines_are_only_added(pieces: list[str]) -> None:
    """A line of the user's would be lost."""
    before = BASE + "".join(pieces)
    done = mended(before)
    kept = done.text.splitlines()
    for line in done.lines:
        kept.remove(line)
    assert sorted(kept) == sorted(line for line in before.splitlines() if line not in done.lines) or len(kept) == len(
        before.splitlines()
    )
    assert mended(done.text).lines == ()
