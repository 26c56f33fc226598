"""The parser of Dockerfiles: each rule of the format, where everything stands, and BuildKit's own parser as the judge."""

from collections.abc import Sequence

import e2b_dockerfile_utils as buildkit
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.counted import assert_grows_with_size, no_hang
from support.depth import deep
from support.trees import thorough

from common_sync.core.formats.dockerfile.arguments import find_announcements
from common_sync.core.formats.dockerfile.sources import find_named_uses, find_sources, keep_needed
from common_sync.core.formats.dockerfile.syntax import Dockerfile, Instruction, parse_dockerfile
from common_sync.core.formats.dockerfile.variables import Variables, with_variables
from common_sync.core.formats.dockerfile.words import RefusedError, expand_word, plain_word
from common_sync.core.text import UnparsableError

Row = tuple[str, list[str], list[str], list[str]]
"""Name, flags, words, and the contents of heredocs."""


def rows(characters: str) -> list[Row]:
    """Return what a Dockerfile says, its first line a FROM left out."""
    found = parse_dockerfile(characters).instructions
    return [_row(instruction) for instruction in found if instruction.name != "FROM"]


def _row(one: Instruction) -> Row:
    flags = [flag.name if flag.value is None else f"{flag.name}={flag.value.text}" for flag in one.flags]
    return one.name, flags, [word.text for word in one.words], [heredoc.content for heredoc in one.heredocs]


def row(reason: str, characters: str, *expected: Row) -> object:
    """Return one row of the table; `FROM x` is put before it."""
    return pytest.param(characters, list(expected), id=reason)


COPIED: Row = ("COPY", [], ["a", "/b"], [])

PARSED = [
    row("one line", "COPY a /b\n", COPIED),
    row("without a line end", "COPY a /b", COPIED),
    row("lower case, indented, with tabs", " \tcopy\ta\t /b \n", COPIED),
    row("Windows line ends", "COPY a /b\r\n", COPIED),
    row("several sources", "COPY a b /c/\n", ("COPY", [], ["a", "b", "/c/"], [])),
    row(
        "flags",
        "COPY --chown=a:b --chmod=644 --link --parents --exclude=*.md --exclude=x a /b\n",
        ("COPY", ["chown=a:b", "chmod=644", "link", "parents", "exclude=*.md", "exclude=x"], ["a", "/b"], []),
    ),
    row("quotes in a flag", 'COPY --chown=\'a b\':"c\\"d" a /b\n', ("COPY", ['chown=a b:c"d'], ["a", "/b"], [])),
    row("two dashes end the flags", "COPY -- --link /b\n", ("COPY", [], ["--link", "/b"], [])),
    row("a flag after a source is none", "COPY a --link /b\n", ("COPY", [], ["a", "--link", "/b"], [])),
    row("an ADD from a network", "ADD https://x.org/a /b\n", ("ADD", [], ["https://x.org/a", "/b"], [])),
    # lines that are continued
    row("continued", "COPY \\\n  a \\  \n  /b\n", COPIED),
    row("continued with Windows line ends", "COPY \\\r\n  a \\\r\n  /b\r\n", COPIED),
    row("a comment and an empty line between", "COPY a \\\n# c \\\n\n   # d\n /b\n", COPIED),
    row("continued inside a word", "CO\\\nPY a /\\\nb\n", COPIED),
    row("continued to the end of the file", "COPY a /b \\\n", COPIED),
    row("a doubled escape continues nothing", "RUN a \\\\\nCOPY a /b\n", ("RUN", [], ["a \\\\"], []), COPIED),
    row("a comment is not continued", "# a \\\nCOPY a /b\n", COPIED),
    row("a comment behind an instruction is none", "RUN a # b\n", ("RUN", [], ["a # b"], [])),
    # JSON
    row("JSON", 'COPY ["a", "/b"]\n', COPIED),
    row("JSON, continued", 'COPY [ \\\n "a" , \\\n"/b"]\n', COPIED),
    row("JSON with escapes", 'COPY ["\\u0061", "\\/b"]\n', COPIED),
    row("JSON with a blank in a path", 'COPY ["a b", "/b"]\n', ("COPY", [], ["a b", "/b"], [])),
    row("JSON with a pair of escapes", 'COPY ["\\ud83d\\ude00", "/b"]\n', ("COPY", [], ["😀", "/b"], [])),
    row("brackets that are no JSON", "COPY [ab]c /b\n", ("COPY", [], ["[ab]c", "/b"], [])),
    row("JSON of a command", 'CMD ["a", "b"]\n', ("CMD", [], ["a", "b"], [])),
    row("a health check of nothing", "HEALTHCHECK\n", ("HEALTHCHECK", [], [], [])),
    row("JSON of a health check", 'HEALTHCHECK CMD ["a", "b"]\n', ("HEALTHCHECK", [], ["CMD", "a", "b"], [])),
    # heredocs
    row("a heredoc", "RUN <<EOF\nCOPY x /y\nEOF\nCOPY a /b\n", ("RUN", [], ["<<EOF"], ["COPY x /y\n"]), COPIED),
    row(
        "two heredocs",
        "RUN <<A cat - <<-'B C'\n1\nA\n\t2\n\tB C\nCOPY a /b\n",
        ("RUN", [], ["<<A cat - <<-'B C'"], ["1\n", "\t2\n"]),
        COPIED,
    ),
    row("a heredoc as source", "COPY <<EOF /b\nx\nEOF\n", ("COPY", [], ["<<EOF", "/b"], ["x\n"])),
    row("a heredoc with Windows line ends", "RUN <<E\r\nx\r\nE\r\n", ("RUN", [], ["<<E"], ["x\r\n"])),
    row("three signs are no heredoc", "RUN cat <<<EOF\nCOPY a /b\n", ("RUN", [], ["cat <<<EOF"], []), COPIED),
    row("a quoted sign is no heredoc", "RUN echo '<<EOF'\nCOPY a /b\n", ("RUN", [], ["echo '<<EOF'"], []), COPIED),
    row("an open quote hides a heredoc", "RUN it's <<EOF\nCOPY a /b\n", ("RUN", [], ["it's <<EOF"], []), COPIED),
    row("a heredoc without a name", "RUN a <<${}\nCOPY a /b\n", ("RUN", [], ["a <<${}"], []), COPIED),
    row("no heredoc in JSON", 'CMD ["<<EOF"]\nCOPY a /b\n', ("CMD", [], ["<<EOF"], []), COPIED),
    row("no heredoc after ENV", "ENV a=<<EOF\nCOPY a /b\n", ("ENV", [], ["a=<<EOF"], []), COPIED),
    # names and values
    row("ENV", "ENV a=1 b='2 3' c=\"4 5\" d=6\\ 7\n", ("ENV", [], ["a=1", "b='2 3'", 'c="4 5"', "d=6\\ 7"], [])),
    row("ENV in the old form", "ENV a b = c\n", ("ENV", [], ["a", "b = c"], [])),
    row("ARG", "ARG a b=1\n", ("ARG", [], ["a", "b=1"], [])),
    row("WORKDIR", "WORKDIR /a b\n", ("WORKDIR", [], ["/a b"], [])),
    row("ARG and ENV of nothing", "ARG\nENV\nCOPY a /b\n", ("ARG", [], [], []), ("ENV", [], [], []), COPIED),
    row("ONBUILD", "ONBUILD COPY a /b\n", ("ONBUILD", [], ["COPY a /b"], [])),
]


@pytest.mark.parametrize(("characters", "expected"), PARSED)
def test_dockerfile_is_parsed(characters: str, expected: list[Row]) -> None:
    """A COPY that is not seen, or one that is none, is a service that does not build or a file that is spoilt."""
    assert rows(f"FROM x\n{characters}") == expected


REFUSED = [
    pytest.param("FROM x\n\nCOPPY a /b\n", 3, "unknown instruction: COPPY", id="no instruction"),
    pytest.param("COPY a /b\n", 1, "no build stage", id="nothing to copy into"),
    pytest.param("FROM x\nCOPY a\n", 2, "destination", id="no destination"),
    pytest.param('FROM x\nCOPY ["a", 1]\n', 2, "strings", id="a number in JSON"),
    pytest.param("FROM x\nRUN <<EOF\nabc\n", 2, "unterminated heredoc", id="a heredoc without an end"),
    pytest.param("# escape=/\nFROM x\n", 1, "escape", id="another escape character"),
    pytest.param("# escape=`\n# escape=`\nFROM x\n", 2, "only one", id="two escape characters"),
    pytest.param("FROM x\nENV a\n", 2, "no value", id="ENV without a value"),
    pytest.param("FROM x\nENV a=1 b\n", 2, "find =", id="a name without a value"),
    pytest.param("FROM x AS\n", 1, "FROM takes", id="AS what"),
    pytest.param("FROM x\nONBUILD ONBUILD RUN a\n", 2, "isn't allowed", id="ONBUILD twice"),
    pytest.param("FROM x\nONBUILD\n", 2, "unknown instruction", id="ONBUILD of nothing"),
    pytest.param(f"FROM x\nCMD {'[' * 100_000}\n", 2, "strings", id="JSON that would exhaust the stack"),
]


@pytest.mark.parametrize(("characters", "line", "reason"), REFUSED)
def test_what_docker_refuses_is_refused(characters: str, line: int, reason: str) -> None:
    """Somebody who mistyped an instruction would be told nothing, or of the wrong line."""
    with pytest.raises(UnparsableError, match=reason) as refusal:
        parse_dockerfile(characters)
    assert refusal.value.line == line


@deep("what a hostile file costs")
@pytest.mark.parametrize(
    "characters",
    [
        pytest.param("FROM x\nRUN \\\n" + "--a " * 200_000 + "b\n", id="flags"),
        pytest.param(f"# a=x{' ' * 3_000_000}y\nFROM x\n", id="blanks in a directive"),
        pytest.param(f"# a={' ' * 3_000_000}\nFROM x\n", id="a directive of blanks"),
    ],
)
def test_a_hostile_file_takes_a_time_that_its_size_tells(characters: str) -> None:
    """A file of a few hundred kB would keep the hook for a minute."""
    with no_hang():
        parse_dockerfile(characters)


def test_many_flags_are_work_for_each_once() -> None:
    """As above, where each flag is looked at by itself."""
    assert_grows_with_size(lambda flags: lambda: parse_dockerfile("FROM x\nRUN \\\n" + "--a " * flags + "b\n"), 300)


def test_a_file_without_instructions() -> None:
    """An empty file that somebody left would end the run."""
    assert parse_dockerfile("# syntax=x\n").instructions == parse_dockerfile("").instructions == ()


WHOLE = """\
# syntax=docker/dockerfile:1
# escape=`
ARG TAG=3.11
FROM python:$TAG AS Base
COPY --chown=a `
    # why
    ../common `
    /app/common
ONBUILD ADD ["../common", "/x"]
RUN <<EOF
COPY no /no
EOF
FROM base
"""


def test_everything_says_where_it_stands() -> None:
    """An edit one character off would spoil a file."""
    parsed = parse_dockerfile(WHOLE)
    copy, onbuild, run = parsed.stages[0].instructions[1:]
    assert (parsed.escape, parsed.syntax, [arg.name for arg in parsed.arguments]) == (
        "`",
        "docker/dockerfile:1",
        ["ARG"],
    )
    assert (copy.line, copy.last_line, WHOLE[copy.start : copy.end].rsplit(maxsplit=1)[-1]) == (5, 8, "/app/common")
    assert [WHOLE[word.start : word.end] for word in copy.words] == ["../common", "/app/common"]
    assert onbuild.trigger is not None
    assert [WHOLE[word.start : word.end] for word in onbuild.trigger.words] == ["../common", "/x"]
    assert (run.line, run.last_line, run.heredocs[0].line) == (10, 12, 11)
    assert WHOLE[run.heredocs[0].start : run.heredocs[0].end] == run.heredocs[0].content == "COPY no /no\n"
    assert [(stage.name, stage.base.text) for stage in parsed.stages] == [("base", "python:$TAG"), ("", "base")]


def test_heredocs_below_onbuild_belong_to_its_trigger() -> None:
    """The lines of a script that a child image runs would be taken for instructions."""
    onbuild = parse_dockerfile("FROM x\nONBUILD RUN <<EOF\nCOPY a /b\nEOF\n").instructions[-1]
    assert onbuild.trigger is not None
    assert (
        [one.content for one in onbuild.trigger.heredocs]
        == [one.content for one in onbuild.heredocs]
        == ["COPY a /b\n"]
    )
    assert onbuild.trigger.last_line == onbuild.last_line == 4


def test_quotes_around_a_heredocs_name_keep_its_variables() -> None:
    """Doctor would read a script that the build does not run."""
    arguments = plain_word("<<A <<'B' <<-C", 0, 14)
    assert [tuple(one) for one in find_announcements(arguments)] == [
        ("A", False, True),
        ("B", False, False),
        ("C", True, True),
    ]


def expand(text: str, escape: str = "\\", **variables: str) -> tuple[str, tuple[str, ...]]:
    """Return what a word comes to, and the variables that nobody knows."""
    known = {name: plain_word(value, 0, len(value)) for name, value in variables.items()}
    expansion = expand_word(plain_word(text, 0, len(text)), escape, known.get)
    return expansion.word.text, expansion.unknown


EXPANDED = [
    ("$A", "x", ()),
    ("${A}b", "xb", ()),
    ("$Ab", "", ("Ab",)),
    ("a$A/$N", "ax/", ("N",)),
    ("${N:-d}", "d", ()),
    ("${N-$A}", "x", ()),
    ("${A:-$N}", "x", ()),
    ("${E-d}", "", ()),
    ("${E:-d}", "d", ()),
    ("${A:+y}", "y", ()),
    ("${N:+y}", "", ()),
    ("${A:?y}", "x", ()),
    ("${N:?y}", "", ("N",)),
    ("${A#x}", "", ("A",)),
    ("${A/x/y}", "", ("A",)),
    ("'$A'", "$A", ()),
    ('"$A b"c', "x bc", ()),
    ("\\$A", "$A", ()),
    ('"\\$A\\a\\""', '$A\\a"', ()),
    ("a\\ b", "a b", ()),
    ("$", "$", ()),
    ("$/a", "$/a", ()),
    ("a\\", "a", ()),
    ('"a\\', None, ()),
    ("'a", None, ()),
    ('"a', None, ()),
    ("${A", None, ()),
    ("${A!}", None, ()),
    ("${}", None, ()),
    ("${A:-b", None, ()),
]


@pytest.mark.parametrize(("text", "expected", "unknown"), EXPANDED)
def test_words_are_expanded_as_the_build_does(text: str, expected: str | None, unknown: Sequence[str]) -> None:
    """A path that holds a variable would be taken for another one."""
    if expected is None:
        with pytest.raises(RefusedError):
            expand(text, A="x", E="")
    else:
        assert expand(text, A="x", E="") == (expected, unknown)


SCOPES = """\
ARG A=1 B=$A-2
ARG C
FROM x:$B AS first
ARG A
ENV D=$A E=$D
ENV D=${D}d F old $B
ARG D=other
ARG G=${NOBODY}
FROM first
ARG H=$F
FROM x
RUN c
"""


def test_substitutions_in_each_other_have_an_end() -> None:
    """A hostile file would exhaust the stack, and end the run with a traceback."""
    assert expand("${N:-" * 50 + "x" + "}" * 50) == ("x", ())
    assert expand("${N:-a}" * 100) == ("a" * 100, ())
    for nested in ("${N:-" * 5000 + "x" + "}" * 5000, '"${N%' * 5000):
        with pytest.raises(RefusedError, match="more than 50"):
            expand(nested)


def test_values_do_not_grow_without_end() -> None:
    """A hostile file of 30 lines would fill the memory: each line doubles a value."""
    text = "FROM x\nENV A=aaaaaaaaaaaaaaaa\n" + "ENV A=$A$A\n" * 40
    seen = [variables["A"] for _, variables in with_variables(parse_dockerfile(text)) if "A" in variables]
    assert [value and len(value.text) for value in seen[:9]] == [16, 32, 64, 128, 256, 512, 1024, None, None]
    chain = "FROM x\nENV A0=a\n" + "".join(f"ENV A{at + 1}=$A{at}\n" for at in range(200)) + "RUN a\n"
    *_, (_, variables) = with_variables(parse_dockerfile(chain))
    assert [variables[name] is None for name in ("A99", "A101", "A200")] == [False, True, True]


@deep("long files")
def test_many_variables_take_a_time_that_their_number_tells() -> None:
    """A hostile file of 200 kB would keep the hook for seconds, and fill the memory in `doctor`."""

    def read(number: int) -> list[Variables]:
        text = "FROM x AS s\n" + "".join(f"ENV A{at}=b\n" for at in range(number)) + "FROM s\nRUN a\n"
        return [variables for _, variables in with_variables(parse_dockerfile(text))]

    with no_hang():
        moments = read(5_000)
    assert [len(moments[at]) for at in (1, 2, 3, -2, -1)] == [0, 1, 2, 0, 5_000]
    assert_grows_with_size(lambda number: lambda: read(number), 300)


def test_variables_hold_where_docker_says() -> None:
    """A COPY of `$LIB` would be rewritten by the value of another stage."""
    seen = [
        (instruction.name, {name: value and value.text for name, value in variables.items()})
        for instruction, variables in with_variables(parse_dockerfile(SCOPES.replace("F old $B", "F=old$B")))
    ]
    assert seen[2] == ("FROM", {"A": "1", "B": "1-2", "C": None})
    assert seen[5] == ("ENV", {"A": "1", "D": "1", "E": None})
    assert seen[7] == ("ARG", {"A": "1", "D": None, "E": None, "F": None})
    assert seen[9][0] == "ARG"
    assert seen[9][1] == {"A": "1", "D": None, "E": None, "F": None, "G": None}
    assert seen[11] == ("RUN", {})


def test_characters_of_a_variable_know_where_its_value_is_written() -> None:
    """`ARG LIB=../common` could not be edited where the value stands."""
    text = 'FROM x\nARG A="../com"mon\nARG B=$A\nCOPY a$B /c\n'
    *_, (instruction, variables) = with_variables(parse_dockerfile(text))
    word = expand_word(instruction.words[0], "\\", variables.get).word
    assert (word.text, word.origin(0), word.origin(1)) == ("a../common", (), ("B", "A"))
    assert text[word.starts[1] : word.ends[-1]] == '../com"mon'


def test_what_takes_from_a_build_context_with_a_name() -> None:
    """An image that is built from the master by such a context would be called in sync."""
    text = (
        "FROM Lib AS x\nCOPY --chown=1 --from=lib . /\nCOPY --from=other . /\nRUN --mount=from=LIB,target=/c true\n"
        "RUN --mount=type=cache,target=/c --network=none true\nONBUILD COPY --from=lib . /\nCOPY --link lib /\nRUN --mount true\n"
    )
    assert list(find_named_uses(parse_dockerfile(text), "lib")) == [1, 2, 4, 6]


def test_an_old_env_has_one_value() -> None:
    """`ENV LIB ../common` would not be seen."""
    *_, (_, variables) = with_variables(parse_dockerfile("FROM x\nENV LIB ../a b\nRUN c\n"))
    assert {name: value and value.text for name, value in variables.items()} == {"LIB": "../a b"}


# BuildKit's parser, in a port to Python that others maintain, as the judge.


def judge(characters: str) -> list[Row] | None:
    """Return what the port of BuildKit's parser finds; None where it refuses."""
    try:
        found = buildkit.parse_dockerfile_ast(characters)
    except buildkit.DockerfileSyntaxError:
        return None
    return [
        (one.name, [flag.removeprefix("--") for flag in one.flags], _judged(one), [doc.content for doc in one.heredocs])
        for one in found.instructions
    ]


def _judged(one: buildkit.DockerfileInstruction) -> list[str]:
    """Return the words in our form: it takes `name`, `value` and `=` apart."""
    if one.name not in {"ENV", "LABEL"}:
        return one.args
    triples = zip(one.args[::3], one.args[1::3], one.args[2::3], strict=True)
    return [word for name, value, sign in triples for word in ([f"{name}={value}"] if sign else [name, value])]


def ours(characters: str) -> list[Row] | None:
    """Return what our parser finds; None where it refuses."""
    try:
        parsed = parse_dockerfile(characters)
    except UnparsableError:
        return None
    assert_spans(characters, parsed)
    return [_row(one) for one in parsed.instructions]


def assert_spans(characters: str, parsed: Dockerfile) -> None:
    """Each character of a word must be spelled at the place that it names, and in the order of the file."""
    for one in parsed.instructions:
        for word in (*one.words, *(flag.value for flag in one.flags if flag.value)):
            assert len(word.text) == len(word.starts) == len(word.ends)
            places = [place for pair in zip(word.starts, word.ends, strict=True) for place in pair]
            assert places == sorted(places)
            if not one.json and not {"'", '"', "\\", "`"} & set(characters):
                assert "".join(characters[start] for start in word.starts) == word.text


@pytest.mark.parametrize(
    "characters",
    [parameter.values[0] for parameter in PARSED if "ONBUILD" not in str(parameter.values[0])],  # type: ignore[attr-defined]
)
def test_table_agrees_with_buildkits_parser(characters: str) -> None:
    """The table itself could be wrong."""
    assert ours(f"FROM x\n{characters}") == judge(f"FROM x\n{characters}")


pieces = st.sampled_from(
    [
        *(
            "a",
            "/b",
            "../common",
            "common/",
            "*",
            "--link",
            "--from=x",
            "--chown=a:b",
            "--",
            "#",
            "# c",
            "=",
            "A=1",
            "$A",
        ),
        *(
            "\\",
            "\\\\",
            "\\\n",
            "\\ \n",
            "\\\r\n",
            "\n",
            "\n\n",
            "\r\n",
            "\n# c\n",
            "\n  # c \\\n",
            " ",
            "\t",
            "\f",
            "\xa0",
        ),
        *(
            '["a", "/b"]',
            '["../common","/b"]',
            "[",
            "]",
            '"',
            "'",
            '"a b"',
            "ä",
            "😀",
            "<<EOF",
            "<<-'E'",
            "\nEOF\n",
            "\n\tE\n",
        ),
    ]
)
names = st.sampled_from(["COPY", "ADD", "RUN", "ENV", "ARG", "WORKDIR", "CMD", "FROM", "copy", "LABEL", "HEALTHCHECK"])
lines = st.builds(lambda name, rest: f"{name} {' '.join(rest)}", names, st.lists(pieces, max_size=7))
tight = st.builds(lambda name, rest: f"{name} {''.join(rest)}", names, st.lists(pieces, max_size=7))
directives = st.sampled_from(["", "# syntax=x\n", "#escape=\\\n", "# c\n# escape=`\n", "\n", "# check=skip=all\n"])
files = st.builds(
    lambda first, body, end: f"{first}FROM x\n" + end.join(body) + end,
    directives,
    st.lists(st.one_of(lines, tight, pieces), max_size=5),
    st.sampled_from(["\n", "\r\n"]),
)


def _differs_by_design(characters: str) -> bool:
    """Tell whether the port is known to depart from BuildKit, or we to refuse what only its next step refuses.

    The port divides the sources of COPY and ADD as a shell would, where BuildKit divides at every blank of ASCII. It does
    not look into FROM or count the sources of COPY, which BuildKit does after its parser, in its package `instructions`.
    """
    found = judge(characters)
    if found is None:
        return False
    for name, _, words, _ in found:
        if name in {"COPY", "ADD"} and (len(words) < 2 or "\xa0" in characters or set("'\"\\`") & set("".join(words))):
            return True
        if name == "FROM" and not (len(words) == 1 or (len(words) == 3 and words[1].lower() == "as")):
            return True
    return False


@given(files)
@example('FROM x\nENV a="b\\\n# c\n c" d=e\n')
@example("FROM x\nRUN a \\\n\n# c\n\nCOPY b c\n")
@thorough
def test_files_agree_with_buildkits_parser(characters: str) -> None:
    """A form that nobody thought of would be read in another way than the build reads it."""
    if not _differs_by_design(characters):
        assert ours(characters) == judge(characters)


@given(st.text(st.sampled_from("aA$\\'\"{}:-+?`_ /."), max_size=8))
@thorough
def test_words_agree_with_buildkits_lexer(text: str) -> None:
    """A path in quotes, or with a variable in it, would be taken for another one."""
    lexer = buildkit.ShellLex("\\", env={"a": "x", "A": "", "aA": "y/z"}, skip_unset_env=False)
    try:
        expected = lexer.process_word(text)
    except ValueError:
        expected = None
    try:
        found: str | None
        found, unknown = expand(text, a="x", A="", aA="y/z")
    except RefusedError:
        found, unknown = None, ()
    if not (unknown and {"?", "/"} & set(text)):  # where the build stops, or cuts the value, ours does not know it
        assert found == expected


NEEDED = [
    pytest.param("FROM x AS a\nCOPY 1 .\nFROM x AS b\nCOPY 2 .\n", "A", "1", id="a stage by its name"),
    pytest.param("FROM x AS a\nCOPY 1 .\nFROM x AS b\nCOPY 2 .\n", "", "2", id="the last stage"),
    pytest.param("FROM x AS a\nCOPY 1 .\nFROM x\nCOPY 2 .\nFROM a\nCOPY 3 .\n", "2", "13", id="a stage by its number, built on another"),
    pytest.param("FROM x AS a\nCOPY 1 .\nFROM x AS b\nCOPY 2 .\nFROM x\nCOPY --from=a /y .\n", "", "1", id="a stage that is copied from"),
    pytest.param("FROM x AS a\nCOPY 1 .\nFROM x\nRUN --mount=from=0,target=/y true\n", "", "1", id="a stage that is mounted"),
    pytest.param("FROM x AS a\nCOPY 1 .\nFROM a AS a\nCOPY 2 .\n", "a", "12", id="a stage that is called as the one before it"),
    pytest.param("ARG V\nFROM x:$V AS a\nCOPY 1 .\nFROM ${R}/x:1 AS b\nCOPY 2 .\n", "b", "2", id="an image with a variable"),
    pytest.param("ARG V\nFROM x AS a\nCOPY 1 .\nFROM $V\nCOPY 2 .\n", "", "12", id="a variable that may name a stage"),
    pytest.param("FROM x AS a\nCOPY 1 .\nFROM x AS b\nCOPY 2 .\n", "c", "12", id="a stage that is not there"),
    pytest.param("", "", "", id="no stage"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "target", "taken"), NEEDED)
def test_keeps_what_one_stage_needs(text: str, target: str, taken: str) -> None:
    """Each service that one Dockerfile builds by a stage of its own would be said to be built of all the others."""
    needed = keep_needed(parse_dockerfile(text), target)
    assert "".join(source.path.text for source in find_sources(needed)) == taken
