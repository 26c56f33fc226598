"""References in requirements files: each form that pip takes, before and after, and what must stay as it is."""

import posixpath
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common_sync.core.model import Edit
from common_sync.core.requirements import Include, Place, Requirements, read_requirements
from common_sync.core.text import apply_edits, declared_encoding

SERVICE = "/repo/services/api"
MASTER = "/repo/common"


class Layout(NamedTuple):
    """Where things are, without a disk: the copy in the service, and what leads up to it from the file's folder."""

    copy: str = "common"
    up: str = ""

    def locate(self, path: str, from_file: bool) -> Place:  # noqa: FBT001 - the signature is the core's
        """Resolve a path by its spelling alone."""
        folder = posixpath.join(SERVICE, "requirements") if from_file and self.up else SERVICE
        full = posixpath.normpath(posixpath.join(folder, path))
        if full == MASTER or full.startswith(f"{MASTER}/"):
            return Place("master", full[len(MASTER) + 1 :])
        copy = f"{SERVICE}/{self.copy}"
        if full == copy or full.startswith(f"{copy}/"):
            return Place("copy", full[len(copy) + 1 :])
        return Place("service" if full.startswith(f"{SERVICE}/") else "outside")

    def read(self, characters: str, *, own: bool = True) -> Requirements:
        """Read a file of this layout."""
        return read_requirements(characters, self.locate, self.copy, own=own, up=self.up)

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
    row("P with a slash at its end", "-e ../../common/\n../../common//\n", "-e ./common/\n./common//\n"),
    row("P with extras", "../../common[redis]\n", "./common[redis]\n"),
    row("P with a marker", '../../common ; python_version > "3"\n', './common ; python_version > "3"\n'),
    row("-e P with extras and a comment", "-e ../../common[redis]  # shared\n", "-e ./common[redis]  # shared\n"),
    row("in double quotes", '-e "../../common"\n', '-e "./common"\n'),
    row("in single quotes", "--editable='../../common[redis]'\n", "--editable='./common[redis]'\n"),
    row("-e with a URL", "-e file:../../common\n", "-e file:./common\n"),
    row("-e with a URL and a project's name", "-e file:../../common#egg=x\n", "-e file:./common#egg=x\n"),
    row("a direct reference", "x @ file:../../common\n", "x @ file:./common\n"),
    row("a direct reference to an absolute path", "x @ file:///repo/common\n", "x @ file:./common\n"),
    row("with options", "../../common --config-settings a=b\n", "./common --config-settings a=b\n"),
    row("-e with options", "-e ../../common -C a=b --hash=x:y\n", "-e ./common -C a=b --hash=x:y\n"),
    row("continued before the path", "-e \\\n  ../../common\n", "-e \\\n  ./common\n"),
    row("continued after the path", "../../common \\\n  --config-settings a=b\n", "./common \\\n  --config-settings a=b\n"),
    row("continued right after the path", "-e ../../common\\\n\n", "-e ./common\\\n\n"),
    row("continued inside the path", "-e ../..\\\n/common  # x\n", "-e ./common  # x\n"),
    row("continued twice inside the path", "..\\\r\n/../com\\\r\nmon[redis]\n", "./common[redis]\n"),
    # how the path is spelled
    row("a roundabout path", "-e ./../../services/../common/\n", "-e ./common/\n"),
    row("an absolute path", "-e /repo/common\n/repo/common[redis]\n", "-e ./common\n./common[redis]\n"),
    row("a path with a dot at its end", "-e ../../common/.\n", "-e ./common\n"),
    row("a folder below the library", "-e ../../common/python\n", "-e ./common/python\n"),
    row("an archive below the library", "../../common/dist/x-1.whl\n", "./common/dist/x-1.whl\n"),
    row("extras apart from the path", "../../common [redis]\n", "./common [redis]\n"),
    row("extras after a slash", "../../common/[redis]\n", "./common/[redis]\n"),
    row("a slash after extras, which pip drops", "../../common[redis]/\n", "./common[redis]/\n"),
    row("an upper-case scheme, which pip takes only with ../ after it", "FILE:../../common\n", "file:./common\n"),
    row("URL, marker after a semicolon and blank", "file:../../common; os_name=='x'\n", "file:./common; os_name=='x'\n"),
    row("file:./P", "x @ file:./../../common\n", "x @ file:./common\n"),
    row("file:/abs", "file:/repo/common\n", "file:./common\n"),
    row("file://localhost/abs", "x@file://localhost/repo/common/\n", "x@file:./common/\n"),
    row("percent-encoded", "x @ file:../../c%6Fmmon#egg=x\n", "x @ file:./common#egg=x\n"),
    row("direct, with extras and marker", 'x[a, b] @ file:../../common;os_name=="x"\n', 'x[a, b] @ file:./common;os_name=="x"\n'),
    row("direct and editable", '-e "x @ file:../../common"\n', '-e "x @ file:./common"\n'),
    row("direct and editable without quotes, as uv has it", "-e x @ file:../../common\n", "-e x @ file:./common\n"),
    row("direct to a plain path, as uv has it", "x @ ../../common\n", "x @ ./common\n"),
    row("a fragment after a plain path, as uv has it", "-e ../../common#egg=x\n", "-e ./common#egg=x\n"),
    row("a subdirectory of the library", "x @ file:../../common#subdirectory=a\n", "x @ file:./common#subdirectory=a\n"),
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
    row("quotes around the option", '"--editable=../../common"\n', '"--editable=../../common"\n'),
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
    row("after lines that pip ignores", "-r\n--foo=1 -x\n--\n-\n-e ../../common", "-r\n--foo=1 -x\n--\n-\n-e ./common"),
    row("a path, though an option follows that needs none", "../../common -r x\n", "./common -r x\n"),
    row("a path before -e, which pip takes for editable", "../../common -e x\n", "./common -e x\n"),
    # files to include
    row("-r", "-r ../../common/requirements.txt\n", "-r common/requirements.txt\n"),
    row("-rP", "-r../../common/requirements.txt\n", "-rcommon/requirements.txt\n"),
    row("--requirement=P", "--requirement=../../common/r.txt\n", "--requirement=common/r.txt\n"),
    row("--constraint P", "--constraint ../../common/c.txt\n", "--constraint common/c.txt\n"),
    row("-c with a dot", "-c ./../../common/c.txt\n", "-c ./common/c.txt\n"),
    row("-r with a URL", "-r file:///repo/common/r.txt\n", "-r common/r.txt\n"),
    row("-r from a folder", "-r ../../../common/r.txt\n", "-r ../common/r.txt\n", Layout(up="../")),
    row("-r from a folder, with a dot", "-r ./../../../common/r.txt\n", "-r ./../common/r.txt\n", Layout(up="../")),
    row("-e from a folder: pip counts from the service", "-e ../../common\n", "-e ./common\n", Layout(up="../")),
    row("never a bare word", "-r ../../common\n", "-r ./common\n"),
]
