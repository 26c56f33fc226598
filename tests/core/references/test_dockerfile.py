"""References in Dockerfiles: each form that a build takes, before and after, and what must stay as it is."""

import posixpath
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.counted import assert_grows_with_size, no_hang
from support.depth import deep
from support.trees import thorough

from common_sync.core.formats.dockerfile.syntax import parse_dockerfile
from common_sync.core.references.contract import LocatedReference, Place, Rewrite, Site
from common_sync.core.references.dockerfile.narrowing import narrow_dockerfile
from common_sync.core.references.dockerfile.rewriting import read_dockerfile
from common_sync.core.text import UnparsableError, apply_edits


class Layout(NamedTuple):
    """Where things are, without a disk.

    Attributes:
        service: The service's path.
        master: The master's path.
        copy: The copy's path inside the service.
        context: What leads from the service to the build context, where that is another folder.
        others: Other folders that there are.
        own: Whether the file is the service's.
    """

    service: str = "/repo/services/api"
    master: str = "/repo/common"
    copy: str = "common"
    context: str = ""
    others: tuple[str, ...] = ("/repo/services", "/repo/services/api", "/repo/common-utils")
    own: bool = True

    def locate(self, path: str, _: bool) -> Place:
        """Resolve a path by its spelling alone."""
        full = posixpath.normpath(posixpath.join(self.service, path))
        copy = f"{self.service}/{self.copy}"
        for where, folder in (("copy", copy), ("master", self.master)):
            if full == folder or full.startswith(f"{folder}/"):
                return Place("copy" if where == "copy" else "master", full[len(folder) + 1 :])
        inside = full == self.service or full.startswith(f"{self.service}/")
        return Place("service") if inside else Place("outside", exists=full in self.others)

    def read(self, characters: str) -> Rewrite:
        """Read a file of this layout."""
        return read_dockerfile(characters, self.site())

    def site(self) -> Site:
        """Return where a Dockerfile of this layout stands."""
        up = posixpath.relpath(self.master, self.service)
        return Site(self.locate, self.copy, own=self.own, context=self.context, master=up)

    def rewrite(self, characters: str) -> str:
        """Return the file with its edits spliced in."""
        return apply_edits(characters, self.read(characters).edits)


DEEP = Layout()
FLAT = Layout(service="/repo/api")
SHARED = Layout(master="/repo/shared")
INSIDE = Layout(copy="src/common")
ROOT = Layout(context="../..")


def row(reason: str, before: str, after: str, layout: Layout = FLAT) -> object:
    """Return one row of the table, its reason as the test's name; `FROM x` goes before both."""
    return pytest.param(before, after, layout, id=reason)


REWRITTEN = [
    # the rows of the issue
    row("COPY", "COPY ../common /app/common\n", "COPY common/ /app/common/\n"),
    row("after ARG and ENV of nothing", "ARG\nENV\nCOPY ../common /c\n", "ARG\nENV\nCOPY common/ /c/\n"),
    row("ADD", "ADD ../common /app/common\n", "ADD common/ /app/common/\n"),
    row("--chown", "COPY --chown=a:b ../common /c\n", "COPY --chown=a:b common/ /c/\n"),
    row("--chmod", "COPY --chmod=755 ../common /c\n", "COPY --chmod=755 common/ /c/\n"),
    row("--link", "COPY --link ../common /c\n", "COPY --link common/ /c/\n"),
    row("--exclude", "COPY --exclude=*.md --exclude=a ../common /c\n", "COPY --exclude=*.md --exclude=a common/ /c/\n"),
    row("--parents", "COPY --parents ../common /app/\n", "COPY --parents common/ /app/\n"),
    row("--parents with a pivot", "COPY --parents .././common /c\n", "COPY --parents common/ /c/\n"),
    row("--parents below the library", "COPY --parents ../common/./lib /c\n", "COPY --parents common/./lib /c\n"),
    row(
        "--parents into a deeper copy", "COPY --parents ../../common /c\n", "COPY --parents src/./common/ /c/\n", INSIDE
    ),
    row("several sources", "COPY a ../common ../b /c/\n", "COPY a common/ ../b /c/\n"),
    row("the library twice", "COPY ../common/a ../common/b /c/\n", "COPY common/a common/b /c/\n"),
    row("JSON", 'COPY ["../common", "/app/common"]\n', 'COPY ["common/", "/app/common/"]\n'),
    row("JSON, spelled otherwise", 'ADD [ "a","..\\/c\\u006fmmon" , "/c" ]\n', 'ADD [ "a","common/" , "/c/" ]\n'),
    row("JSON, continued", 'COPY ["../common", \\\n# c\n "/c"]\n', 'COPY ["common/", \\\n# c\n "/c/"]\n'),
    row("continued", "COPY \\\n  ../common \\\n  /c\n", "COPY \\\n  common/ \\\n  /c/\n"),
    row(
        "a comment between",
        "COPY --link \\\n  # why\n\n  ../common \\\n# ../common\n  /c\n",
        "COPY --link \\\n  # why\n\n  common/ \\\n# ../common\n  /c/\n",
    ),
    row("continued inside the path", "COPY ../com\\\nmon /c\n", "COPY common/ /c/\n"),
    row("Windows line ends", "COPY ../common \\\r\n /c\r\n", "COPY common/ \\\r\n /c/\r\n"),
    row(
        "after a heredoc",
        "RUN <<E\nCOPY ../common /c\nE\nCOPY ../common /c\n",
        "RUN <<E\nCOPY ../common /c\nE\nCOPY common/ /c/\n",
    ),
    row(
        "beside a heredoc that takes no variables",
        "ARG L=../common\nCOPY $L /c\nADD <<'E' /d\n$L\nE\n",
        "ARG L=common\nCOPY $L /c\nADD <<'E' /d\n$L\nE\n",
    ),
    row("beside a heredoc", "COPY <<E ../common /c/\nx\nE\n", "COPY <<E common/ /c/\nx\nE\n"),
    row("ONBUILD", "ONBUILD COPY ../common /c\n", "ONBUILD COPY common/ /c/\n"),
    row("ONBUILD with JSON", 'ONBUILD ADD ["../common", "/c"]\n', 'ONBUILD ADD ["common/", "/c/"]\n'),
    row(
        "a bind mount",
        "RUN --mount=type=bind,source=../common,target=/c,ro pip install /c\n",
        "RUN --mount=type=bind,source=common,target=/c,ro pip install /c\n",
    ),
    row("a mount without a type", "RUN --mount=src=../common/a,dst=/c b\n", "RUN --mount=src=common/a,dst=/c b\n"),
    row(
        "a quoted mount",
        'RUN --mount="type=bind,src=../common",dst=/c b\n',
        'RUN --mount="type=bind,src=common",dst=/c b\n',
    ),
    row(
        "a mount that quotes a field",
        "RUN --mount='type=bind,\"src=../common\",dst=/c' b\n",
        "RUN --mount='type=bind,\"src=common\",dst=/c' b\n",
    ),
    row(
        "other flags of a command",
        "RUN --network=none --mount=type=tmpfs,target=/t --mount=src=../common,dst=/c b\n",
        "RUN --network=none --mount=type=tmpfs,target=/t --mount=src=common,dst=/c b\n",
    ),
    row(
        "two mounts",
        "RUN --mount=src=../common,dst=/c --mount=src=a,dst=/a b\n",
        "RUN --mount=src=common,dst=/c --mount=src=a,dst=/a b\n",
    ),
    row(
        "a mount after ONBUILD",
        "ONBUILD RUN --mount=src=../common,dst=/c b\n",
        "ONBUILD RUN --mount=src=common,dst=/c b\n",
    ),
    row("everything in the library", "COPY ../common/* /c/\n", "COPY common/* /c/\n"),
    row(
        "some of the library",
        "COPY ../common/[a-z]*.toml ../common/b? /c/\n",
        "COPY common/[a-z]*.toml common/b? /c/\n",
    ),
    # what is copied, and where to
    row("a file of the library", "COPY ../common/pyproject.toml /c/\n", "COPY common/pyproject.toml /c/\n"),
    row("a file, to a file", "COPY ../common/a.toml /b.toml\n", "COPY common/a.toml /b.toml\n"),
    row("two folders up", "COPY ../../common /c\n", "COPY common/ /c/\n", DEEP),
    row("to here", "COPY ../common .\n", "COPY common/ .\n"),
    row("to here, with a slash", "COPY ../common ./\n", "COPY common/ ./\n"),
    row("to the folder above", "COPY ../common ..\n", "COPY common/ ..\n"),
    row("to a variable", "ENV D=/d\nCOPY ../common $D\n", "ENV D=/d\nCOPY common/ $D\n"),
    row("to a quoted folder", 'COPY ../common "/c"\n', 'COPY common/ "/c"\n'),
    row("to a relative folder", "COPY ../common common\n", "COPY common/ common/\n"),
    # how the path is spelled
    row("with a slash at its end", "COPY ../common/ /c\n", "COPY common/ /c/\n"),
    row("with slashes", "COPY ..//common// /c/\n", "COPY common// /c/\n"),
    row("with dots", "COPY ./../common/. /c/\n", "COPY common/ /c/\n"),
    row("roundabout", "COPY ../common/a/../../common/b /c/\n", "COPY common/b /c/\n"),
    row("in quotes", "COPY \"../common\" '../common/a' /c/\n", "COPY \"common/\" 'common/a' /c/\n"),
    row("with an escape", "COPY ../comm\\on /c/\n", "COPY common/ /c/\n"),
    row(
        "another escape character",
        "# escape=`\nFROM x\nCOPY `\n ../comm`on /c/\n",
        "# escape=`\nFROM x\nCOPY `\n common/ /c/\n",
    ),
    row("tabs", "\tcopy\t../common\t/c\n", "\tcopy\tcommon/\t/c/\n"),
    row("without a line end", "COPY ../common /c", "COPY common/ /c/"),
    row("another name", "COPY ../../shared /c\n", "COPY common/ /c/\n", SHARED),
    row("a deeper copy", "COPY ../../common/a /c\n", "COPY src/common/a /c\n", INSIDE),
    row("only BuildKit finds it", "COPY ../common /c\n", "COPY common/ /c/\n", DEEP),
    row("only BuildKit finds it, from far below", "COPY ../../../../common/a /c\n", "COPY common/a /c\n", DEEP),
    row("out of the service and back in", "COPY ../api/common /c\n", "COPY common/ /c/\n"),
    # variables
    row("ARG", "ARG LIB=../common\nCOPY $LIB /c/\n", "ARG LIB=common\nCOPY $LIB /c/\n"),
    row("ARG in braces", 'ARG A LIB="../common"\nCOPY ${LIB}/a /c/\n', 'ARG A LIB="common"\nCOPY ${LIB}/a /c/\n'),
    row("ENV", "ENV LIB=../common A=b\nCOPY $LIB /c/\n", "ENV LIB=common A=b\nCOPY $LIB /c/\n"),
    row("the old ENV", "ENV LIB ../common\nCOPY $LIB /c/\n", "ENV LIB common\nCOPY $LIB /c/\n"),
    row("a default", "ARG L\nCOPY ${L:-../common} /c/\n", "ARG L\nCOPY ${L:-common/} /c/\n"),
    row(
        "ARG above FROM", "ARG L=../common\nFROM x\nARG L\nCOPY $L /c/\n", "ARG L=common\nFROM x\nARG L\nCOPY $L /c/\n"
    ),
    row("two uses, both of the library", "ARG L=../common\nCOPY $L/a $L/b /c/\n", "ARG L=common\nCOPY $L/a $L/b /c/\n"),
    row(
        "a variable of a variable",
        "ARG A=../common\nARG B=$A/b\nCOPY $B /c/\n",
        "ARG A=common\nARG B=$A/b\nCOPY $B /c/\n",
    ),
    row(
        "of a stage below",
        "FROM x AS y\nARG L=../common\nFROM y\nCOPY $L /c/\n",
        "FROM x AS y\nARG L=common\nFROM y\nCOPY $L /c/\n",
    ),
    row("what leads upward", "ARG UP=..\nCOPY $UP/common /c/\n", "ARG UP=.\nCOPY $UP/common /c/\n"),
    row(
        "what leads upward, with a slash", "ARG UP=../\nCOPY ${UP}common/a /c/\n", "ARG UP=./\nCOPY ${UP}common/a /c/\n"
    ),
    row("the library's name", "ARG N=common\nRUN $N\nCOPY ../$N /c/\n", "ARG N=common\nRUN $N\nCOPY ./$N /c/\n"),
    row("in a mount", "ARG L=../common\nRUN --mount=src=$L,dst=/c a\n", "ARG L=common\nRUN --mount=src=$L,dst=/c a\n"),
    row(
        "two stages",
        "ARG L=../common\nCOPY $L /c/\nFROM y\nARG L=../common\nCOPY $L /c/\n",
        "ARG L=common\nCOPY $L /c/\nFROM y\nARG L=common\nCOPY $L /c/\n",
    ),
]

STAYS = [
    row("no longer", "COPY common/ /c/\n", "", DEEP),
    row("from a stage", "COPY --from=b ../common /c\n", ""),
    row("from an image", "COPY --from=a/b:1 ../common /c\n", ""),
    row("a mount from a stage", "RUN --mount=from=b,src=../common,dst=/c a\n", ""),
    row("a cache", "RUN --mount=type=cache,src=../common,dst=/c a\n", ""),
    row("a secret", "RUN --mount=type=secret,src=../common,id=a a\n", ""),
    row("begins alike", "COPY ../common-utils /c\n", ""),
    row("begins alike, with a wildcard", "COPY ../common-* /c/\n", ""),
    row("ends alike", "COPY ../uncommon /c\n", ""),
    row("a comment", "# COPY ../common /c\n", ""),
    row("a command", "RUN cp -r ../common /c\n", ""),
    row("a folder of the service", "COPY src/common lib /c/\n", ""),
    row("a heredoc", "RUN <<E\nCOPY ../common /c\nE\n", ""),
    row("a heredoc that strips tabs", "COPY <<-'E' /c\n\tCOPY ../common /c\n\tE\n", ""),
    row("a label", "LABEL a=../common\n", ""),
    row("the destination", "COPY a ../common\n", ""),
    row("a variable that no source uses", "ARG L=../common\nRUN $L\n", ""),
    row("a URL", "ADD https://x.org/../common git@x.org:../common /c/\n", ""),
    row("an absolute path, which begins at the context", "COPY /repo/common /../x /c/\n", ""),
    row("all that is above", "COPY .. /c/\n", ""),
    row("a NUL, which no path holds", 'COPY ["../common\\u0000", "/c"]\n', ""),
    row("an exclusion", "COPY --exclude=../common . /c/\n", ""),
    row("a variable of another stage", "ARG L=../common\nFROM y\nCOPY ${L}x /c/\n", ""),
    row("nothing", 'COPY ["", "/c"]\nCOPY "" /c\nRUN --mount=source=,target=/c a\n', ""),
    row("a wildcard below the context", "COPY /co*/x /c/\n", ""),
    row("an unknown variable inside the service", "COPY src/$X/common /c/\n", ""),
]


def whole(text: str) -> str:
    """Return a file with a stage in it."""
    return (
        text
        if text.startswith(("# escape", "FROM", "ARG L=../common\nFROM", "ARG L=common\nFROM"))
        else f"FROM x\n{text}"
    )


@pytest.mark.parametrize(("before", "after", "layout"), REWRITTEN)
def test_reference_is_rewritten(before: str, after: str, layout: Layout) -> None:
    """A service whose Dockerfile still leads out of it does not build from its own folder."""
    found = layout.read(whole(before))
    assert apply_edits(whole(before), found.edits) == whole(after)
    assert found.problems == ()
    assert {reference.state for reference in found.references} == {"points-at-master"}
    again = layout.read(whole(after))
    assert (again.edits, again.problems) == ((), ())
    assert {reference.state for reference in again.references} == {"points-at-copy"}


@pytest.mark.parametrize(("before", "after", "layout"), STAYS)
def test_anything_else_stays(before: str, after: str, layout: Layout) -> None:
    """A line that has nothing to do with the library would be changed behind its author's back."""
    found = layout.read(whole(before))
    assert (found.edits, found.problems) == ((), ())
    assert all(reference.state == "points-at-copy" for reference in found.references)


class Told(NamedTuple):
    """What is reported of a file that stays as it is.

    Attributes:
        code: The finding's.
        line: Its line.
        words: What is in its message.
        state: The reference's.
    """

    code: str
    line: int
    words: str
    state: str = "unresolved"


MASTERS = "points-at-master"

REPORTED = [
    pytest.param("ARG L\nCOPY ../$L /c/\n", Told("CS102", 3, "variable"), DEEP, id="a variable that nobody knows"),
    pytest.param("COPY ../$L /c/\n", Told("CS102", 2, "variable"), DEEP, id="a variable of the base image"),
    pytest.param("COPY ../${L#x} /c/\n", Told("CS102", 2, "variable"), DEEP, id="a variable that is cut"),
    pytest.param("ARG L=../common\nRUN echo $L\nCOPY $L /c/\n", Told("CS102", 4, "elsewhere", MASTERS), FLAT, id="used in a command"),
    pytest.param("ENV L=../common\nRUN <<E\nprint(L)\nE\nCOPY $L /c/\n", Told("CS102", 6, "elsewhere", MASTERS), FLAT, id="used in a script"),
    pytest.param("ARG L=../common\nCOPY $L /c/\nCOPY <<E /d\nl=${L}\nE\n", Told("CS102", 3, "elsewhere", MASTERS), FLAT, id="used in a file that COPY writes"),
    pytest.param("ARG L=../common\nCOPY $L $L\n", Told("CS102", 3, "elsewhere", MASTERS), FLAT, id="used as destination"),
    pytest.param("ARG L=../common\nARG M=$L\nRUN $M\nCOPY $L /c/\n", Told("CS102", 5, "elsewhere", MASTERS), FLAT, id="used by another variable"),
    pytest.param("ARG U=..\nCOPY $U/common $U/x /c/\n", Told("CS102", 3, "elsewhere", MASTERS), FLAT, id="used for more than the library"),
    pytest.param("ARG U=../../\nCOPY ${U}shared /c/\n", Told("CS102", 3, "elsewhere", MASTERS), SHARED, id="brings only a part, and the copy has another name"),
    pytest.param("COPY ../common* /c/\n", Told("CS102", 2, "wildcard"), FLAT, id="a wildcard that matches the library"),
    pytest.param("COPY ../../*/a /c/\n", Told("CS102", 2, "wildcard"), DEEP, id="a wildcard above a file of the library"),
    pytest.param("COPY ../c[o]mm?n /c/\n", Told("CS102", 2, "wildcard"), FLAT, id="a set that matches the library"),
    pytest.param(
        "COPY ../common /c/\n", Told("CS102", 2, "another folder"), DEEP._replace(others=("/repo/services/common",)),
        id="BuildKit takes the copy, but the path names another folder",
    ),
    pytest.param("COPY --parents ../../shared /c/\n", Told("CS106", 2, "mean", MASTERS), SHARED, id="--parents would make another folder"),
    pytest.param("COPY ../com\\\n# c\nmon /c/\n", Told("CS106", 2, "mean", MASTERS), FLAT, id="a comment inside the path"),
    pytest.param("COPY ../common /c/\n", Told("CS106", 2, "mean", MASTERS), FLAT._replace(copy="our common"), id="a blank in the copy's name"),
    pytest.param("COPY ../common /c/\n", Told("CS106", 2, "mean", MASTERS), FLAT._replace(copy="it's"), id="a quote in the copy's name"),
    pytest.param("COPY ../../common /c/\n", Told("CS103", 2, "own", "foreign"), DEEP._replace(own=False), id="a file of others"),
    pytest.param("COPY common /c/\n", Told("CS112", 2, "built from `../..`", "foreign"), ROOT, id="a root context"),
    pytest.param("COPY a \\\n  ./common/b /c/\n", Told("CS112", 3, "built from", "foreign"), ROOT, id="a root context, on the second line"),
]  # fmt: skip


@pytest.mark.parametrize(("characters", "told", "layout"), REPORTED)
def test_what_needs_a_person_is_reported(characters: str, told: Told, layout: Layout) -> None:
    """Somebody would believe that the service builds by itself."""
    found = layout.read(f"FROM x\n{characters}")
    assert found.edits == ()
    (problem,) = found.problems
    assert (problem.code, problem.line) == (told.code, told.line)
    assert told.words in problem.message
    assert {reference.state for reference in found.references} == {told.state}


def test_json_takes_a_blank_in_the_copys_name() -> None:
    """A copy in a folder with a blank in its name could not be referred to."""
    layout = FLAT._replace(copy="our common")
    assert layout.rewrite('FROM x\nCOPY ["../common", "/c"]\n') == 'FROM x\nCOPY ["our common/", "/c/"]\n'


def test_a_symlink_into_the_library_is_followed() -> None:
    """A service that reaches into the library by a symlink would lose it in its image, where that leads nowhere."""

    def locate(path: str, _: bool) -> Place:
        return Place("master", "our_common") if path == "lib" else FLAT.locate(path, False)

    text = "FROM x\nCOPY lib /c\n"
    found = read_dockerfile(text, Site(locate, "common"))
    assert apply_edits(text, found.edits) == "FROM x\nCOPY common/our_common /c\n"


NARROWED = [
    pytest.param("COPY common/ /c/\nCOPY services/api/a b /d/\n", None, ROOT, id="one that is elsewhere"),
    pytest.param("COPY services/api/a services/api/b/ /d/\n", "COPY a b/ /d/\n", ROOT, id="two"),
    pytest.param("COPY --parents services/api/a /d/\n", None, ROOT, id="--parents"),
    pytest.param("COPY ./services//api /d/\n", "COPY . /d/\n", ROOT, id="spelled in another way"),
    pytest.param("COPY services/api/common/a /d/\n", "COPY common/a /d/\n", ROOT, id="the copy"),
    pytest.param("COPY services/apix /d/\n", None, ROOT, id="begins alike"),
    pytest.param("COPY common /c\n", None, ROOT._replace(copy="a b"), id="a blank in the copy's name"),
    pytest.param("COPY common /c\n", None, ROOT._replace(copy="it's"), id="a quote in the copy's name"),
]


@pytest.mark.parametrize(("before", "after", "layout"), NARROWED)
def test_a_context_is_narrowed_whole_or_not_at_all(before: str, after: str | None, layout: Layout) -> None:
    """An image would be built without a part of what it needs."""
    text = f"FROM x\n{before}"
    narrowed = narrow_dockerfile(text, [layout.site()], "services/api")
    assert bool(narrowed.problems) is (after is None)
    assert apply_edits(text, narrowed.edits) == f"FROM x\n{before if after is None else after}"


@deep("long files")
def test_many_variables_take_a_time_that_their_number_tells() -> None:
    """A hostile file of 55 kB would keep the hook for minutes."""

    def read(variables: int) -> Rewrite:
        lines = (f"ARG A{at}=../common\nCOPY $A{at} /a{at}\n" for at in range(variables))
        return FLAT.read(f"FROM x\n{''.join(lines)}")

    with no_hang():
        found = read(400)
    assert (len(found.edits), found.problems) == (400, ())
    assert_grows_with_size(lambda variables: lambda: read(variables), 60)


def test_a_mount_of_the_whole_context_keeps_it() -> None:
    """A command would no longer find what it reads of the mounted context."""
    text = "FROM x\nCOPY services/api/a /d/\nRUN --mount=type=bind,target=/src cp /src/tools/x /app/\nRUN --mount=target=/s,src= a\n"
    narrowed = narrow_dockerfile(text, [ROOT.site()], "services/api")
    assert [(problem.code, problem.line) for problem in narrowed.problems] == [("CS112", 3), ("CS112", 4)]
    assert "`type=bind,target=/src`" in narrowed.problems[0].message
    others = "FROM x\nRUN --mount= --mount --mount=type=cache,target=/c --mount=from=y,target=/d --mount=type=tmpfs,target=/t a\n"
    assert not narrow_dockerfile(others, [ROOT.site()], "services/api").problems


def test_from_a_root_context_the_copy_is_known() -> None:
    """A Dockerfile that takes the copy already would be blamed for its context."""
    found = ROOT.read("FROM x\nCOPY services/api/common /c\n")
    assert found == Rewrite(references=(LocatedReference(2, "points-at-copy", "services/api/common"),))


def test_references_are_told_with_their_lines() -> None:
    """`verify` would name another line than the one to look at."""
    found = FLAT.read("FROM x\nCOPY a \\\n  ../common/b \\\n  common /c/\n")
    assert found.references == (
        LocatedReference(3, "points-at-master", "../common/b", "b"),
        LocatedReference(4, "points-at-copy", "common"),
    )


@pytest.mark.parametrize(
    "characters",
    ["FROM x\nCOPY ../common '/c\nCOPPY\n", "FROM x\nARG A='\nCOPY $A /c\n", "FROM x\nCOPY '../common /c\n"],
)
def test_what_docker_refuses_is_not_edited(characters: str) -> None:
    """A file that is half understood would be spoilt."""
    with pytest.raises(UnparsableError):
        FLAT.read(characters)


sources = st.sampled_from(
    [
        *(
            "../common",
            "../../common",
            "../common/a",
            "../common/*",
            "../common*",
            "../common-utils",
            "common/",
            "src",
            ".",
        ),
        *(
            "$LIB",
            "${LIB}/a",
            "${UP}/common",
            "${X:-../common}",
            '"../common"',
            "'../common'",
            "../com\\mon",
            "..\\\n/common",
        ),
        *(
            "../com\\\n# c\nmon",
            "../$X",
            "<<EOF",
            "/common",
            "./../common/.",
            "../services/../common",
            "ä/../../common",
        ),
    ]
)
destinations = st.sampled_from(["/app/common", "/c/", ".", "./", "$D", '"/c"', "c", "..", "/ä"])
flags = st.sampled_from(["", "--link ", "--chown=a:b ", "--from=b ", "--parents ", "--exclude=../common \\\n  # c\n  "])


def _shell_form(name: str, flag: str, taken: Sequence[str], destination: str, blank: str) -> str:
    body = "\nx\nEOF" * sum("<<EOF" in one for one in taken)
    return f"{name} {flag}{blank.join([*taken, destination])}{body}"


def _json_form(name: str, flag: str, taken: Sequence[str], destination: str) -> str:
    listed = ", ".join(f'"{one}"' for one in [*taken, destination] if '"' not in one and "\\" not in one)
    return f"{name} {flag}[{listed}]" if listed.count(",") else "RUN a"


names = st.sampled_from(["COPY", "add", "ONBUILD COPY"])
lists = st.lists(sources, min_size=1, max_size=3)
blanks = st.sampled_from([" ", "\t", " \\\n  ", " \\\n# ../common\n  "])
instructions = st.one_of(
    st.builds(_shell_form, names, flags, lists, destinations, blanks),
    st.builds(_json_form, names, flags, lists, destinations),
    st.builds("RUN --mount=type=bind,source={},target=/c a".format, sources),
    st.sampled_from(
        [
            "ARG LIB=../common",
            "ARG UP=..",
            "ENV LIB='../common'",
            "ARG X",
            "RUN echo $LIB",
            "FROM y AS b",
            "# ../common",
            "",
            "RUN a",
        ]
    ),
)
files = st.lists(instructions, max_size=6).map(lambda lines: "\n".join(["FROM x", *lines, ""]))
layouts = st.sampled_from([FLAT, DEEP, SHARED, INSIDE, FLAT._replace(copy="a b"), FLAT._replace(own=False), ROOT])


@given(files, layouts)
@example("FROM x\nARG LIB=../common\nCOPY $LIB ${LIB}/a /c/\nENV LIB='../common'\nCOPY $LIB /c/\n", FLAT)
@thorough
def test_rewriting_is_safe_whatever_the_file_says(characters: str, layout: Layout) -> None:
    """A second run would change the file again, or the first would have changed more than paths."""
    try:
        before = parse_dockerfile(characters)
        found = layout.read(characters)
    except UnparsableError:
        return
    after = apply_edits(characters, found.edits)
    assert layout.rewrite(after) == after
    reported = {problem.line for problem in found.problems if problem.code in {"CS102", "CS106"}}
    excused = {one.value for one in found.references if one.line in reported}
    assert {one.value for one in layout.read(after).references if one.state == "points-at-master"} <= excused
    again = parse_dockerfile(after)
    assert [(one.name, len(one.words), one.json) for one in again.instructions] == [
        (one.name, len(one.words), one.json) for one in before.instructions
    ]
    comments = [line for line in characters.splitlines() if line.startswith("#")]
    assert [line for line in after.splitlines() if line.startswith("#")] == comments


@given(files, layouts)
@thorough
def test_windows_line_ends_change_nothing(characters: str, layout: Layout) -> None:
    """A file from Windows would be left behind, or get line ends of two kinds."""
    try:
        plain = layout.rewrite(characters)
    except UnparsableError:
        return
    assert layout.rewrite(characters.replace("\n", "\r\n")) == plain.replace("\n", "\r\n")


def _locate_former(path: str, from_file: bool) -> Place:
    inside = posixpath.normpath(path)
    first, _, rest = inside.partition("/")
    return Place("master", rest) if first == "common" else Place("copy" if first == "shared" else "service", rest)


_HEAD = "FROM python\nWORKDIR /app\n"
FORMER = {
    "COPY common/ ./common/": "COPY shared/ ./shared/",
    "COPY common common\n# common": "COPY shared/ ./shared/\n# common",
    'COPY ["common/", "common/"]': 'COPY ["shared/", "./shared/"]',
    "COPY --chown=1 common/ ./common": "COPY --chown=1 shared/ ./shared/",
    "COPY common/ /common/": "COPY shared/ /common/",
    "COPY common/ lib/": "COPY shared/ lib/",
    "COPY common/x ./common/": "COPY shared/x ./common/",
    "ARG X=common\nCOPY common/ $X": "ARG X=common\nCOPY shared/ $X",
    "COPY common/ ./common/\nENV PYTHONPATH=/app/common": "COPY shared/ ./common/\nENV PYTHONPATH=/app/common",
    "COPY common/ ./common/\nRUN pip install ./common": "COPY shared/ ./common/\nRUN pip install ./common",
    "RUN --mount=type=bind,source=common,target=/c x": "RUN --mount=type=bind,source=shared,target=/c x",
}


@pytest.mark.parametrize("before", FORMER)
def test_where_a_former_copy_was_put_follows(before: str) -> None:
    """After a rename of the library, requirements would lead to a folder that the image does not have."""
    site = Site(_locate_former, "shared", master="common")
    found = read_dockerfile(_HEAD + before, site)
    after = apply_edits(_HEAD + before, found.edits)
    assert after == _HEAD + FORMER[before]
