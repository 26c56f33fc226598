"""Lines of scripts and settings that lead to the library: which are named, and which are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.places import Layout
from support.project_layout import PLAIN, problems

from common_sync.core.references.mentions import find_upward, read_mentions, report_former

NAMED = [
    pytest.param(text, id=reason)
    for reason, text in (
        ("a command", "\tpip install -e ../../common"),
        ("a short option before it", "pip install -e../../common"),
        ("in quotes", "sys.path.insert(0, '../../common')"),
        ("an assignment", "PYTHONPATH=../../common python app.py"),
        ("in a list of paths", 'export PYTHONPATH="src:../../common:$PYTHONPATH"'),
        ("a mount", "docker run -v ../../common:/app/common api"),
        ("a folder below it, and a pattern", "cp ../../common/our_common/*.py ."),
        ("make's folder", "\tcp -r $(CURDIR)/../../common ."),
        ("the shell's folder", "ls $PWD/../../common"),
        ("a variable in braces", 'cd "${HERE}/../../common"'),
        ("a script's own folder", 'cd "$(dirname "$0")/../../common"'),
        ("a script's own folder, quoted by itself", 'cd "$(dirname "$0")"/../../common'),
        ("tox's folder", "deps = -e{toxinidir}/../../common"),
        ("an f-string", "'our-common @ file://{here}/../../common',"),
        ("setup.cfg's folder", "x = %(here)s/../../common"),
        ("a requirement", "    our-common @ file:../../common"),
        ("a path from its own folder", "x = pathlib.Path(__file__).resolve().parents[2] / 'common' / 'x'"),
        ("a URL from its own folder", "x = f'a @ file://{os.path.dirname(os.path.dirname(os.getcwd()))}/common'"),
        ("an absolute path", "WorkingDirectory=/repo/common"),
        ("a roundabout path", "ls ./../../services/../common/"),
        ("a Windows line end", "ls ../../common\r"),
        ("before a comment", "ls ../../common  # all"),
        ("a hash that is no comment", "x#y ../../common"),
    )
]


@pytest.mark.parametrize("text", NAMED)
def test_names(text: str) -> None:
    """A script would fail in the service's own folder, and nobody would have been told."""
    found = read_mentions(f"#!/bin/sh\n{text}\n", PLAIN.site())
    assert problems(found) == [(2, "CS110")]
    assert (found.edits, found.references) == ((), ())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ls ../../common-utils ../../commons ../../uncommon", id="a neighbour with a longer name"),
        pytest.param("# cp ../../common .", id="a comment"),
        pytest.param("\tx # ../../common", id="a comment after something"),
        pytest.param("; ../../common", id="a comment of a unit"),
        pytest.param("ls ./common ../api/common common", id="the copy"),
        pytest.param("cd ../..", id="the folder above"),
        pytest.param("ls ../../../common a../../common", id="another folder"),
        pytest.param("ls /opt/app/common /usr/bin/env", id="an absolute path that is not here"),
        pytest.param("ls $ROOT/common ${COMMON}", id="a variable that says it all"),
        pytest.param("echo 1...2 .. ../ x/..", id="dots"),
        pytest.param("curl https://x.invalid/../../common-utils", id="a URL"),
        pytest.param(
            "import os\nHERE = os.path.dirname(__file__)\nX = os.path.join(HERE, '../../other')\n", id="a computed path"
        ),
    ],
)
def test_stays_silent(text: str) -> None:
    """False alarms would teach people not to read the findings."""
    assert read_mentions(text, PLAIN.site()).problems == ()


def test_is_resolved_from_the_file_and_from_the_service() -> None:
    """A script in a folder of its own would be misread: some run where they are, others from the service's folder."""
    site = Layout(folder="scripts").site()
    text = "ls ../../common\nls ../../../common/x ../../../common/x ../../common\nls ../../../../common"
    found = read_mentions(text, site)
    assert problems(found) == [(1, "CS110"), (2, "CS110"), (2, "CS110")]
    assert [one.remedy.split("`")[1] for one in found.problems] == ["common", "../common/x", "common"]


FORMER = [
    ("RUN pip install ./old", "./old"),
    ("RUN pip install old/", "old/"),
    ("CMD python old/main.py", "old/"),
    ("\tcp -r ./old/x .  # all", "./old"),
    ("PYTHONPATH=old/src:lib", "old/"),
    ("COPY old/ old/", None),
    ("  add ./old /app", None),
    ("RUN true  # ./old", None),
    ("RUN pip install old ./old-one ./old.txt ../old/x a/old/x", None),
    ("RUN ls -old/x $OLD/", None),
]


@pytest.mark.parametrize(("line", "named"), FORMER)
def test_a_command_that_names_the_former_copy_is_told(line: str, named: str | None) -> None:
    """A build would fail once the copy has moved, for a command that nobody has turned; or a name that only looks so be told."""
    found = list(report_former(f"FROM x\n{line}\n", "old", PLAIN.site()))
    assert [(one.code, one.line, one.message, one.remedy) for one in found] == (
        [("CS110", 2, f"`{named}` is the former place of the copy, and commands are not rewritten", "write `common`")]
        if named
        else []
    )


@given(st.lists(st.sampled_from(["../", "common", "$(", ")", "$x", "{", "}", "/", "-e", " ", "'", "#", ";", "\n", "\x00", "ü"])).map("".join))  # fmt: skip
def test_survives_any_text(text: str) -> None:
    """One odd script would end the whole run with a traceback."""
    found = read_mentions(text, PLAIN.site())
    assert all(code == "CS110" for _, code in problems(found))


@pytest.mark.parametrize(("folder", "written"), [("", "../../common/dist"), ("bin", "../../../common/dist")])
def test_a_path_that_no_copy_has_is_not_advised(folder: str, written: str) -> None:
    """A user would write a path at which nothing will ever be."""
    layout = Layout(folder=folder)
    (problem,) = read_mentions(f"ls {written}\n", layout.site()._replace(holds=lambda _: False)).problems
    assert problem.remedy == f"`dist` is not copied: use the library's folder, `{'../' if folder else ''}common`"


@given(st.text("./-$({})a \t%=\"'", max_size=20))
def test_a_line_that_is_passed_over_names_no_path(line: str) -> None:
    """A path would be overlooked because its line looks like most lines of a program, which are not read closely."""
    assert "/" in line or ".." in line or not list(find_upward(line))
