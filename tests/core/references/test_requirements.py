"""References in requirements files: each form that pip takes, before and after, and what must stay as it is."""

from collections.abc import Sequence

import pytest
import support.places
from hypothesis import example, given
from hypothesis import strategies as st

from common_sync.core.model import Edit
from common_sync.core.references.contract import Include, LocatedReference, Rewrite
from common_sync.core.references.requirements import read_requirements
from common_sync.core.text import apply_edits, declared_encoding


class Layout(support.places.Layout):
    """Where things are, and how a requirements file that is there is read."""

    def read(self, characters: str, *, own: bool = True) -> Rewrite:
        """Read a file of this layout."""
        return read_requirements(characters, self.site(own=own))

    def rewrite(self, characters: str) -> str:
        """Return the file with its edits spliced in."""
        return apply_edits(characters, self.read(characters).edits)


PLAIN = Layout()


def row(reason: str, before: str, after: str, layout: Layout = PLAIN) -> object:
    """Return one row of the table, its reason as the test's name."""
    return pytest.param(before, after, layout, id=reason)


REWRITTEN = [
    # the rows of the issue
    row("-e P", "-e ../../common\n", "-e ./common\n"),
    row("--editable P", "--editable ../../common\n", "--editable ./common\n"),
    row("--editable=P", "--editable=../../common\n", "--editable=./common\n"),
    row("-eP", "-e../../common\n", "-e./common\n"),
    row("an abbreviated option", "--edit ../../common\n", "--edit ./common\n"),
    row("P", "../../common\n", "./common\n"),
    row("P with a slash at its end", "../../common/\n", "./common/\n"),
    row("P with slashes at its end", "-e ../../common//\n", "-e ./common//\n"),
    row("P with extras", "../../common[redis]\n", "./common[redis]\n"),
    row("P with a marker", '../../common ; python_version > "3"\n', './common ; python_version > "3"\n'),
    row("-e P with extras and a comment", "-e ../../common[redis]  # shared\n", "-e ./common[redis]  # shared\n"),
    row("in double quotes", '-e "../../common"\n', '-e "./common"\n'),
    row("in single quotes", "--editable='../../common[redis]'\n", "--editable='./common[redis]'\n"),
    row("-e with a URL", "-e file:../../common\n", "-e file:./common\n"),
    row("-e with a URL and a project's name", "-e file:../../common#egg=x\n", "-e file:./common#egg=x\n"),
    row("a direct reference", "x @ file:../../common\n", "x @ file:./common\n"),
    row("a direct reference to an absolute path", "x @ file:///repo/common\n", "x @ file:./common\n"),
    row("a URL with two slashes, as uv takes it", "x @ file://../../common#egg=x\n", "x @ file:./common#egg=x\n"),
    row("with two slashes and -e", "-e file://./../../common\n", "-e file:./common\n"),
    row("with options", "../../common --config-settings a=b\n", "./common --config-settings a=b\n"),
    row("-e with options", "-e ../../common -C a=b --hash=x:y\n", "-e ./common -C a=b --hash=x:y\n"),
    row("continued before the path", "-e \\\n  ../../common\n", "-e \\\n  ./common\n"),
    row(
        "continued after the path",
        "../../common \\\n  --config-settings a=b\n",
        "./common \\\n  --config-settings a=b\n",
    ),
    row("continued right after the path", "-e ../../common\\\n\n", "-e ./common\\\n\n"),
    row("continued inside the path", "-e ../..\\\n/common  # x\n", "-e ./common  # x\n"),
    row("continued twice inside the path", "..\\\r\n/../com\\\r\nmon[redis]\n", "./common[redis]\n"),
    # how the path is spelled
    row("a roundabout path", "-e ./../../services/../common/\n", "-e ./common/\n"),
    row("an absolute path", "-e /repo/common\n", "-e ./common\n"),
    row("a path with a dot at its end", "-e ../../common/.\n", "-e ./common\n"),
    row("a folder below the library", "-e ../../common/python\n", "-e ./common/python\n"),
    row("an archive below the library", "../../common/dist/x-1.whl\n", "./common/dist/x-1.whl\n"),
    row("extras apart from the path", "../../common [redis]\n", "./common [redis]\n"),
    row("extras after a slash", "../../common/[redis]\n", "./common/[redis]\n"),
    row("a slash after extras, which pip drops", "../../common[redis]/\n", "./common[redis]/\n"),
    row("an upper-case scheme, which pip takes only with ../ after it", "FILE:../../common\n", "file:./common\n"),
    row(
        "URL, marker after a semicolon and blank", "file:../../common; os_name=='x'\n", "file:./common; os_name=='x'\n"
    ),
    row("file:./P", "x @ file:./../../common\n", "x @ file:./common\n"),
    row("file:/abs", "file:/repo/common\n", "file:./common\n"),
    row("file://localhost/abs", "x@file://localhost/repo/common/\n", "x@file:./common/\n"),
    row("percent-encoded", "x @ file:../../c%6Fmmon#egg=x\n", "x @ file:./common#egg=x\n"),
    row(
        "direct, with extras and marker",
        'x[a, b] @ file:../../common;os_name=="x"\n',
        'x[a, b] @ file:./common;os_name=="x"\n',
    ),
    row("direct and editable", '-e "x @ file:../../common"\n', '-e "x @ file:./common"\n'),
    row("direct and editable without quotes, as uv has it", "-e x @ file:../../common\n", "-e x @ file:./common\n"),
    row("direct to a plain path, as uv has it", "x @ ../../common\n", "x @ ./common\n"),
    row("a fragment after a plain path, as uv has it", "-e ../../common#egg=x\n", "-e ./common#egg=x\n"),
    row(
        "a subdirectory of the library", "x @ file:../../common#subdirectory=a\n", "x @ file:./common#subdirectory=a\n"
    ),
    row("the library as a subdirectory", "x @ file:../..#subdirectory=common\n", "x @ file:.#subdirectory=common\n"),
    row(
        "a folder of the library as a subdirectory",
        "-e file:///repo#egg=x&subdirectory=common/python\n",
        "-e file:.#egg=x&subdirectory=lib/common/python\n",
        Layout(copy="lib/common"),
    ),
    # quotes and escapes
    row("quotes around a part", '-e "../.."/common/python\n', '-e "./common/python"\n'),
    row("quotes from the middle on", "-e ../../'common'[redis]\n", "-e ./common''[redis]\n"),
    row("quotes after the dash", '-"-editable=../../common"\n', '-"-editable=./common"\n'),
    row("an escaped letter", "-e ../../c\\ommon\n", "-e ./common\n"),
    row("an escaped backslash between quotes", '-e "../../x\\\\/../common"\n', '-e "./common"\n'),
    row("a copy with a blank, bare", "-e ../../common\n", "-e ./my\\ lib\n", Layout("my lib")),
    row("a copy with a blank, quoted", '-e "../../common"\n', '-e "./my lib"\n', Layout("my lib")),
    row("a copy with a quote", "-e '../../common'\n", "-e './a'\\''b'\n", Layout("a'b")),
    row("a copy with a double quote", '-e "../../common"\n', '-e "./a\\"b"\n', Layout('a"b')),
    row("a copy with a blank where nothing is quoted", "../../common\n", "./my lib\n", Layout("my lib")),
    row("a copy with a blank, in a URL", "x @ file:../../common\n", "x @ file:./my%20lib\n", Layout("my lib")),
    row("a copy in a folder", "-e ../../common\n", "-e ./src/common\n", Layout("src/common")),
    # lines and line ends
    row("no newline at the end", "fastapi\n-e ../../common", "fastapi\n-e ./common"),
    row("mixed line ends", "a\r\n-e ../../common\rb\n../../common/x\r\n", "a\r\n-e ./common\rb\n./common/x\r\n"),
    row("a form feed ends a line", "a\x0c-e ../../common\x0cb", "a\x0c-e ./common\x0cb"),
    row("so do the odd ones", "a\u2028-e ../../common\x85\x1c../../common/x", "a\u2028-e ./common\x85\x1c./common/x"),
    row("tabs", "\t-e\t../../common\t# x\n", "\t-e\t./common\t# x\n"),
    row("several options on a line", "--pre -e ../../common -e ../../common\n", "--pre -e ./common -e ../../common\n"),
    row("a comment ends a continuation", "-e ../../common \\\n# x \\\n-e .\n", "-e ./common \\\n# x \\\n-e .\n"),
    row("a backslash at the end of the file", "-e ../../common\\", "-e ./common\\"),
    row("backslashes at a line's start", "-e ../../\\\n\\common\\\n", "-e ./common\\\n"),
    row(
        "after options without a value, unknown ones, and lone dashes",
        "-r\n--foo=1 -x\n--\n-\n-e ../../common",
        "-r\n--foo=1 -x\n--\n-\n-e ./common",
    ),
    row("a path, though an option follows that needs none", "../../common -r x\n", "./common -r x\n"),
    row("a path before -e, which pip takes for editable", "../../common -e x\n", "./common -e x\n"),
    # files to include
    row("-r", "-r ../../common/requirements.txt\n", "-r common/requirements.txt\n"),
    row("-rP", "-r../../common/requirements.txt\n", "-rcommon/requirements.txt\n"),
    row("--requirement=P", "--requirement=../../common/r.txt\n", "--requirement=common/r.txt\n"),
    row("--constraint P", "--constraint ../../common/c.txt\n", "--constraint common/c.txt\n"),
    row("-c with a dot", "-c ./../../common/c.txt\n", "-c ./common/c.txt\n"),
    row("-r with a URL", "-r file:///repo/common/r.txt\n", "-r common/r.txt\n"),
    row("-r from a folder", "-r ../../../common/r.txt\n", "-r ../common/r.txt\n", Layout(folder="requirements")),
    row(
        "-r from a folder, with a dot",
        "-r ./../../../common/r.txt\n",
        "-r ./../common/r.txt\n",
        Layout(folder="requirements"),
    ),
    row(
        "-e from a folder: pip counts from the service",
        "-e ../../common\n",
        "-e ./common\n",
        Layout(folder="requirements"),
    ),
    row("never a bare word", "-r ../../common\n", "-r ./common\n"),
]


@pytest.mark.parametrize(("before", "after", "layout"), REWRITTEN)
def test_rewrites(before: str, after: str, layout: Layout) -> None:
    """A service would not build from its own folder, or something beside the path would change."""
    found = layout.read(before)
    assert apply_edits(before, found.edits) == after
    assert {reference.state for reference in found.references} == {"points-at-master"}
    assert found.problems == ()


@pytest.mark.parametrize(("before", "after", "layout"), REWRITTEN)
def test_what_is_rewritten_stays(before: str, after: str, layout: Layout) -> None:
    """Each run would change the file again, and verify would never be content."""
    found = layout.read(after)
    assert found.edits == ()
    assert {reference.state for reference in found.references} == {"points-at-copy"}


def test_knows_line_and_rest() -> None:
    """A finding would name another line than the one that the user has to look at."""
    found = PLAIN.read("a\n\\\n-e ../../common/python \\\n --pre\r\n-r ./common/r.txt\n-e ${A}\n")
    assert found.references == (
        LocatedReference(2, "points-at-master", "../../common/python", "python", includes=False),
        LocatedReference(5, "points-at-copy", "./common/r.txt", "r.txt", includes=True),
        LocatedReference(6, "unresolved", "${A}", "", includes=False),
    )


IN_SYNC = [
    pytest.param("-e ./common", id="the copy"),
    pytest.param("-e common", id="the copy by a bare word, which -e takes for a path"),
    pytest.param("./common[redis] ; os_name == 'x'", id="not editable"),
    pytest.param("common/", id="a bare word with a slash"),
    pytest.param("x @ file:common", id="a bare word in a URL"),
    pytest.param("-e file:.#subdirectory=common", id="as a subdirectory"),
    pytest.param("-r common/requirements.txt", id="a file of the copy, which is not to be read or edited"),
    pytest.param("-e ./common\n-e ./common[redis]", id="pip adds up extras"),
    pytest.param("./common;os_name=='a'\n-e ./common;os_name=='b'\n", id="one or the other"),
]


@pytest.mark.parametrize("text", IN_SYNC)
def test_leaves_what_is_in_sync(text: str) -> None:
    """A file in sync would be touched, or be reported as out of sync."""
    found = PLAIN.read(text)
    assert {reference.state for reference in found.references} == {"points-at-copy"}
    assert found._replace(references=()) == Rewrite()


UNRELATED = [
    pytest.param("# -e ../../common\n  # ../../common", id="a comment"),
    pytest.param("x==1  # see ../../common", id="a comment behind something"),
    pytest.param("x==1 # \\\n-e ../../common", id="a comment that a backslash continues, as pip has it"),
    pytest.param("-e ../../common-utils\n../../commons/x", id="a name that only begins like the library's"),
    pytest.param("-e ../common", id="a folder of that name elsewhere"),
    pytest.param("-e .\n.[dev]\n./vendor/x", id="the service itself"),
    pytest.param("common\ncommon[redis]==1\ncommon;os_name=='x/y'", id="a project of that name"),
    pytest.param('"../../common"', id="quotes where pip knows none"),
    pytest.param('"--editable=../../common"', id="an option in quotes, which is none"),
    pytest.param(
        "-e ../../common 'x\n-e \"../../common\n-e ../../common 'x' \"", id="an open quote, which pip refuses"
    ),
    pytest.param("-e ..\\..\\common", id="backslashes"),
    pytest.param("https://h/../../common\n-e git+file:///repo/common\nx @ git+https://h/../../common", id="networks"),
    pytest.param("x @ file://h/repo/common", id="another host"),
    pytest.param("-e file:\n-e ''\n-e [x]\n-r ''\nfile:///\n/", id="no path"),
    pytest.param("-r https://h/../../common/r.txt", id="a file on a network"),
    pytest.param("x==1 --hash=sha256:../../common", id="the value of another option"),
    pytest.param("../../common==1", id="a version after a path, which makes it another path"),
    pytest.param("../../common[a]b\n../../common[]\n../../common]", id="something else than extras"),
    pytest.param("--e ../../common", id="an abbreviation of two options, which pip refuses"),
    pytest.param("../other -e ../../common", id="the value of -e after a path, which pip ignores"),
    pytest.param("-- -e ../../common", id="after the end of options"),
    pytest.param("-e ../../common\0", id="a NUL, which no path holds"),
    pytest.param("x @ file:../../common%00", id="a NUL in a URL"),
    pytest.param("-e ${common}/x\n-e $COMMON/x", id="variables in forms that pip does not expand"),
    pytest.param("x==${V}\n${X}==1\n-i https://${U}/x", id="variables where no path is"),
    pytest.param(
        "-e git+https://${T}@h/x\nx @ https://${T}@h/x\n-r https://${T}@h/x", id="variables in a network's URL"
    ),
    pytest.param("", id="nothing"),
]


@pytest.mark.parametrize(
    "text", ["-f ../../common/dist", "--find-links=../../common", "x\n--extra-index-url ../../common/w"]
)
def test_names_where_to_look_for_archives(text: str) -> None:
    """Pip would look into a folder that is not there, and say that no version of a package can be found."""
    found = PLAIN.read(text)
    assert [(one.line, one.code) for one in found.problems] == [(text.count("\n") + 1, "CS110")]
    assert not found.edits


@pytest.mark.parametrize("text", UNRELATED)
def test_leaves_what_is_not_a_reference(text: str) -> None:
    """Somebody's other dependency would be rewritten or reported."""
    assert PLAIN.read(text) == Rewrite()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("-e ${COMMON}/x", id="-e"),
        pytest.param("${COMMON}[redis] ; os_name == 'x'", id="nothing but a variable"),
        pytest.param("./${COMMON}", id="inside a path"),
        pytest.param("x @ file:///${PROJECT_ROOT}/common", id="inside a URL"),
        pytest.param("x @ file://${PROJECT_ROOT}/common", id="where a host would be"),
        pytest.param("x @ ${URL}", id="for a URL"),
        pytest.param("-r ${DIR}/requirements.txt", id="in a file to include"),
    ],
)
def test_reports_variables(text: str) -> None:
    """A reference that a variable hides would go unnoticed, and the service fail to build."""
    found = PLAIN.read(text)
    assert [(one.line, one.state) for one in found.references] == [(1, "unresolved")]
    assert [(one.line, one.code) for one in found.problems] == [(1, "CS102")]
    assert (found.edits, found.includes) == ((), ())


def test_reports_what_leads_to_the_library_from_another_folder_only() -> None:
    """A service whose image runs pip in the file's folder would be called in sync, and fail to build."""
    found = Layout(folder="requirements").read("-e ../../../common[redis]\n-e ../../common\n-e ..\n")
    assert [(one.line, one.state) for one in found.references] == [(1, "unresolved"), (2, "points-at-master")]
    assert [(one.line, one.code) for one in found.problems] == [(1, "CS102")]
    assert [edit.start for edit in found.edits] == [29]


def test_leaves_files_of_others() -> None:
    """A file that other services include as well would be made to fit one of them."""
    found = PLAIN.read("-r ../../common/r.txt\n-e ../../common\n-e ./common\n-e ${X}\n", own=False)
    assert [one.state for one in found.references] == ["foreign", "foreign", "points-at-copy", "unresolved"]
    assert [(one.line, one.code) for one in found.problems] == [(1, "CS103"), (2, "CS103"), (4, "CS102")]
    assert "write `./common/r.txt` in the service's own" in found.problems[0].remedy
    assert found.edits == ()


def test_lists_files_to_include() -> None:
    """A reference in an included file would be missed."""
    found = PLAIN.read("-r base.txt\n-c 'my c.txt'\n--requirement=file:///repo/a%20b.txt\n-r ../r.txt -r x\n")
    assert found.includes == (
        Include("base.txt", 1, constraint=False),
        Include("my c.txt", 2, constraint=True),
        Include("/repo/a b.txt", 3, constraint=False),
        Include("../r.txt", 4, constraint=False),
    )
    assert (found.edits, found.references, found.problems) == ((), (), ())


DUPLICATES = [
    row("the copy is there already", "-e ./common\nx\n-e ../../common\ny", "-e ./common\nx\ny"),
    row("or comes later", "-e ../../common\r\n-e ./common", "-e ./common"),
    row("spelled in another way", "-e ./common\n--editable='file:../../common/'\n", "-e ./common\n"),
    row("both lead to the master", "../../common\n../../services/../common", "./common\n"),
    row("a continued line goes whole", "-e ./common\n-e \\\n ../../common \\\n\nx", "-e ./common\nx"),
    row("its comment stays", "-e ./common\n-e ../../common  # shared\n", "-e ./common  # shared\n"),
    row("its comment stays, of two to rewrite", "-e ../../common\n-e ../../common # a\n", "-e ./common # a\n"),
    row("of three one stays", "../../common\n./common\n../../common # a\n../../common\n", "./common # a\n"),
    row("same extras and marker", "./common[b, A];x\n../../common[a,B] ;  x\n", "./common[b, A];x\n"),
    row("pip adds up extras", "-e ./common\n-e ../../common[redis]\n", "-e ./common\n-e ./common[redis]\n"),
    row(
        "markers keep apart",
        "../../common;os_name=='a'\n../../common[x];os_name=='b'\n",
        "./common;os_name=='a'\n./common[x];os_name=='b'\n",
    ),
    row("two projects of the library", "-e ../../common/a\n../../common/b\n", "-e ./common/a\n./common/b\n"),
    row(
        "two projects of the library as subdirectories",
        "a @ file:../../common#subdirectory=a\nb @ file:../../common#subdirectory=b\n",
        "a @ file:./common#subdirectory=a\nb @ file:./common#subdirectory=b\n",
    ),
    row("files may be included twice", "-r ../../common/a\n-r ../../common/a\n", "-r common/a\n-r common/a\n"),
]


@pytest.mark.parametrize(("before", "after", "layout"), DUPLICATES)
def test_keeps_one_of_two_that_say_the_same(before: str, after: str, layout: Layout) -> None:
    """The file would be refused by pip, or a comment or a choice of the user's would be lost."""
    found = layout.read(before)
    assert apply_edits(before, found.edits) == after
    assert found.problems == ()
    assert layout.read(after).edits == ()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("./common\n-e ../../common", 2, "lines 1 and 2 install", id="editable and not"),
        pytest.param("./common\n-e ./common", 2, "lines 1 and 2 install", id="though both are the copy's"),
        pytest.param("-e ../../common\nx\nx @ file:./common", 1, "lines 1 and 3 install", id="named and not"),
        pytest.param("./common\n../../common -C a=b\n../../common -C c=d", 2, "lines 1, 2 and 3", id="options"),
        pytest.param("-e ./common\n-e file:../../common#egg=x", 2, "lines 1 and 2 install", id="a fragment"),
        pytest.param("-e ./common\n-e file:../../common[a]", 2, "lines 1 and 2 install", id="a URL with extras"),
        pytest.param("./common;os_name=='a'\n-e ../../common", 2, "lines 1 and 2 install", id="a marker and none"),
        pytest.param("-e ./common # a\n-e ../../common # b", 2, "lines 1 and 2 say the same", id="two comments"),
        pytest.param("../../common # a\n../../common # b", 2, "lines 1 and 2 say the same", id="two to rewrite"),
        pytest.param("../../common # a\n./common # b", 1, "lines 1 and 2 say the same", id="the copy's line second"),
    ],
)
def test_reports_lines_that_exclude_each_other(text: str, line: int, message: str) -> None:
    """The tool would choose for the user, or leave a file that pip refuses without a word."""
    found = PLAIN.read(text)
    assert found.edits == ()
    assert [(one.line, one.code) for one in found.problems] == [(line, "CS105")]
    assert found.problems[0].message.startswith(message)


@pytest.mark.parametrize(
    ("before", "after", "copy", "lines"),
    [
        pytest.param(
            "../../common\nx @ file:../../common/a", "../../common\nx @ file:./a%3Bb/a", "a;b", [1], id="a semicolon"
        ),
        pytest.param("-e ../../common", "-e ../../common", "${A}", [1], id="a variable"),
        pytest.param("-e ../../common\n../../common/x", "-e ../../common\n./a[b]/x", "a[b]", [1], id="extras"),
        pytest.param(
            "-e ../..\\\n/common\n# coding: x", "-e ../..\\\n/common\n# coding: x", "common", [1], id="a coding comment"
        ),
        pytest.param(
            "../../common\n../../common\n#coding=x",
            "./common\n../../common\n#coding=x",
            "common",
            [2],
            id="a line less",
        ),
    ],
)
def test_refuses_what_would_not_read_back(before: str, after: str, copy: str, lines: Sequence[int]) -> None:
    """A rewritten line would mean something else to pip than it should."""
    found = Layout(copy).read(before)
    assert apply_edits(before, found.edits) == after
    assert [(one.line, one.code) for one in found.problems] == [(line, "CS106") for line in lines]


SPELLINGS = [
    "-e {}",
    "--edit={} ",
    "-e'{}'",
    "\t{}",
    '-e "{}"',
    "file:{}",
    "x @ file:{}",
    "-e file:{}#egg=x",
    "--pre -e {}",
]
PATHS = [
    ("../../common/{}", "./common/{}"),
    ("./../../services/../common/{}/", "./common/{}/"),
    ("../common-{}", "../common-{}"),
]
ENDS = ["\n", "\r\n", "\r", "\x0c", "\u2028", "  # ../../common\n", "[a]\n", "\t\\\n\r\n"]
OTHERS = [
    "",
    "# -e ../../common\n",
    "x==1 \\\n  --hash=x:y\n",
    "\ufeffx\n",
    "ü\r",
    "-r base.txt\n",
    "-e ${A}\n",
    "\\\n",
]


@given(
    st.lists(
        st.tuples(st.sampled_from(OTHERS), st.sampled_from(SPELLINGS), st.sampled_from(PATHS), st.sampled_from(ENDS))
    )
)
def test_every_character_outside_the_paths_is_kept(lines: list[tuple[str, str, tuple[str, str], str]]) -> None:
    """Line ends, comments, blanks or other lines would be changed beside a path."""
    before, after = (
        "".join(
            f"{other}{spelling.format(path[side].format(number))}{end}"
            for number, (other, spelling, path, end) in enumerate(lines)
        )
        for side in (0, 1)
    )
    assert PLAIN.rewrite(before) == after


NOISE = [
    *"-e/.#;@[]'\"\\ \t\n\r\x0c",
    "\\\n",
    "${A}",
    "file:",
    "../",
    "../../common",
    "./common",
    "common",
    "-r ",
    "--edit",
    "%2F",
]


@given(st.lists(st.sampled_from([*NOISE, "-e ../../common", "-e ./common\n", "\n../../common", " # x"])).map("".join))
@example("-e ./common\n-e ../../common # a\n../../common")
def test_rewriting_twice_is_rewriting_once(before: str) -> None:
    """Each run would change the file again; or a reference to the master would be left and nothing said."""
    found = PLAIN.read(before)
    after = apply_edits(before, found.edits)
    again = PLAIN.read(after)
    assert again.edits == ()
    assert again.problems == found.problems or found.edits
    left = {one.line for one in again.references if one.state == "points-at-master"}
    assert not left or {one.code for one in again.problems} & {"CS105", "CS106"}


@given(st.text(), st.lists(st.tuples(st.integers(0, 40), st.sampled_from(NOISE))))
def test_survives_any_text(text: str, noise: list[tuple[int, str]]) -> None:
    """One odd file would end the whole run with a traceback."""
    for index, piece in noise:
        text = text[:index] + piece + text[index:]
    found = PLAIN.read(text)
    assert found.edits == tuple(sorted(found.edits))
    assert all(isinstance(edit, Edit) for edit in found.edits)
    assert declared_encoding(text) is None or declared_encoding(apply_edits(text, found.edits))
