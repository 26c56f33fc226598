"""The checks that need no build: imports, layouts, names, old builds, what is switched off, and the table's states."""

import pytest
from support.contexts import BASE, FILES, INSTALL, LIBRARY, context_of, follow, view_of

from common_sync.core.doctor.catalogue import CHECKS, State, Verdict, conclude, is_silenced, judge
from common_sync.core.doctor.checks.by_name import find_asked_by_name
from common_sync.core.doctor.checks.layout import Package, find_packages, find_places, find_shadow
from common_sync.core.doctor.checks.library import (
    Absence,
    Running,
    find_absence,
    find_layout_trouble,
    find_name_troubles,
    find_stale_trouble,
)
from common_sync.core.doctor.checks.path_entries import list_leaving
from common_sync.core.doctor.checks.references import check_references
from common_sync.core.doctor.checks.start.looking import any_look
from common_sync.core.doctor.image.bases import UNKNOWN_FOLDER, Base, System, read_base
from common_sync.core.doctor.image.files import Put
from common_sync.core.doctor.install.need import Need
from common_sync.core.doctor.install.project.projects import Project
from common_sync.core.findings import CODES, make_finding
from common_sync.core.formats.python import find_path_entries

# sys.path

PATHS = [
    ('sys.path.append("../../common")', "/common"),
    ('sys.path.insert(0, "/opt/lib")', "/opt/lib"),
    ("sys.path.append(str(Path(__file__).parents[2]))", "/services"),
    ("sys.path.append(Path(__file__).resolve().parent.parent / 'lib')", "/services/api/lib"),
    ("sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'x'))", "/services/x"),
    ("sys.path += [os.path.dirname(__file__), '..']", "/services /services/api/app"),
    ("sys.path = ['../a'] + sys.path", "/services/a"),
    ("sys.path[0:0] = ['../a']", "/services/a"),
    ("sys.path.extend(('../a', '../b'))", "/services/a /services/b"),
    ("ROOT = Path(__file__).parents[3]\nsys.path.append(f'{ROOT}/common')", "//common"),
    ("sys.path.append(os.getcwd() + '/lib')", "/services/api/lib"),
    ("sys.path.append(Path('.').joinpath('a', 'b').as_posix())", "/services/api/a/b"),
    ("sys.path.append(Path('a').parent.parent)", "/services"),
    ("site.addsitedir('../x')", "/services/x"),
    ("sys.path.append(os.environ['X'])", ""),
    ("sys.path.append(f'{x}/y'); sys.path.append(x + 'y'); sys.path.append(x / 'y'); sys.path.append(Path(x))", ""),
    ("sys.path.append(find(1)); sys.path.append(dirname()); sys.path.remove('x'); other.path.append('..')", ""),
    ("sys.path.sort()", ""),
    ("x = find()\nsys.path.append(x)", ""),
    ("def broken(:", ""),
    ("x = '\\d'", ""),
]


@pytest.mark.parametrize(("text", "expected"), PATHS, ids=[row[0] for row in PATHS])
def test_what_is_put_on_the_path_is_found(text: str, expected: str) -> None:
    """A service would import the master where it is developed, and nothing where it is deployed."""
    found = find_path_entries(text, "/services/api/app/main.py", "/services/api")
    assert " ".join(sorted(entry.path for entry in found)) == expected


def test_only_what_leads_out_of_the_service_is_a_finding() -> None:
    """A service's own folders on its path would be called wrong."""
    text = "import sys\nsys.path.append('lib')\nsys.path.append('../..')\n"
    (entry,) = list_leaving("services/api", "main.py", text)
    assert (entry.path, entry.line) == ("/", 3)


# the library

NESTED = {
    "common/pyproject.toml": '[project]\nname = "common"\n',
    "common/common/__init__.py": "VERSION = 1\n",
    "requirements.txt": "-e ./common\n",
}


def installed(backend: str, *, editable: bool = True) -> list[Need]:
    """Return a copy that is installed."""
    return [Need("project", "./common", "/app/common", "there", editable=editable, project=Project(backend=backend))]


LAYOUTS = [
    ([], NESTED, "CS208"),
    (installed("setuptools"), NESTED, "CS217"),
    (installed("setuptools", editable=False), NESTED, None),
    (installed("hatchling"), NESTED, None),
    (installed("setuptools"), NESTED | {"common/common/__init__.py": "\n"}, None),
    (installed("setuptools"), {"common/src/common/__init__.py": "x"}, None),
    ([], {"common/src/common/__init__.py": "x"}, "CS208"),
    ([], NESTED | {"common/__init__.py": ""}, None),
    ([], FILES, None),
]


@pytest.mark.parametrize(("needs", "files", "code"), LAYOUTS)
def test_a_folder_that_is_taken_for_the_package_is_found(
    needs: list[Need], files: dict[str, str], code: str | None
) -> None:
    """An import would find an empty namespace where the library should be, and nobody know why."""
    trouble = find_layout_trouble(Running("/app/common", "/app", "Dockerfile"), needs, context_of(files), "common")
    assert (trouble and trouble.code) == code


def test_a_copy_elsewhere_is_not_taken_for_the_package() -> None:
    """A layout that works would be called wrong."""
    packages = [Package("common", empty=False, in_source=False)]
    assert find_shadow("/opt/common", "/app", packages, package_itself=False) is None


def test_packages_are_found_in_both_layouts() -> None:
    """A library with its packages in `src/` would be held to have none."""
    files = {"c/src/a/__init__.py": "", "c/b/__init__.py": "x", "c/tests/__init__.py": "", "c/no/x.py": ""}
    assert [tuple(one) for one in find_packages(context_of(files), "c")] == [("b", False, False), ("a", True, True)]


def test_the_copys_place_in_an_image_is_found_through_stages() -> None:
    """A mount over it would not be noticed."""
    context = context_of(LIBRARY)
    build = follow(
        "FROM python AS a\nWORKDIR /w\nCOPY common/pyproject.toml /o\nCOPY common /lib/c\nFROM python\nCOPY --from=a /lib /srv\nCOPY . /all\nCOPY <<EOF /x\nEOF\n",
        LIBRARY,
    )
    images = [stage.image for stage in build.stages]
    layers = [layer for layer in images[0].layers if isinstance(layer, Put)]
    assert find_places(images[0], layers[0].files, "common") == ["/lib/c"]
    assert find_places(images[1], layers[0].files, "common") == ["/srv/c", "/all/common"]
    assert find_places(images[1], context, "common") == []


def test_a_library_that_nothing_brings_is_found() -> None:
    """An image would be built whose service cannot start, and be called proven."""
    requirements = {**FILES, "requirements.txt": "fastapi\n"}
    for text, expected in (
        (BASE + "COPY main.py ./\n", "CS216"),
        (BASE + "COPY main.py requirements.txt ./\n" + INSTALL, "CS216"),
        (BASE + "COPY common/ ./\n", None),
        (BASE + "ENV PYTHONPATH=common\nCOPY . .\n", None),
        (BASE + "ENV PYTHONPATH=$X\nCOPY . .\n", "CS213"),
        (BASE + "COPY . .\nRUN make\n", None),
        ("FROM some/base\nCOPY main.py ./\n", "CS213"),
    ):
        build = follow(text, requirements)
        look = any_look(build.stages[-1], ())
        trouble = find_absence(build, ["our_common"], "libs/shared", "Dockerfile", Absence(look, look))
        assert (trouble and trouble.code) == expected, text
        assert trouble is None or trouble.remedy.endswith("`RUN pip install ./libs/shared`")
    assert find_absence(build, [], "common", "Dockerfile", Absence(look, look)) is None


def test_names_that_strangers_have_are_found() -> None:
    """A forgotten reference would install a stranger's package."""
    public = {"common", "utils"}
    assert [one.code for one in find_name_troubles("Common", ["common", "utils"], public, "f")] == ["CS209"] * 2
    assert list(find_name_troubles("our-common", ["our_common"], public, "f")) == []


def test_the_name_to_change_is_the_one_that_is_told() -> None:
    """A distribution would be renamed whose name is nobody else's, while its package keeps the one that is."""
    public = {"acme", "common"}
    (package,) = find_name_troubles("acme-common", ["acme", "inner"], public, "f")
    assert package.message.startswith("the package `acme` of `acme-common` may be a name on the public index, too: ")
    assert package.remedy.endswith("`yourcompany_acme`")
    (itself,) = find_name_troubles("Common", ["common"], public, "f")
    assert itself.message.startswith("`Common` may be a name on the public index, too: ")
    assert itself.remedy.endswith("`yourcompany-common`")


def test_all_packages_with_a_stranger_s_name_are_told_at_once() -> None:
    """A library of plain words (`auth`, `config`, `models`) would be told in three lines for each, before anything that matters."""
    (all_of_them,) = find_name_troubles("acme", ["auth", "inner", "models"], {"auth", "models"}, "f")
    assert all_of_them.message.startswith(
        "the packages `auth`, `models` of `acme` may be names on the public index, too: "
    )
    assert all_of_them.remedy == "give them names of your own, such as `yourcompany_auth`"


def test_an_old_build_is_found_where_setuptools_would_pack_it() -> None:
    """A deleted module would be shipped."""
    build = {**LIBRARY, "common/build/lib/our_common/gone.py": ""}
    found = find_stale_trouble(context_of(build), "common")
    assert found is not None
    assert found.code == "CS211"
    assert find_stale_trouble(context_of(build, "**/build"), "common") is None
    assert find_stale_trouble(context_of(LIBRARY), "common") is None
    hatch = {**build, "common/pyproject.toml": '[build-system]\nbuild-backend = "hatchling.build"\n'}
    assert find_stale_trouble(context_of(hatch), "common") is None


# references as they lie

REFERENCES = [
    ("-e ./common\n", "", ""),
    ("-e ../../common\n", "CS205:1", "CS205:1"),
    ("-r ../base.txt\n", "CS205:1", "CS205:1"),
    ("-e ./gone\n", "CS201:1", ""),
    ("-r gone.txt\n", "CS204:1", ""),
    ("-e ${X}\n", "CS213:1", ""),
    ("./empty\n", "CS201:1", ""),
    ("fastapi\n", "", ""),
]


@pytest.mark.parametrize(("text", "alone", "in_image"), REFERENCES)
def test_references_are_looked_at_as_they_lie(text: str, alone: str, in_image: str) -> None:
    """A service that is run from a virtual environment would be passed over."""
    files = {**FILES, "requirements.txt": text, "empty/x": ""}
    for expected, built in ((alone, False), (in_image, True)):
        troubles = check_references(view_of(files)._replace(in_image=built))
        assert " ".join(f"{one.code}:{one.line}" for one in troubles) == expected


_OUTSIDE = BASE + "COPY common /common\nCOPY requirements.txt .\n" + INSTALL
_MOUNTED = (
    BASE
    + "COPY requirements.txt .\nRUN --mount=type=bind,source=common,target=/common pip install -r requirements.txt\n"
)
IN_THE_IMAGE = {
    "a direct reference": (_OUTSIDE, "our-common @ file:///common\n", ""),
    "with a host": (_OUTSIDE, "our-common @ file://localhost/common\n", ""),
    "a path": (_OUTSIDE, "/common\n", ""),
    "with an extra": (_OUTSIDE, "/common[x]\n", ""),
    "editable": (_OUTSIDE, "-e /common\n", ""),
    "in a mount": (_MOUNTED, "/common\n", ""),
    "another file": (_OUTSIDE.replace("COPY r", "COPY main.py /srv/base.txt\nCOPY r"), "-r /srv/base.txt\n", ""),
    "a folder of packages": (
        _OUTSIDE.replace("COPY r", "COPY main.py /wheels/\nCOPY r"),
        "--no-index\n--find-links /wheels\n",
        "",
    ),
    "another folder": (_OUTSIDE, "/commons\n", "CS205:1"),
    "relative": (_OUTSIDE, "../../common\n", "CS205:1"),
    "relative, with a scheme": (_OUTSIDE, "our-common @ file:../../common\n", "CS205:1"),
    "not there": (BASE + "COPY . .\n" + INSTALL, "/common\n", "CS205:1"),
}


@pytest.mark.parametrize("name", IN_THE_IMAGE)
def test_an_absolute_path_that_the_image_has_leads_nowhere_out(name: str) -> None:
    """A service that builds would be called broken, because of a path that only its image has."""
    dockerfile, text, expected = IN_THE_IMAGE[name]
    files = {**FILES, "requirements.txt": text, "main.py": ""}
    troubles = check_references(view_of(files, dockerfile))
    assert " ".join(f"{one.code}:{one.line}" for one in troubles) == expected


def test_project_files_are_looked_at_too() -> None:
    """A path in a pyproject.toml or a Pipfile would lead out unnoticed."""
    files = {
        **LIBRARY,
        "pyproject.toml": '[project]\ndependencies = ["a"]\n[tool.uv.sources]\na = { path = "../a" }\n',
        "Pipfile": '[dev-packages]\nb = { path = "../b" }\n',
    }
    troubles = check_references(view_of(files)._replace(in_image=True))
    assert [(one.code, one.file, one.line) for one in troubles] == [
        ("CS205", "Pipfile", 2),
        ("CS205", "pyproject.toml", 4),
    ]
    poetry = {"pyproject.toml": '[tool.poetry.dependencies]\na = { path = "../a" }\n'}
    assert len(list(check_references(view_of(poetry)._replace(in_image=True)))) == 1


# base images

BASES = [
    ("python:3.11-slim", Base(empty=True, python="3.11", old_pip=True)),
    ("docker.io/library/python:3.12.4", Base(empty=True, python="3.12.4")),
    ("registry:5000/python", Base(empty=True)),
    ("python:3", Base(empty=True)),
    ("python:3.13-rc@sha256:abc", Base(empty=True, python="3.13", released=False)),
    ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", Base(empty=True, python="3.12")),
    ("ubuntu:22.04", Base(empty=True)),
    ("alpine:3.19", Base(empty=True, managed=True)),
    ("scratch", Base(empty=True)),
    ("team/base:python3.9", Base(python="3.9", folder=UNKNOWN_FOLDER)),
    ("golang:1.22", Base(empty=True, folder="/go")),
]


@pytest.mark.parametrize(("image", "expected"), BASES)
def test_an_images_name_tells_its_python(image: str, expected: Base) -> None:
    """Another system's version would be taken for Python's, or a base image be held to be empty that is not."""
    assert read_base(image)._replace(system=System()) == expected


# switched off

SILENCED = [
    ("RUN x  # common-sync: ignore[CS201]", 1, True),
    ("RUN x  # common-sync: ignore[CS202, CS201]", 1, True),
    ("RUN x  # common-sync: ignore[CS202]", 1, False),
    ("RUN x  # common-sync: ignore", 1, False),
    ("# common-sync: ignore[CS201]\nRUN x", 2, True),
    ("# common-sync: ignore[CS201]\n# because\nRUN x", 3, True),
    ("# common-sync: ignore[CS201]\nRUN y\nRUN x", 3, False),
    ("RUN y # common-sync: ignore[CS201]\nRUN x", 2, False),
    ("RUN x", 9, False),
    ("# common-sync: ignore[CS201]", None, False),
]


@pytest.mark.parametrize(("text", "line", "expected"), SILENCED)
def test_a_comment_switches_a_check_off(text: str, line: int | None, expected: bool) -> None:
    """What somebody has looked at and found right would be reported for ever; or what nobody has, never."""
    assert is_silenced("CS201", line, text.splitlines()) is expected


def test_only_checks_can_be_switched_off() -> None:
    """What `verify` finds would be hidden."""
    assert not is_silenced("CS101", 1, ["# common-sync: ignore[CS101]"])


# the table

STATES: list[tuple[list[str], Verdict, str, State]] = [
    ([], "proven", "INSTALL", "ok"),
    (["CS201"], "broken", "INSTALL", "error"),
    (["CS213"], "unknown", "INSTALL", "unknown"),
    (["CS213", "CS201"], "broken", "INSTALL", "error"),
    (["CS214", "CS213"], "unknown", "INSTALL", "unknown"),
    (["CS203"], "proven", "COPY", "warning"),
    (["CS101"], "broken", "LEAVES", "error"),
    (["CS111"], "proven", "MOUNTS", "warning"),
    (["CS113"], "unknown", "LEAVES", "warning"),
    (["CS210"], "broken", "PYTHON", "error"),
]


@pytest.mark.parametrize(("codes", "verdict", "title", "state"), STATES)
def test_findings_come_to_a_mark_and_a_verdict(codes: list[str], verdict: Verdict, title: str, state: State) -> None:
    """A service that cannot be told would count as proven."""
    findings = [make_finding(code, "api", "f", 1, "", "") for code in codes]
    assert conclude(findings) == verdict
    assert judge(findings, in_image=True, mounted=True)[title] == state


def test_what_does_not_apply_is_left_open() -> None:
    """A service without an image would be said to have a Python that is new enough."""
    states = judge([], in_image=False, mounted=False)
    assert [title for title, state in states.items() if state == "none"] == ["COPY", "MOUNTS", "PYTHON", "PIP"]


def test_every_check_has_a_column() -> None:
    """A finding would show in no column, or in two."""
    codes = [code for check in CHECKS for code in check.codes]
    assert len(codes) == len(set(codes))
    assert {code for code in CODES if code.startswith("CS2")} <= set(codes)


NAMED = {
    "PEP 621": ('[project]\ndependencies = ["our-common[x]>=1"]\n', 2, "an index"),
    "an extra": ('[project.optional-dependencies]\nx = ["Our_Common"]\n', 2, "an index"),
    "poetry": ('[tool.poetry.dependencies]\nour_common = "^1"\n', 2, "an index"),
    "poetry, from an index": ('[tool.poetry.dependencies]\nour-common = {version = "1"}\n', 2, "an index"),
    "a uv workspace": ("[tool.uv.sources]\nour-common = { workspace = true }\n", 2, "a uv workspace"),
    "uv, by a path": (
        '[project]\ndependencies = ["our-common"]\n[tool.uv.sources]\nour-common = {path = "c"}\n',
        0,
        "",
    ),
    "poetry, by a path": ('[tool.poetry.dependencies]\nour-common = {path = "common"}\n', 0, ""),
    "another library, by a path": (
        '[project]\ndependencies = ["our-common"]\n[tool.uv.sources]\nother = {path = "other"}\n',
        2,
        "an index",
    ),
    "a direct reference": ('[project]\ndependencies = ["our-common @ file:common"]\n', 0, ""),
    "a setting": ('# our-common\n[tool.ruff]\nknown-first-party = ["our_common"]\n', 0, ""),
    "no TOML": ("our-common =", 0, ""),
}


def test_a_library_with_workspace_in_its_name_is_asked_of_an_index() -> None:
    """Somebody would look for a uv workspace that he has not."""
    trouble = find_asked_by_name("requirements.txt", "a\nour-workspace>=1  # pinned\n", "our_workspace", "common")
    assert trouble is not None
    assert (trouble.line, "asks an index for" in trouble.message) == (2, True)


@pytest.mark.parametrize("name", NAMED)
def test_a_library_that_is_asked_for_by_its_name_is_found(name: str) -> None:
    """A service would be called proven that takes the library from an index, where it is a stranger's or is not."""
    text, line, asked = NAMED[name]
    trouble = find_asked_by_name("pyproject.toml", text, "our-common", "libs/common")
    assert (trouble.line if trouble else 0) == line
    assert trouble is None or (asked in trouble.message and 'path = "libs/common"' in trouble.remedy)
