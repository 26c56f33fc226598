"""References in requirements files, held against the real pip: its own parser, and `pip install --dry-run`.

Each test has a monorepo, in which the references lead to the master, and the service alone, as it is deployed.

It leans on inner modules of pip (`pip._internal`), which any release may move: the judge is the pip that the locked set names.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pip._internal.exceptions import PipError
from pip._internal.network.session import PipSession
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import OptionParsingError, get_line_parser, parse_requirements, preprocess
from support.depth import sampled

from common_sync.core.formats.pip.syntax import parse_instructions
from common_sync.core.references.contract import Place, Site
from common_sync.core.references.requirements import read_requirements
from common_sync.core.text import apply_edits

PROJECT = """\
[project]
name = "common-lib"
version = "1.0"
optional-dependencies = { redis = [] }

[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""

BACKEND = '''\
"""The least that pip needs to know a project's name: no package of the index is needed to test."""

import pathlib

METADATA = "Metadata-Version: 2.1\\nName: common-lib\\nVersion: 1.0\\nProvides-Extra: redis\\n"


def prepare_metadata_for_build_wheel(directory, config_settings=None):
    folder = pathlib.Path(directory, "common_lib-1.0.dist-info")
    folder.mkdir()
    folder.joinpath("METADATA").write_text(METADATA)
    wheel = "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    folder.joinpath("WHEEL").write_text(wheel)
    return folder.name


def build_wheel(directory, config_settings=None, metadata_directory=None):
    raise NotImplementedError


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel
build_editable = build_wheel
'''


class Trees(NamedTuple):
    """A monorepo and a deployed service, which has a copy and nothing above it."""

    mono: Path
    alone: Path

    @property
    def service(self) -> Path:
        """The service in the monorepo."""
        return self.mono / "services" / "api"

    def locate(self, path: str, from_file: bool) -> Place:  # noqa: ARG002 - the signature is the core's
        """Resolve a path as the system does, in the monorepo."""
        full = (self.service / path).resolve()
        for folder, where in ((self.mono / "common", "master"), (self.service / "common", "copy")):
            if full.is_relative_to(folder):
                rest = full.relative_to(folder).as_posix()
                return Place("master" if where == "master" else "copy", "" if rest == "." else rest)
        return Place("outside")

    def rewrite(self, text: str) -> str:
        """Return the text with the edits spliced in."""
        return apply_edits(text, read_requirements(text, Site(self.locate, "common")).edits)


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Trees:
    """Build both trees."""
    root = tmp_path_factory.mktemp("trees").resolve()
    made = Trees(root / "mono", root / "alone")
    for project in ("common", "common/python", "common-utils"):
        folder = made.mono / project
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(PROJECT)
        (folder / "backend.py").write_text(BACKEND)
    (made.mono / "common" / "requirements.txt").write_text("of-the-library ; python_version < '3'\n")
    made.service.mkdir(parents=True)
    shutil.copytree(made.mono / "common", made.alone / "common")
    return made


class Installed(NamedTuple):
    """What pip makes of a line."""

    place: str
    editable: bool
    extras: frozenset[str]
    project: str
    marker: str


def ask_pip(folder: Path, text: str, trees: Trees) -> list[Installed]:
    """Return what pip's own parser and constructors make of a file in a service's folder.

    Raises:
        PipError: It refuses the file.
    """
    path = folder / "requirements.txt"
    path.write_text(text, encoding="utf-8", newline="")
    with contextlib.chdir(folder):
        lines = parse_requirements("requirements.txt", PipSession())
        found = [install_req_from_parsed_requirement(line) for line in lines]
        places = [
            _place(one.link.file_path, one.link.subdirectory_fragment, trees) if one.link else "" for one in found
        ]
    return [
        Installed(place, one.editable, frozenset(one.extras), "" if one.link else str(one.req), str(one.markers))
        for place, one in zip(places, found, strict=True)
    ]


def _place(path: str, subdirectory: str | None, trees: Trees) -> str:
    full = os.path.realpath(os.path.join(path, subdirectory or ""))
    for folder in (trees.mono / "common", trees.alone / "common"):
        if Path(full).is_relative_to(folder):
            return f"library/{Path(full).relative_to(folder)}"
    return full


FORMS = [
    "-e {}",
    "--editable {}",
    "--editable={}",
    "-e{}",
    "--edit {}",
    "{}",
    "{}/",
    "{}[redis]",
    "{} [redis]",
    "{}/[redis]",
    "{}[redis]/",
    '{} ; python_version > "3"',
    "{};python_version>'3'",
    "-e {}[redis]  # shared",
    "-e {} ; python_version > '3'",
    '-e "{}"',
    "-e '{}'",
    '-"-editable={}"',
    "-e file:{}",
    "-e file:{}[redis]",
    "-e file:{}#egg=common-lib",
    "-e file:{}#egg=common-lib[redis]",
    "file:{}",
    "file:{}#egg=common-lib",
    'file:{} ; python_version > "3"',
    "common-lib @ file:{}",
    "common-lib@file:{}",
    "common-lib[redis] @ file:{} ; python_version > '3'",
    "common-lib @ file:{};python_version > '3'",
    '-e "common-lib @ file:{}"',
    "common-lib @ file:{}#subdirectory=python",
    "common-lib @ file:{}/..#subdirectory=common",
    "-e file:{}/..#egg=common-lib&subdirectory=common",
    "{} --config-settings a=b",
    "-e {} -C a=b",
    "-e \\\n {}",
    "{} \\\n  --config-settings \\\n  a=b",
    "-e {}\\\n/python\\\n[redis]",
    "--pre -e {} -e ./x",
    "{} -e x",
    "-r {}/requirements.txt",
    "--requirement={}/requirements.txt",
    "-c{}/requirements.txt",
]

PATHS = ["../../common", "./../../services/../common/", "{mono}/common", "../../common/python/../", "../../comm\\\non"]

ALSO = ["FILE:../../common", "common-lib @ file://{mono}/common", "file://localhost{mono}/common"]


def spell(trees: Trees) -> list[str]:
    """Return each form with each path."""
    lines = [form.format(path) for form in FORMS for path in PATHS if "file:" not in form or path[0] != "/"]
    return [line.replace("{mono}", str(trees.mono)) for line in lines + ALSO]


def test_pip_takes_each_form_before_and_after(trees: Trees) -> None:
    """A reference that works in the monorepo would not work, or would install something else, where it is deployed."""
    for line in spell(trees):
        before = ask_pip(trees.service, line, trees)
        after = trees.rewrite(line)
        assert "../../" not in after, line
        assert str(trees.mono) not in after, line
        assert ask_pip(trees.alone, after, trees) == before, line
        assert all(one.place.startswith("library/") for one in before if one.editable or not one.project), line


PIECES = {
    "head": ["", "\t", "# x\n", "redis==5\\\n  --hash=sha256:00\n", "x \\\n# y\n", "\ufeff\n"],
    "form": [form for form in FORMS if "\n" not in form],
    "path": [*PATHS, "../../common-utils", "..\\..\\common", "./common", "common", "../../common/nothing", "../.."],
    "tail": ["", "  ", "  # ../../common", "#x", "[redis]", "\\\n\n", "\x0c", "\u2028x==1", "\r", " \\\r\n --pre"],
}


@given(st.fixed_dictionaries({name: st.sampled_from(pieces) for name, pieces in PIECES.items()}), st.integers(0, 60))
def test_agrees_with_pip_on_what_leads_to_the_master(trees: Trees, pieces: dict[str, str], cut: int) -> None:
    """A reference that pip follows would be missed, or one that it does not follow be rewritten."""
    line = pieces["form"].format(pieces["path"]).replace("{mono}", str(trees.mono)) + pieces["tail"]
    text = pieces["head"] + line[:cut] + "\\\n" + line[cut:]
    after = trees.rewrite(text)
    try:
        before = ask_pip(trees.service, text, trees)
    except (PipError, ValueError):
        return  # pip refuses the file in the monorepo already
    if any(one.place.startswith("library/") or "of-the-library" in one.project for one in before):
        assert ask_pip(trees.alone, after, trees) == before
    else:  # extras after any URL are uv's
        assert after == text or any(one.place.endswith("common[redis]") for one in before)


NOISE = [
    *"-er/.@'\"\\#;= \t\n\r\x0c\x1c\x85\u2028",
    "--edit",
    "-e ",
    "--con",
    "--req",
    " -",
    "\\\n",
    " #",
    "x",
    "../",
    "--",
    "file:",
]


def read_like_pip(text: str) -> dict[int, tuple[str, str]]:
    """Return what pip's own line parser finds: for each line the kind and the value, or nothing where it refuses."""
    read = {}
    parse = get_line_parser(None)
    for number, line in preprocess(text):
        try:
            args, options = parse(line)
        except OptionParsingError:
            read[number] = ("", "")
            continue
        kinds = {"editable": options.editables, "requirements-file": options.requirements}
        kinds["constraints-file"] = options.constraints
        kind = next((kind for kind, values in kinds.items() if values), "")
        if args:
            read[number] = ("editable" if options.editables else "requirement", args.strip())
        elif kind:
            read[number] = (kind, kinds[kind][0])
    return read


@given(st.lists(st.sampled_from(NOISE)).map("".join))
def test_agrees_with_pip_on_lines_words_and_options(text: str) -> None:
    """The tool would read another path than pip, or look for it in another place."""
    check_lines(text)


_BARE_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?:\[[^]]*\])?", re.ASCII)


def check_lines(text: str) -> None:
    """Hold what is read of a file against pip's own line parser."""
    mine = {one.line.number: (one.kind, one.value.value) for one in parse_instructions(text)}
    for number, read in read_like_pip(text).items():
        if number in mine:
            # pip refuses `-e name @ file:./x`, which uv takes: it reads the name alone as a path
            named = read[0] == "editable" and _BARE_NAME.fullmatch(read[1])
            assert mine.pop(number) == read or read == ("", "") or named
        else:  # what cannot be a path is passed over
            assert "/" not in read[1]
            assert not read[1].startswith(".")
    assert not mine


MORE_PIP = "more installations by the real pip"


def install(folder: Path, text: str) -> str:
    """Run the real pip without an index; return what it says if it refuses."""
    (folder / "requirements.txt").write_text(text)
    options = [
        "--dry-run",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--no-input",
        "--disable-pip-version-check",
    ]
    command = [sys.executable, "-m", "pip", "install", *options, "-r", "requirements.txt"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # of pip it is of no use
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize(
    "text",
    sampled(
        [
            "-e ../../common",
            "../../common[redis] ; python_version > '3'",
            "common-lib @ file:../../common",
            "-e file:../..\\\n/common#egg=common-lib",
            "../../common\n../../common[redis]",
            "-e ../../common\n-r file://{mono}/common/requirements.txt",
        ],
        1,
        MORE_PIP,
    ),
)
def test_pip_installs_before_and_after(trees: Trees, text: str) -> None:
    """The service could not be installed from its own folder alone."""
    before = text.replace("{mono}", str(trees.mono))
    assert install(trees.service, before) == ""
    assert install(trees.alone, trees.rewrite(before)) == ""


@pytest.mark.parametrize(
    "lines",
    sampled(
        [
            ["./common", "-e ./common"],
            ["-e ./common", "-e file:./common"],
            ["-e ./common", "common-lib @ file:./common"],
        ],
        1,
        MORE_PIP,
    ),
)
def test_pip_refuses_what_is_reported(trees: Trees, lines: Sequence[str]) -> None:
    """The tool would ask a person to choose where there is nothing to choose."""
    assert "conflicting dependencies" in install(trees.alone, "\n".join(lines))
