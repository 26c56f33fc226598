"""What a library's own build reads, and where it may write: each kind was built by Docker, by the backends that its rows name."""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, FILES, found_in, troubles_of, view_of

from common_sync.core.doctor.install.project.crowded import find_crowd

ALL = BASE + "COPY . .\n"
PIP = ALL + "RUN pip install ./common\n"
OWN = "common/our_common/__init__.py"
V = "common/our_common/_v.py"
BACKENDS = {
    "setuptools": "setuptools.build_meta",
    "hatchling": "hatchling.build",
    "flit_core": "flit_core.buildapi",
    "pdm-backend": "pdm.backend",
    "poetry-core": "poetry.core.masonry.api",
    "uv_build": "uv_build",
    "maturin": "maturin",
}


def by(backend: str, project: str = 'version = "1"', more: str = "", *required: str, **files: str) -> dict[str, str]:
    """Return a service whose library is built by a backend; `project` begins in line 6."""
    requires = "".join(f', "{one}"' for one in required)
    head = f'[build-system]\nrequires = ["{backend}"{requires}]\nbuild-backend = "{BACKENDS[backend]}"\n'
    text = f'{head}[project]\nname = "our-common"\n{project}\n{more}\n'
    return {**FILES, "common/pyproject.toml": text, **{f"common/{path}": held for path, held in files.items()}}


def by_setup(arguments: str, more: str = "", **files: str) -> dict[str, str]:
    """Return a service whose library has a setup.py alone."""
    text = f"from setuptools import setup\n{more}\nsetup(name='our-common', {arguments})\n"
    held = {f"common/{path}": text for path, text in files.items()}
    return {"main.py": "", "requirements.txt": "", OWN: "", "common/setup.py": text, **held}


def by_cfg(text: str, **files: str) -> dict[str, str]:
    """Return a service whose library has a setup.cfg."""
    return by_setup("", **{"setup.cfg": f"[metadata]\nname = our-common\n{text}\n", **files})


def replaced(files: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    """Return the files with another text in them."""
    return {path: text.replace(old, new) for path, text in files.items()}


def without_package(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files without the library's package."""
    return {path: text for path, text in files.items() if path != OWN}


SETUP = "from setuptools import setup\nsetup()\n"
DYNAMIC = 'dynamic = ["version"]'
ATTR = '[tool.setuptools.dynamic]\nversion = { attr = "our_common._v.V" }'
SRC = {"src/our_common/__init__.py": ""}
SUB = {"our_common/sub/__init__.py": ""}
SCM = "[tool.setuptools_scm]"

ROWS: dict[str, tuple[Mapping[str, str], str]] = {
    "setuptools: the module of a version": (by("setuptools", DYNAMIC, ATTR), "CS213"),
    "setuptools: the module of a version that is there": (
        by("setuptools", DYNAMIC, ATTR, **{"our_common/_v.py": "V = '1'\n"}),
        "",
    ),
    "setuptools: a version that the module computes": (
        by("setuptools", DYNAMIC, ATTR, **{"our_common/_v.py": "from x import V\n"}),
        "CS213",
    ),
    "setuptools: a version that the module takes from another": (
        by("setuptools", DYNAMIC, ATTR, **{"our_common/_v.py": "import x\nV = x.VERSION\n"}),
        "CS213",
    ),
    "setuptools: a version of numbers": (
        by("setuptools", DYNAMIC, ATTR, **{"our_common/_v.py": "V: tuple = (1, 2)  # next: 3\n"}),
        "",
    ),
    "setuptools: a package in one that is named": (
        by("setuptools", more='[tool.setuptools]\npackages = ["our_common"]', **SUB),
        "CS213",
    ),
    "setuptools: a package in one, and both are named": (
        by("setuptools", more='[tool.setuptools]\npackages = ["our_common", "our_common.sub"]', **SUB),
        "",
    ),
    "setuptools: a package in one that is packed as data": (
        by(
            "setuptools",
            more='[tool.setuptools]\npackages = ["our_common"]\n[tool.setuptools.package-data]\nour_common = ["sub/*"]',
            **SUB,
        ),
        "",
    ),
    "setuptools: tests in a package that is named": (
        by("setuptools", more='[tool.setuptools]\npackages = ["our_common"]', **{"our_common/tests/__init__.py": ""}),
        "",
    ),
    "setuptools: packages that are looked for": (by("setuptools", more="[tool.setuptools.packages.find]", **SUB), ""),
    "setup.cfg: a package in one that is named": (
        by_cfg("version = 1\n[options]\npackages = our_common", **SUB),
        "CS213",
    ),
    "setup.py: a package in one that is named": (by_setup("packages=['our_common']", **SUB), "CS213"),
    "setup.py: a package in one, with a manifest": (
        by_setup("packages=['our_common']", **SUB, **{"MANIFEST.in": ""}),
        "",
    ),
    "setuptools: two folders that may be packages": (by("setuptools", **{"schemas/a.json": ""}), "CS218"),
    "setuptools: two folders, and an older setuptools may be asked for": (
        replaced(by("setuptools", **{"schemas/a.json": ""}), '"setuptools"', '"setuptools<61"'),
        "CS213",
    ),
    "setuptools: two folders, and the packages are named": (
        by("setuptools", more='[tool.setuptools]\npackages = ["our_common"]', **{"schemas/a.json": ""}),
        "",
    ),
    "setuptools: two folders, and the packages are looked for": (
        by("setuptools", more='[tool.setuptools.packages.find]\ninclude = ["our*"]', **{"schemas/a.json": ""}),
        "",
    ),
    "setuptools: folders that are never packages": (
        by("setuptools", **{"tests/t.py": "", "docs/a": "", "_x/a": "", "a-b/a": "", "build.py": "", "x-stubs/a": ""}),
        "",
    ),
    "setuptools: folders beside src": (by("setuptools", **SRC, **{"schemas/a.json": ""}), ""),
    "setuptools: two modules": (
        without_package(by("setuptools", **{"one.py": "", "two.py": "", "setup.py": SETUP})),
        "CS218",
    ),
    "setuptools: a module": (without_package(by("setuptools", **{"one.py": "", "conftest.py": ""})), ""),
    "setup.py: two folders": (by_setup("", **{"schemas/a.json": ""}), "CS218"),
    "setup.py: two folders, and packages": (by_setup("packages=find_packages()", **{"schemas/a.json": ""}), ""),
    "setup.cfg: two folders": (by_cfg("version = 1", **{"schemas/a.json": ""}), "CS218"),
    "setup.cfg: two folders, and packages": (
        by_cfg("version = 1\n[options]\npackages = our_common", **{"schemas/a.json": ""}),
        "",
    ),
    "setup.py: its own package": (
        replaced(by("setuptools", **{"setup.py": SETUP}), SETUP, "import our_common\n" + SETUP),
        "CS213",
    ),
    "setup.py: its own package, with its folder on the path": (
        by("setuptools", **{"setup.py": "import sys\nsys.path.insert(0, '.')\nimport our_common\n" + SETUP}),
        "",
    ),
    "setup.py: its own package, where nothing names a backend": (by_setup("version='1'", "import our_common"), ""),
    "setup.py: another program": (
        by_setup("version=v", "import subprocess\nv = subprocess.getoutput('git log')"),
        "CS213",
    ),
    "setuptools: a package": (by("setuptools", more='[tool.setuptools]\npackages = ["our_common", "more"]'), "CS204"),
    "setuptools: a package of another root": (
        by("setuptools", more='[tool.setuptools]\npackages = ["x"]\n[tool.setuptools.package-dir]\n"x" = "our_common"'),
        "",
    ),
    "setuptools: data": (by("setuptools", more='[tool.setuptools.data-files]\n"share" = ["d.txt"]'), "CS204"),
    "setuptools: a script": (by("setuptools", more='[tool.setuptools]\nscript-files = ["s.sh"]'), "CS204"),
    "setuptools: a command": (by("setuptools", more='[tool.setuptools.cmdclass]\nbuild_py = "_b.B"'), "CS213"),
    "setuptools: what is compiled": (
        by("setuptools", more='[[tool.setuptools.ext-modules]]\nname = "x"\nsources = []'),
        "CS213",
    ),
    "flit: a licence by a pattern": (by("flit_core", 'version = "1"\nlicense-files = ["LICEN*"]'), "CS204"),
    "flit: a licence by a pattern that is there": (
        by("flit_core", 'version = "1"\nlicense-files = ["LICEN*"]', LICENSE=""),
        "",
    ),
    "flit: another module": (by("flit_core", more='[tool.flit.module]\nname = "ours"'), "CS204"),
    "flit: external data": (by("flit_core", more='[tool.flit.external-data]\ndirectory = "data"'), "CS204"),
    "flit: a version that is imported": (
        by("flit_core", DYNAMIC, **{"our_common/__init__.py": "from .v import __version__\n"}),
        "CS213",
    ),
    "flit: a version": (by("flit_core", DYNAMIC, **{"our_common/__init__.py": "__version__ = '1'\n"}), ""),
    "hatch: packages": (by("hatchling", more='[tool.hatch.build.targets.wheel]\npackages = ["src/ours"]'), "CS213"),
    "hatch: no package of that name": (
        by("hatchling", more="").copy()
        | {OWN: "", "common/pyproject.toml": by("hatchling")["common/pyproject.toml"].replace("our-common", "ours")},
        "CS213",
    ),
    "hatch: hatch.toml": (
        by("hatchling", DYNAMIC, **{"hatch.toml": '[version]\npath = "our_common/_v.py"\n'}),
        "CS204",
    ),
    "hatch: a folder outside in hatch.toml": (
        by("hatchling", **{"hatch.toml": '[build.targets.wheel.force-include]\n"../x" = "x"\n'}),
        "CS204",
    ),
    "hatch: git in hatch.toml": (by("hatchling", DYNAMIC, **{"hatch.toml": '[version]\nsource = "vcs"\n'}), "CS204"),
    "hatch: a hatch.toml that is no TOML": (by("hatchling", **{"hatch.toml": "version\n"}), "CS213"),
    "hatch: a file that gives no version": (
        by("hatchling", DYNAMIC, '[tool.hatch.version]\npath = "our_common/__init__.py"'),
        "CS213",
    ),
    "hatch: a file that gives the version": (
        by("hatchling", DYNAMIC, '[tool.hatch.version]\npath = "v.py"', **{"v.py": "VERSION = '1'\n"}),
        "",
    ),
    "hatch: a file that gives the version by a pattern": (
        by("hatchling", DYNAMIC, '[tool.hatch.version]\npath = "v"\npattern = "(?P<version>.+)"', v="1\n"),
        "",
    ),
    "hatch: a file in hatch.toml that gives no version": (
        by("hatchling", DYNAMIC, **{"hatch.toml": '[version]\npath = "our_common/__init__.py"\n'}),
        "CS213",
    ),
    "pdm: a file that gives no version": (
        by("pdm-backend", DYNAMIC, '[tool.pdm.version]\nsource = "file"\npath = "our_common/__init__.py"'),
        "CS213",
    ),
    "hatch: no hatch.toml": (by("hatchling", DYNAMIC), "CS204"),
    "hatch: a version of a hook": (
        by("hatchling", DYNAMIC, "[tool.hatch.metadata.hooks.x]\na = 1\n[tool.hatch.build]\nx = 1"),
        "CS213",
    ),
    "hatch: a source of a plug-in": (by("hatchling", DYNAMIC, '[tool.hatch.version]\nsource = "env"'), "CS213"),
    "hatch: a source that is code": (
        by("hatchling", DYNAMIC, '[tool.hatch.version]\nsource = "code"\npath = "our_common/__init__.py"'),
        "",
    ),
    "hatch: parts of a README": (
        by("hatchling", more='[[tool.hatch.metadata.hooks.fancy-pypi-readme.fragments]]\npath = "R.md"'),
        "CS204",
    ),
    "pdm: the folder of packages": (by("pdm-backend", more='[tool.pdm.build]\npackage-dir = "lib"'), "CS204"),
    "pdm: what gets the version": (
        by("pdm-backend", DYNAMIC, '[tool.pdm.version]\nsource = "call"\ngetter = "ver:get"'),
        "CS213",
    ),
    "pdm: a licence": (by("pdm-backend", 'version = "1"\nlicense-files = ["LICENSE"]'), "CS204"),
    "poetry: a package": (
        by(
            "poetry-core",
            more='[tool.poetry]\npackages = [{ include = "our_common" }, { include = "x", from = "y" }]',
            **{"y/z": ""},
        ),
        "CS204",
    ),
    "poetry: a script": (by("poetry-core", more='[tool.poetry.build]\nscript = "build.py"'), "CS204"),
    "poetry: another name": (by("poetry-core", more='[tool.poetry]\nname = "ours"'), "CS204"),
    "poetry: no package": (by("poetry-core", more='[tool.poetry]\nname = "ours"\npackage-mode = false'), ""),
    "uv: src": (by("uv_build"), "CS204"),
    "uv: src that is there": (by("uv_build", **SRC), ""),
    "uv: at the top": (by("uv_build", more='[tool.uv.build-backend]\nmodule-root = ""'), ""),
    "uv: another module": (
        by("uv_build", more='[tool.uv.build-backend]\nmodule-root = ""\nmodule-name = "x"'),
        "CS204",
    ),
    "uv: a namespace": (
        by("uv_build", more='[tool.uv.build-backend]\nmodule-root = ""\nnamespace = true\nmodule-name = "our_common"'),
        "",
    ),
    "uv: data": (
        by("uv_build", more='[tool.uv.build-backend]\nmodule-root = ""\ndata = { scripts = "scr" }'),
        "CS204",
    ),
    "a backend that compiles": (by("maturin"), "CS213"),
    "scm: simple": (by("setuptools", DYNAMIC, "", "setuptools_scm[simple]>=9"), "CS204"),
    "scm: a version, too": (by("setuptools", 'version = "1"', SCM, "setuptools_scm"), "CS213"),
    "setup.py: scm": (by_setup("use_scm_version=True"), "CS204"),
    "setup.py: scm with a fallback": (by_setup("use_scm_version={'fallback_version': '0'}"), ""),
    "setup.py: pbr": (by_setup("pbr=True"), "CS204"),
    "setup.py: a README": (by_setup("long_description=open('README.md').read()"), "CS213"),
    "setup.py: a README that is there": (
        by_setup("long_description=open('README.md').read()", **{"README.md": ""}),
        "",
    ),
    "setup.py: data of a package": (
        by_setup("package_data={'our_common': ['d.json']}", **{"our_common/d.json": ""}),
        "",
    ),
    "setup.py: a version by its path": (by_setup("version=(Path(__file__).parent / 'VERSION').read_text()"), "CS213"),
    "setup.py: a package": (by_setup("packages=['our_common', 'more']"), "CS213"),
    "setup.py: packages somewhere": (by_setup("packages=find_packages('src')"), "CS213"),
    "setup.py: what is compiled": (by_setup("ext_modules=[]"), "CS213"),
    "setup.cfg: a version": (by_cfg("version = file: VERSION"), "CS213"),
    "setup.cfg: the module of a version": (by_cfg("version = attr: our_common._v.V"), "CS213"),
    "setup.cfg: a package": (by_cfg("version = 1\n[options]\npackages =\n    our_common\n    more"), "CS204"),
    "setup.cfg: found": (by_cfg("version = 1\n[options]\npackages = find:"), ""),
    "setup.cfg: src": (by_cfg("version = 1\n[options]\npackages = find:\npackage_dir =\n    = src"), "CS213"),
    "setup.cfg: a script": (by_cfg("version = 1\n[options]\nscripts = bin/x"), "CS204"),
    "setup.cfg: data": (by_cfg("version = 1\n[options.data_files]\nshare = d.txt"), "CS213"),
    "setup.cfg: no settings": (by_cfg("[[["), "CS213"),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_the_build_reads_has_to_be_there(row: str) -> None:
    """A user would be told that an image can be built, and see the library's own build stop for want of a file."""
    files, expected = ROWS[row]
    assert {one.code for one in troubles_of(PIP, files)} == ({expected} if expected else set())


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("SETUPTOOLS_SCM_PRETEND_VERSION", set()),
        ("SETUPTOOLS_SCM_PRETEND_VERSION_FOR_OUR_COMMON", set()),
        ("SETUPTOOLS_SCM_PRETEND_VERSION_FOR_OTHER", {"CS204"}),
    ],
)
def test_a_variable_says_the_version(variable: str, expected: set[str]) -> None:
    """A user would be told that a version is given, which is another project's."""
    dockerfile = PIP.replace("RUN", f"ENV {variable}=1\nRUN")
    assert {one.code for one in troubles_of(dockerfile, by("setuptools", DYNAMIC, SCM, "setuptools_scm"))} == expected


MODULES, HATCH = "[tool.setuptools]\npy-modules", "[tool.hatch.build.targets.wheel]\npackages"
PACKS_OTHER = '[tool.setuptools]\npackages = ["other"]'
OTHER = {"other/__init__.py": ""}
FIND = "[tool.setuptools.packages.find]\ninclude"
PACKED: dict[str, tuple[str, Mapping[str, str], str]] = {
    "setuptools: another package": (PIP, by("setuptools", more=PACKS_OTHER, **OTHER), "CS216"),
    "setuptools: another package, editable": (
        PIP.replace("./", "-e ./"),
        by("setuptools", more=PACKS_OTHER, **OTHER),
        "",
    ),
    "setuptools: another package, and PYTHONPATH": (
        PIP + "ENV PYTHONPATH=/app/common\n",
        by("setuptools", more=PACKS_OTHER, **OTHER),
        "",
    ),
    "setuptools: another package, and something may bring it": (
        PIP + "RUN ./bring.sh\n",
        by("setuptools", more=PACKS_OTHER, **OTHER) | {"bring.sh": ""},
        "CS213",
    ),
    "setuptools: both packages": (
        PIP,
        by("setuptools", more='[tool.setuptools]\npackages = ["other", "our_common"]', **OTHER),
        "",
    ),
    "setuptools: a module that is not there": (PIP, by("setuptools", more=f'{MODULES} = ["gone"]'), "CS216"),
    "setuptools: an extension": (
        PIP,
        by("setuptools", more=f'{MODULES} = ["gone"]\next-modules = [{{name = "x", sources = []}}]'),
        "CS213",
    ),
    "setuptools: another package is looked for": (PIP, by("setuptools", more=f'{FIND} = ["oth*"]', **OTHER), "CS216"),
    "setuptools: it is looked for": (PIP, by("setuptools", more=f'{FIND} = ["our*"]', **OTHER), ""),
    "setuptools: all are looked for": (
        PIP,
        by("setuptools", more='[tool.setuptools.packages.find]\nwhere = ["."]'),
        "",
    ),
    "setup.cfg: another package": (PIP, by_cfg("[options]\npackages = other", **OTHER), ""),
    "setup.cfg: another package, without a script": (
        PIP,
        by("setuptools", **{"setup.cfg": "[options]\npackages = other\n", **OTHER}),
        "CS216",
    ),
    "setup.cfg: a module": (PIP, by("setuptools", **{"setup.cfg": "[options]\npy_modules = other\n"}), ""),
    "setup.cfg: a look for packages": (PIP, by("setuptools", **{"setup.cfg": "[options]\npackages = find:\n"}), ""),
    "hatchling: another package": (
        PIP,
        by("hatchling", more=f'{HATCH} = ["src/other"]', **{"src/other/__init__.py": ""}),
        "CS216",
    ),
    "hatchling: another package, and it is added": (
        PIP,
        by("hatchling", more=f'{HATCH} = ["other"]\nforce-include = {{"our_common" = "our_common"}}', **OTHER),
        "",
    ),
    "poetry: another package": (
        PIP,
        by("poetry-core", more='[tool.poetry]\npackages = [{ include = "other" }]', **OTHER),
        "CS216",
    ),
    "flit: another package": (PIP, by("flit_core", more='[tool.flit.module]\nname = "other"', **OTHER), "CS216"),
}


@pytest.mark.parametrize("row", PACKED)
def test_what_a_service_imports_has_to_be_packed(row: str) -> None:
    """A user would be told that a service can start whose library is installed without the package that it imports."""
    dockerfile, files, expected = PACKED[row]
    codes = {code for code, *_ in found_in(view_of({**files, "main.py": "import our_common\n"}, dockerfile))}
    assert codes == ({expected} if expected else set())


def test_an_editable_install_has_every_package() -> None:
    """A service would be held up for a package that an editable install finds."""
    named = '[tool.setuptools]\npackages = ["our_common"]'
    for files in (by("setuptools", more=named, **SUB), by_setup("packages=['our_common']", **SUB)):
        assert [one.code for one in troubles_of(ALL + "RUN pip install -e ./common\n", files)] == []


def test_what_a_base_image_may_hold_cannot_be_told() -> None:
    """A user would be told that a file is missing which the base image brings, or that it is there."""
    dockerfile = "FROM corp/base\nWORKDIR /app\nCOPY common/our_common /c/our_common\nCOPY common/*.toml /c/\nRUN pip install /c\n"
    files = by("flit_core", 'version = "1"\nreadme = "README.md"')
    assert [one.code for one in troubles_of(dockerfile, files)] == ["CS213"]


def test_a_folder_is_no_project_file() -> None:
    """A user would be told that a folder called pyproject.toml can be installed."""
    files = {"common/pyproject.toml/x": "", OWN: ""}
    assert [one.code for one in troubles_of(PIP, files)] == ["CS201"]


ST, FLIT = by("setuptools"), by("flit_core")
MOUNT = BASE + "RUN --mount=type=bind,source=common,target=/c pip install /c\n"
HOOK = by("hatchling", more='[tool.hatch.build.hooks.vcs]\nversion-file = "our_common/_v.py"')
HIS = BASE + "RUN useradd -m a && @\nCOPY --chown=a . .\nUSER a\n"
RIGHTS: dict[str, tuple[str, Mapping[str, str], str]] = {
    "setuptools in a folder of root": (ALL + "USER 1000\nRUN pip install --user ./common\n", ST, "CS218"),
    "a setup.py in a folder of root": (ALL + "USER nobody\nRUN pip install --user ./common\n", by_setup(""), "CS218"),
    "by a variable": (BASE + "ARG U=nobody\nCOPY . .\nUSER $U\nRUN pip install --user ./common\n", ST, "CS218"),
    "in the stage that it begins with": (
        "FROM python:3.12-slim AS b\nUSER nobody\nFROM b\nCOPY . .\nRUN pip install --user ./common\n",
        ST,
        "CS218",
    ),
    "given by COPY": (BASE + "RUN useradd -m a\nCOPY --chown=a . .\nUSER a\nRUN pip install ./common\n", ST, ""),
    "given by chown": (ALL + "RUN useradd -m a && chown -R a /app\nUSER a\nRUN pip install ./common\n", ST, ""),
    "copied by the user": (ALL + "RUN useradd -m a\nUSER a\nRUN cp -r common /tmp/c && pip install /tmp/c\n", ST, ""),
    "root again": (ALL + "USER nobody\nUSER root:root\nRUN pip install ./common\n", ST, ""),
    "flit with a home": (ALL + "RUN useradd -m app\nUSER app\nRUN pip install ./common\n", FLIT, ""),
    "flit with a home by a variable": (ALL + "ENV HOME=/tmp\nUSER 1000\nRUN pip install ./common\n", FLIT, ""),
    "flit without a home": (ALL + "USER 1000\nRUN pip install ./common\n", FLIT, "CS218"),
    "into a folder": (ALL + "RUN useradd -m a\nUSER a\nRUN pip install --target /x ./common\n", FLIT, "CS213"),
    "into root's environment": (
        ALL + "RUN python -m venv /v && useradd -m a\nUSER a\nRUN /v/bin/pip install ./common\n",
        FLIT,
        "CS213",
    ),
    "into root's environment, with files of the user's": (
        HIS.replace("@", "python -m venv /v", 1) + "RUN /v/bin/pip install ./common\n",
        FLIT,
        "CS213",
    ),
    "into root's environment by a variable": (
        HIS.replace("@", "python -m venv /v", 1) + "ENV VIRTUAL_ENV=/v PATH=/v/bin:$PATH\nRUN pip install ./common\n",
        FLIT,
        "CS213",
    ),
    "into an environment that was given": (
        HIS.replace("@", "python -m venv /v && chown -R a /v", 1) + "RUN /v/bin/pip install ./common\n",
        FLIT,
        "",
    ),
    "into an environment of the user's": (
        HIS.replace("@", "mkdir /v", 1) + "RUN python -m venv /v && /v/bin/pip install ./common\n",
        FLIT,
        "",
    ),
    "by uv into root's Python, with files of the user's": (
        HIS.replace("@", "pip install uv", 1) + "RUN uv pip install --system ./common\n",
        FLIT,
        "CS213",
    ),
    "by uv into a Python that was given": (
        HIS.replace("@", "chown -R a /usr/local/lib", 1) + "RUN uv pip install --system ./common\n",
        FLIT,
        "",
    ),
    "by uv": (ALL + "RUN useradd -m a\nUSER a\nRUN uv pip install --system ./common\n", FLIT, "CS213"),
    "setuptools in a mount": (MOUNT, ST, "CS218"),
    "a setup.py in a mount": (MOUNT, by_setup(""), "CS218"),
    "a hook that writes in a mount": (MOUNT, HOOK, "CS218"),
    "flit in a mount": (MOUNT, FLIT, ""),
}


@pytest.mark.parametrize("row", RIGHTS)
def test_what_may_not_be_written_stops_a_build(row: str) -> None:
    """A user would be told that an image can be built, and see `Permission denied`."""
    dockerfile, files, expected = RIGHTS[row]
    assert {one.code for one in troubles_of(dockerfile, files)} == ({expected} if expected else set())


BUILT = "FROM python:3.12-slim AS b\nWORKDIR /app\nCOPY . .\nRUN pip install -e ./common\n"
LAST = "FROM python:3.12-slim\nWORKDIR /app\n"
LEFT = {
    "a folder of any name": ("RUN cp -r /usr /py\n" + LAST + "COPY --from=b /py /usr\nCOPY main.py .\n", "CS216"),
    "the folder of Python": (LAST + "COPY --from=b /usr/local/lib /usr/local/lib\nCOPY main.py .\n", "CS215"),
    "with the path": (LAST + "COPY --from=b /usr/local/lib /usr/local/lib\nCOPY --from=b /app /app\n", ""),
    "not editable": (LAST + "COPY --from=b /usr/local/lib /usr/local/lib\nCOPY main.py .\n", ""),
}


TAKEN = {
    "its package": ("RUN rm -rf /app/common/our_common\n", "CS215"),
    "all that is in it": ("RUN rm -rf common/*\n", "CS215"),
    "its modules": ("RUN find /app -name '*.py' -not -name main.py -delete\n", "CS213"),
    "its modules, from here": ("RUN find -type f -exec rm {} +\n", "CS213"),
    "its caches": ("RUN find / -name __pycache__ -prune -exec rm -rf {} +\n", ""),
    "its tests": ("RUN find /app -path '*/tests/*' -delete\n", ""),
    "nothing": ("RUN find . -name '*.py'\n", ""),
    "something else": ("RUN rm -rf common/tests\n", ""),
}


@pytest.mark.parametrize("row", TAKEN)
def test_what_is_installed_as_a_path_stays_whole(row: str) -> None:
    """A user would be told that an image works whose library was removed after it was installed."""
    rest, expected = TAKEN[row]
    found = {code for code, _, _ in found_in(view_of(FILES, BUILT + rest + 'CMD ["python", "main.py"]\n'))}
    assert found & {"CS215", "CS213"} == ({expected} if expected else set())


@pytest.mark.parametrize("row", LEFT)
def test_an_editable_library_has_to_stay(row: str) -> None:
    """A user would be told that an image works whose environment points at a folder of another stage."""
    rest, expected = LEFT[row]
    begun = BUILT.replace(" -e", "") if row == "not editable" else BUILT
    found = {code for code, _, _ in found_in(view_of(FILES, begun + rest))}
    assert found & {"CS215", "CS216"} == ({expected} if expected else set())


def test_a_project_that_nobody_can_read_is_not_crowded() -> None:
    """A user would be told to name packages in a pyproject.toml whose fault is another one."""
    assert find_crowd({"pyproject.toml": "["}.get, ["app", "common"], folders=lambda _: True) == []
