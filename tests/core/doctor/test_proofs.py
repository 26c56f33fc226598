"""Builds that are called proven must not fail: kinds of failure that were once passed over, and what only looks like them.

Each row was tried with pip 23.2 and 26.3 and with uv 0.13, or is built by `make e2e`.
"""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, FILES, INSTALL, LIBRARY, NEWEST, troubles_of

ALL = BASE + "COPY . .\n"
HASH = "--hash=sha256:" + "82fee1fc" * 8
LIB = "COPY common/ ./common/\n"
SETUPTOOLS = LIBRARY | {
    "common/pyproject.toml": '[build-system]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "our-common"\n'
}


def requirements(text: str) -> dict[str, str]:
    """Return a service with these requirements."""
    return {**FILES, "requirements.txt": text}


def run(*lines: str) -> str:
    """Return a Dockerfile that copies all, and then has these lines."""
    return ALL + "".join(f"{line}\n" for line in lines)


def library(pyproject: str) -> dict[str, str]:
    """Return a service whose copy has this pyproject.toml."""
    return {**FILES, "common/pyproject.toml": pyproject}


def hatch(project: str, more: str) -> dict[str, str]:
    """Return a service whose copy is built by hatchling."""
    head = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    return library(f'{head}[project]\nname = "our-common"\n{project}\n{more}\n')


def setuptools(project: str, more: str, *required: str) -> dict[str, str]:
    """Return a service whose copy is built by setuptools."""
    requires = "".join(f', "{one}"' for one in required)
    head = f'[build-system]\nrequires = ["setuptools"{requires}]\nbuild-backend = "setuptools.build_meta"\n'
    return library(f'{head}[project]\nname = "our-common"\n{project}\n{more}\n')


def uv_project(more: str) -> dict[str, str]:
    """Return a service that is a project of uv."""
    head = '[project]\nname = "api"\nversion = "1"\ndependencies = ["our-common"]\n'
    source = '[tool.uv.sources]\nour-common = { path = "common" }\n'
    return {**FILES, "pyproject.toml": f"{head}{source}{more}\n", "uv.lock": ""}


def members(listed: str) -> dict[str, str]:
    """Return a service that begins a uv workspace."""
    return uv_project(f"[tool.uv.workspace]\n{listed}")


def setup(arguments: str, more: str = "", **files: str) -> dict[str, str]:
    """Return a service that is built by a setup.py, whose fourth line is the call."""
    head = f"import os, pathlib\nHERE = os.path.dirname(os.path.abspath(__file__))\n{more}\n"
    return {**FILES, **files, "setup.py": f"{head}setup(name='api', {arguments})\n"}


def settings(text: str) -> dict[str, str]:
    """Return a service that is built by a setup.cfg, from line 3 on."""
    return {
        **FILES,
        "setup.py": "from setuptools import setup\nsetup()\n",
        "setup.cfg": f"[metadata]\nname = api\n{text}\n",
    }


UV = ALL + "RUN uv pip install --system ./common\n"
FLIT = library(
    '[build-system]\nrequires = ["flit_core>=3"]\nbuild-backend = "flit_core.buildapi"\n[project]\nname = "our-common"\n'
)
SETUP = ALL + "RUN pip install ./common && pip install .\n"
INSTALL_IT = ALL + "RUN pip install ./common\n"
UV_SYNC = ALL + "RUN uv sync --frozen\n"

TWO = {"libs/a/pyproject.toml": "x.y", "libs/b/pyproject.toml": "X-Y", "libs/c/pyproject.toml": "Api"}
SELF = {"pyproject.toml": '[project]\nname = "api"\nversion = "1"\n'}

ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    # setuptools runs what a setup.py says, and pip installs what that requires
    "setup.py: a path out": (SETUP, setup("install_requires=['our-common @ file:../../common']"), "CS201:4"),
    "setup.py: a path that is computed": (
        SETUP,
        setup("install_requires=['our-common @ file://' + os.path.join(HERE, '..', 'common')]"),
        "CS201:4",
    ),
    "setup.py: a folder above": (
        SETUP,
        setup("install_requires=R", "R = [f'our-common[x] @ file://{pathlib.Path(__file__).parents[2]}/common']"),
        "CS201:4",
    ),
    "setup.py: the copy": (SETUP, setup("install_requires=[f'our-common @ file://{os.getcwd()}/common']"), ""),
    "setup.py: the copy, by a path's own URL": (
        SETUP,
        setup("install_requires=[f'our-common @ {(pathlib.Path(__file__).parent / \"common\").as_uri()}']"),
        "",
    ),
    "setup.py: the environment": (
        SETUP,
        setup("install_requires=['our-common @ file://{}/common'.format(os.environ['ROOT'])]"),
        "CS213:4",
    ),
    "setup.py: a percent sign": (SETUP, setup("install_requires=['our-common @ file://%s/common' % HERE]"), "CS213:4"),
    "setup.py: what is no file": (
        SETUP,
        setup("install_requires=['our-common @ ' + os.environ['URL'], 'x'] + []"),
        "CS213:4",
    ),
    "setup.py: what is formatted": (SETUP, setup("install_requires=['our-common @ {}'.format(X)]"), "CS213:4"),
    "setup.py: a path's own URL that nobody can tell": (
        SETUP,
        setup("install_requires=[f'our-common @ {pathlib.Path(X).as_uri()}']"),
        "CS213:4",
    ),
    "setup.py: an extra that nobody asks for": (SETUP, setup("extras_require={'x': ['our-common @ file:../x']}"), ""),
    "setup.py: without what it requires": (
        ALL + "RUN pip install ./common && pip install --no-deps .\n",
        setup("install_requires=['our-common @ file:../../common']"),
        "",
    ),
    "setup.py: requirements with a folder": (
        SETUP,
        setup("install_requires=open('requirements.txt').read().split()", **{"requirements.txt": "-e ./common\n"}),
        "CS213:4",
    ),
    "setup.py: requirements with none": (
        SETUP,
        setup(
            "install_requires=open('requirements.txt').read().split(), x='more.txt'",
            **{"requirements.txt": "idna\n-r x.txt\n", "more.txt": ""},
        ),
        "",
    ),
    "setup.py: packages from above": (SETUP, setup("package_dir={'our_common': '../../common/our_common'}"), "CS213:4"),
    "setup.py: packages from above, by its own place": (
        SETUP,
        setup("package_dir={'x': os.path.join(HERE, '../../x')}"),
        "CS213:4",
    ),
    "setup.py: packages from above that are there": (
        ALL + "COPY common /srv/common\nRUN pip install ./common && pip install .\n",
        setup("package_dir={'x': os.path.join(HERE, '../srv/common')}"),
        "",
    ),
    "setup.py: its own files": (
        SETUP,
        setup(
            "long_description=open(os.path.join(HERE, 'README.md')).read(), url='/x', entry='../app'",
            **{"README.md": ""},
        ),
        "",
    ),
    "setup.py: no Python": (SETUP, setup("install_requires=['our-common @ file:../../common'"), ""),
    "setup.cfg: a path out": (
        SETUP,
        settings("long_description = file: x.md\n[options]\ninstall_requires =\n    our-common @ file:../../common"),
        "CS201:4",
    ),
    "setup.cfg: the copy": (SETUP, settings("[options]\ninstall_requires = our-common @ file:///app/common"), ""),
    "setup.cfg: an extra": (
        SETUP,
        settings("[options.extras_require]\nx = our-common @ file:../common\n[options]\ny = z @ file:"),
        "",
    ),
    # pip compares hashes of everything as soon as one line has one
    "a hash beside -e": (ALL + INSTALL, requirements(f"-e ./common\nidna==3.7 {HASH}\n"), "CS218:4"),
    "a hash beside a path": (ALL + INSTALL, requirements(f"./common\nidna==3.7 {HASH}\n"), "CS218:4"),
    "a hash on the next line": (ALL + INSTALL, requirements(f"./common\nidna==3.7 \\\n    {HASH}\n"), "CS218:4"),
    "a hash in a file that is included": (
        ALL + INSTALL,
        requirements("./common\n-r more.txt\n") | {"more.txt": f"idna==3.7 {HASH}\n"},
        "CS218:4",
    ),
    "a hash in a constraint": (
        run("RUN pip install -c c.txt ./common"),
        {**FILES, "c.txt": f"idna==3.7 {HASH}\n"},
        "CS218:4",
    ),
    "a hash in a comment": (ALL + INSTALL, requirements(f"./common\nidna==3.7  # {HASH}\n# {HASH}\n"), ""),
    "a hash of -e, which pip passes over": (ALL + INSTALL, requirements(f"-e ./common {HASH}\n"), ""),
    "an option in the file": (ALL + INSTALL, requirements("--require-hashes\n./common\n"), "CS218:4"),
    "an option": (run("RUN pip install --require-hashes -r requirements.txt"), FILES, "CS218:4"),
    "a variable of the image": (run("ENV PIP_REQUIRE_HASHES=1", "RUN pip install ./common"), FILES, "CS218:5"),
    "a variable of the line": (run("RUN PIP_REQUIRE_HASHES=yes pip install ./common"), FILES, "CS218:4"),
    "a variable that says no": (run("RUN PIP_REQUIRE_HASHES=0 pip install ./common"), FILES, ""),
    "a file of settings": (
        run("RUN pip install ./common").replace("COPY . .", "COPY . .\nCOPY pip.conf /etc/pip.conf"),
        {**FILES, "pip.conf": "[install]\nrequire-hashes = true\n"},
        "CS218:5",
    ),
    "uv compares only what has one": (
        run("RUN uv pip install --system -r requirements.txt"),
        requirements(f"./common\nidna==3.7 {HASH}\n"),
        "",
    ),
    "uv is told to": (run("RUN uv pip install --system --require-hashes ./common"), FILES, "CS218:4"),
    "uv is told to by a variable": (
        run("ENV UV_REQUIRE_HASHES=true", "RUN uv pip install --system -e ./common"),
        FILES,
        "CS218:5",
    ),
    "what the library lies beside is no matter": (run("RUN pip install --require-hashes idna"), FILES, ""),
    # forms that one of the two refuses
    "a path after a name": (ALL + INSTALL, requirements("our-common @ ./common\n"), "CS218:4"),
    "a path after a name, for uv": (
        run("RUN uv pip install --system -r requirements.txt"),
        requirements("our-common @ ./common\n"),
        "",
    ),
    "a path after a name, in a command": (run('RUN pip install "our-common @ ./common"'), FILES, "CS218:4"),
    "a name after a path": (ALL + INSTALL, requirements("-e ./common#egg=our-common\n"), "CS218:4"),
    "another name": (ALL + INSTALL, requirements("other @ file:./common\n"), "CS218:4"),
    "another name, for uv": (
        run("RUN uv pip install --system -r requirements.txt"),
        requirements("other @ file:./common\n"),
        "CS218:4",
    ),
    "the name, spelled otherwise": (ALL + INSTALL, requirements("Our_Common[x] @ file:./common\n"), ""),
    "quotes, for uv": (
        run("RUN uv pip install --system -r requirements.txt"),
        requirements('-e "./common"\n'),
        "CS218:4",
    ),
    # pip takes one folder in one way
    "with -e and without": (ALL + INSTALL, requirements("-e ./common\n./common\n"), "CS218:4"),
    "by a path and by a relative URL": (
        ALL + INSTALL,
        requirements("./common\nour-common @ file:./common\n"),
        "CS218:4",
    ),
    "by a path and by an absolute URL": (
        ALL + INSTALL,
        requirements("./common\nour-common @ file:///app/common\n"),
        "",
    ),
    "twice alike": (ALL + INSTALL, requirements("./common\ncommon/\n./common[x]\n"), ""),
    "with -e, and by the project's own requirements": (
        run("RUN pip install -r requirements.txt ."),
        {**FILES, "pyproject.toml": '[project]\nname = "api"\ndependencies = ["our-common @ file:///app/common"]\n'},
        "CS218:4",
    ),
    "in several ways, for uv": (
        run("RUN uv pip install --system -r requirements.txt"),
        requirements("-e ./common\n./common\nour-common @ file:./common\n"),
        "",
    ),
    # options by environment and by files of settings
    "a constraint by the image": (
        BASE + LIB + "ENV PIP_CONSTRAINT=/app/constraints.txt\nRUN pip install ./common\n",
        FILES,
        "CS204:5",
    ),
    "a constraint by the line": (BASE + LIB + "RUN PIP_CONSTRAINT=c.txt pip install ./common\n", FILES, "CS204:4"),
    "a constraint that is there": (
        run("ENV PIP_CONSTRAINT=c.txt", "RUN pip install ./common"),
        {**FILES, "c.txt": ""},
        "",
    ),
    "a constraint that nobody knows": (
        run("ARG C", "ENV PIP_CONSTRAINT=$C", "RUN pip install ./common"),
        FILES,
        "CS213:6",
    ),
    "a constraint for uv": (
        BASE + LIB + "ENV UV_CONSTRAINT=c.txt\nRUN uv pip install --system ./common\n",
        FILES,
        "CS204:5",
    ),
    "an override for uv": (
        BASE + LIB + "RUN UV_OVERRIDE=o.txt uv pip install --system ./common\n",
        FILES,
        "CS204:4",
    ),
    "a build constraint for uv": (
        BASE + LIB + "RUN env UV_BUILD_CONSTRAINT=o.txt uv pip install --system ./common\n",
        FILES,
        "CS204:4",
    ),
    "a constraint by a file of settings": (
        BASE + LIB + "COPY pip.conf /root/.config/pip/pip.conf\nRUN pip install ./common\n",
        {**FILES, "pip.conf": "[global]\nconstraint =\n    /app/c.txt\n"},
        "CS204:5",
    ),
    "a constraint by a file that a variable names": (
        BASE + LIB + "COPY pip.conf /p.conf\nENV PIP_CONFIG_FILE=/p.conf\nRUN pip install ./common\n",
        {**FILES, "pip.conf": "[global]\nconstraint = c.txt\n"},
        "CS204:6",
    ),
    "more to install, by a variable": (run("RUN PIP_REQUIREMENT=more.txt pip install ./common"), FILES, "CS204:4"),
    "other variables": (run("ENV PIP_NO_CACHE_DIR=1 PIP_DEFAULT_TIMEOUT=9", "RUN pip install ./common"), FILES, ""),
    "hashes for wheels only, by a file of settings": (
        run("RUN pip install ./common").replace("COPY . .", "COPY . .\nCOPY pip.conf /etc/pip.conf"),
        {**FILES, "pip.conf": "[wheel]\nrequire-hashes = true\n[global]\ntimeout = 9\n"},
        "",
    ),
    "hashes by uv.toml": (UV, {**FILES, "uv.toml": "[pip]\nrequire-hashes = true\n"}, "CS218:4"),
    "hashes by a project's settings": (
        UV,
        {**FILES, "pyproject.toml": "[tool.uv.pip]\nrequire-hashes = true\n"},
        "CS218:4",
    ),
    "uv builds nothing": (run("RUN uv pip install --system --no-build ./common"), FILES, "CS218:4"),
    "uv builds nothing but what is editable": (run("RUN uv pip install --system --no-build -e ./common"), FILES, ""),
    "uv builds nothing, by uv.toml": (UV, {**FILES, "uv.toml": 'no-build-package = ["our-common"]\n'}, "CS218:4"),
    "uv.toml without a word of it": (
        UV,
        {**FILES, "uv.toml": "", "pyproject.toml": "[tool.uv]\nno-build = true\n"},
        "",
    ),
    "uv.toml that is none": (UV, {**FILES, "uv.toml": "= x"}, "CS213:4"),
    "uv is told not to read it": (UV.replace("./", "--no-config ./"), {**FILES, "uv.toml": "no-build = true"}, ""),
    "uv takes wheels only, by the file": (
        run("RUN uv pip install --system -r requirements.txt"),
        requirements("--only-binary=:all:\n./common\n"),
        "CS218:4",
    ),
    "uv takes wheels only, of something else": (UV.replace("./", "--only-binary idna ./"), FILES, ""),
    "uv takes wheels only, by a list": (UV, {**FILES, "uv.toml": 'pip.only-binary = [":all:"]\n'}, "CS218:4"),
    "a variable that uv pip passes over": (run("ENV UV_NO_BUILD=1", "RUN uv pip install --system ./common"), FILES, ""),
    "settings that are not there": (UV.replace("./", "--config-file none.toml ./"), FILES, "CS204:4"),
    "settings by a variable": (
        run("ENV UV_CONFIG_FILE=/app/mine", "RUN uv pip install --system ./common"),
        {**FILES, "mine": "no-build = true\n"},
        "CS218:5",
    ),
    "excludes for uv": (run("RUN UV_EXCLUDE=x.txt uv pip install --system ./common"), FILES, "CS204:4"),
    # without isolation, nothing fetches what builds the library
    "no isolation": (run("RUN pip install --no-build-isolation ./common"), FLIT, "CS213:4"),
    "no isolation, by a variable": (run("RUN PIP_NO_BUILD_ISOLATION=0 pip install ./common"), FLIT, "CS213:4"),
    "isolation, by the same variable": (run("RUN PIP_NO_BUILD_ISOLATION=1 pip install ./common"), FLIT, ""),
    "no isolation, by uv.toml": (UV, {**FLIT, "uv.toml": "no-build-isolation = true\n"}, "CS213:4"),
    "no isolation, and what builds is there": (
        run("RUN pip install flit_core", "RUN pip install --no-build-isolation ./common"),
        FLIT,
        "",
    ),
    "no isolation, and requirements have it": (
        run("RUN pip install -r b.txt && pip install --no-build-isolation ./common"),
        {**FLIT, "b.txt": "flit-core>=3  # it builds\n"},
        "",
    ),
    "no isolation, in a stage that is built on": (
        BASE.replace("\n", " AS a\n", 1)
        + "RUN pip install flit-core\nFROM a\nCOPY . .\nRUN pip install --no-build-isolation ./common\n",
        FLIT,
        "",
    ),
    "no isolation, and an older Python": (
        run("RUN pip install --no-build-isolation ./common").replace("3.12", "3.11"),
        FILES,
        "",
    ),
    # an editable install is a path
    "editable from a mount": (
        BASE + "RUN --mount=type=bind,source=common,target=/src,rw pip install -e /src\n",
        FILES,
        "CS215:3",
    ),
    "editable from a mount of all": (
        BASE + "RUN --mount=type=bind,target=.,rw pip install -r requirements.txt\n",
        FILES,
        "CS215:3",
    ),
    "editable, and removed": (run("RUN pip install -r requirements.txt && rm -rf common"), FILES, "CS215:4"),
    "editable, and removed later": (ALL + INSTALL + "RUN rm -r common\n", FILES, "CS215:4"),
    "editable, and moved": (ALL + INSTALL + "RUN mv common /opt/c\n", FILES, "CS215:4"),
    "editable in memory": (
        BASE + "COPY . /s\nRUN --mount=type=tmpfs,target=/b cp -r /s/common /b/common && pip install -e /b/common\n",
        FILES,
        "CS215:4",
    ),
    "editable in a cache": (
        BASE + "COPY . /s\nRUN --mount=type=cache,target=/b cp -r /s/common /b/common && pip install -e /b/common\n",
        FILES,
        "CS215:4",
    ),
    "editable in a stage that is built on": (
        BASE.replace("\n", " AS a\n", 1) + "COPY . .\n" + INSTALL + "FROM a\nRUN rm -rf common\n",
        FILES,
        "CS215:4",
    ),
    "not editable from a mount": (
        BASE + "RUN --mount=type=bind,source=common,target=/src,rw pip install /src\n",
        FILES,
        "",
    ),
    "not editable, and removed": (run("RUN pip install ./common && rm -rf common"), FILES, ""),
    "made again": (ALL + INSTALL + "RUN rm -rf common\nCOPY common common\n", FILES, ""),
    # setuptools writes beside what it builds
    "setuptools in what may only be read": (
        BASE + "RUN --mount=type=bind,source=common,target=/src pip install /src\n",
        SETUPTOOLS,
        "CS218:3",
    ),
    "setuptools in what may be written": (
        BASE + "RUN --mount=type=bind,source=common,target=/src,readwrite pip install /src\n",
        SETUPTOOLS,
        "",
    ),
    "flit in what may only be read": (
        BASE + "RUN --mount=type=bind,source=common,target=/src pip install /src\n",
        LIBRARY | {"common/pyproject.toml": '[build-system]\nbuild-backend = "flit_core.buildapi"\n'},
        "",
    ),
    # folders of packages
    "links, and no index": (
        ALL + INSTALL,
        requirements("--no-index\n--find-links ../../wheels\nidna\n./common\n"),
        "CS204:4",
    ),
    "links, and an index": (ALL + INSTALL, requirements("-f ../../wheels\nidna\n./common\n"), "CS213:4"),
    "links that are there": (
        ALL + INSTALL,
        requirements("--no-index\n-f wheels\nidna\n./common\n")
        | {"wheels/idna-3.7-py3-none-any.whl": "", "wheels/setuptools-80.0-py3-none-any.whl": ""},
        "",
    ),
    "links on a network": (ALL + INSTALL, requirements("-f https://example.invalid/x\nidna\n./common\n"), ""),
    "links by an option": (run("RUN pip install --no-index --find-links=/wheels ./common"), FILES, "CS204:4"),
    "links by a variable": (run("ENV PIP_FIND_LINKS=/w PIP_NO_INDEX=1", "RUN pip install ./common"), FILES, "CS204:5"),
    "links for uv": (run("RUN uv pip install --system --find-links w ./common"), FILES, "CS204:4"),
    "an index that is a folder": (run("RUN pip install --index-url ./simple ./common"), FILES, "CS213:4"),
    "an index on a network": (run("RUN pip install -i https://example.invalid/simple ./common"), FILES, ""),
    # what the build of the library reads
    "a version in a file above": (
        INSTALL_IT,
        hatch('dynamic = ["version"]', '[tool.hatch.version]\npath = "../version.py"'),
        "CS204:4",
    ),
    "a version in a file that is left out": (
        INSTALL_IT,
        hatch('dynamic = ["version"]', '[tool.hatch.version]\npath = "our_common/_v.py"'),
        "CS204:4",
    ),
    "a version in a file that is there": (
        INSTALL_IT,
        {
            **hatch('dynamic = ["version"]', '[tool.hatch.version]\npath = "our_common/__init__.py"'),
            "common/our_common/__init__.py": '__version__ = "1"\n',
        },
        "",
    ),
    "what is packed besides": (
        INSTALL_IT,
        hatch('version = "1"', '[tool.hatch.build.targets.wheel.force-include]\n"../schemas" = "our_common/schemas"'),
        "CS204:4",
    ),
    "a hook of its own": (INSTALL_IT, hatch('version = "1"', "[tool.hatch.build.hooks.custom]"), "CS204:4"),
    "a hook by its path": (
        INSTALL_IT,
        hatch('version = "1"', '[tool.hatch.build.hooks.custom]\npath = "tools/hook.py"'),
        "CS204:4",
    ),
    "requirements that are its metadata": (
        INSTALL_IT,
        hatch('version = "1"', '[tool.hatch.metadata.hooks.requirements_txt]\nfiles = ["../requirements.in"]'),
        "CS204:4",
    ),
    "a licence": (INSTALL_IT, hatch('version = "1"\nlicense = { file = "LICENSE" }', ""), "CS204:4"),
    "licences by a pattern": (INSTALL_IT, hatch('version = "1"\nlicense-files = ["LICEN[CS]E*"]', ""), ""),
    "a licence by its name": (INSTALL_IT, hatch('version = "1"\nlicense-files = ["LICENSE"]', ""), "CS213:4"),
    "a licence for setuptools, which warns": (
        INSTALL_IT,
        setuptools('version = "1"\nlicense = { file = "LICENSE" }\nreadme = "README.md"', ""),
        "",
    ),
    "a backend in a folder above": (
        INSTALL_IT,
        library(
            '[build-system]\nrequires = []\nbuild-backend = "bk"\nbackend-path = ["../backend"]\n[project]\nname = "our-common"\n'
        ),
        "CS204:4",
    ),
    "a backend in the library": (
        INSTALL_IT,
        library(
            '[build-system]\nrequires = []\nbuild-backend = "bk"\nbackend-path = ["tools"]\n[project]\nname = "our-common"\n'
        )
        | {"common/tools/bk.py": ""},
        "",
    ),
    "a version in a file for setuptools": (
        INSTALL_IT,
        setuptools('dynamic = ["version"]', '[tool.setuptools.dynamic]\nversion = { file = "VERSION" }'),
        "CS213:4",
    ),
    "a version in a file above for setuptools": (
        INSTALL_IT,
        setuptools('dynamic = ["version"]', '[tool.setuptools.dynamic]\nversion = { file = ["../VERSION"] }'),
        "CS204:4",
    ),
    "a version from git": (
        INSTALL_IT,
        setuptools('dynamic = ["version"]', "[tool.setuptools_scm]", "setuptools-scm"),
        "CS204:4",
    ),
    "a version from git by hatch": (
        INSTALL_IT,
        hatch('dynamic = ["version"]', '[tool.hatch.version]\nsource = "vcs"'),
        "CS204:4",
    ),
    "a version from git by PDM": (
        INSTALL_IT,
        library('[project]\nname = "our-common"\ndynamic = ["version"]\n[tool.pdm.version]\nsource = "scm"\n'),
        "CS204:4",
    ),
    "a version from git by versioningit": (
        INSTALL_IT,
        setuptools('dynamic = ["version"]', "[tool.versioningit]", "versioningit"),
        "CS204:4",
    ),
    "a version from git by Poetry's plugin": (
        INSTALL_IT,
        setuptools('version = "0"', "", "poetry_dynamic_versioning"),
        "CS204:4",
    ),
    "a version from git, or else": (
        INSTALL_IT,
        setuptools('dynamic = ["version"]', '[tool.setuptools_scm]\nfallback_version = "0"', "setuptools_scm>=8"),
        "",
    ),
    "a version from git that a variable says": (
        run("ENV SETUPTOOLS_SCM_PRETEND_VERSION_FOR_OUR_COMMON=1", "RUN pip install ./common"),
        setuptools('dynamic = ["version"]', "[tool.setuptools_scm]", "setuptools-scm"),
        "",
    ),
    "a version from git that is there": (
        INSTALL_IT,
        setuptools('dynamic = ["version"]', "[tool.setuptools_scm]", "setuptools-scm") | {".git/HEAD": ""},
        "",
    ),
    # folders of packages in uv's settings
    "links of a project of uv": (UV_SYNC, uv_project('[tool.uv]\nfind-links = ["../../wheels"]'), "CS204:4"),
    "a flat index of a project of uv": (
        UV_SYNC,
        uv_project('[[tool.uv.index]]\nname = "l"\nurl = "../../wheels"\nformat = "flat"'),
        "CS204:4",
    ),
    "an index of a project of uv": (
        UV_SYNC,
        uv_project('[[tool.uv.index]]\nname = "l"\nurl = "https://example.invalid/simple"'),
        "",
    ),
    "links in uv.toml": (UV_SYNC, uv_project("") | {"uv.toml": 'find-links = ["../w"]\n'}, "CS204:4"),
    "links that are there for uv": (UV_SYNC, uv_project('[tool.uv]\nfind-links = ["w"]') | {"w/x.whl": ""}, ""),
    # what cannot be looked into
    "all of a context with a name": (
        BASE + "COPY --from=lib . ./common/\nRUN pip install ./common\n",
        FILES,
        "CS213:4",
    ),
    "the top of an image": (BASE + "COPY --from=lib / ./common/\nRUN pip install ./common\n", FILES, "CS213:4"),
    "several of an image": (
        BASE + "COPY --from=lib pyproject.toml our_common ./common/\nRUN pip install ./common\n",
        FILES,
        "CS213:4",
    ),
    "a folder of an image": (
        BASE + "COPY --from=ghcr.io/org/lib:1 /src/ ./common/\nRUN pip install ./common\n",
        FILES,
        "CS213:4",
    ),
    "standard input": (run("RUN uv export | uv pip install --system -r -"), FILES, "CS213:4"),
    "standard input by its path": (run("RUN uv export | pip install -r /dev/stdin"), FILES, "CS213:4"),
    "options of pip are no program for python": (
        BASE
        + "COPY requirements.txt c.txt ./\nRUN python -m pip install x -c c.txt\nRUN python3 -m pip install -r requirements.txt\n",
        {**FILES, "c.txt": ""},
        "CS201:5",
    ),
    "nor those of a script": (
        BASE + "COPY requirements.txt ./\nRUN python3 /opt/tool.py -c x -e y\n" + INSTALL,
        FILES,
        "CS201:5",
    ),
    # one line that pip or uv refuses in a file of requirements ends the whole install
    "requirements: an option that is none": (run(INSTALL.strip()), requirements("--no-such\n-e ./common\n"), "CS218:4"),
    "requirements: in a constraint": (
        run("RUN pip install -c c.txt ./common"),
        {**FILES, "c.txt": "idna=3\n"},
        "CS218:4",
    ),
    "requirements: an old version for some": (run(INSTALL.strip()), requirements("idna>=1.*\n./common\n"), "CS213:4"),
    "requirements: by uv": (
        run("RUN uv pip install --system -r requirements.txt"),
        requirements("idna --no-deps\n./common\n"),
        "CS218:4",
    ),
    "requirements: by nobody": (run("RUN pip install ./common"), requirements("--no-such\n-e ./common\n"), ""),
    # COPY --exclude takes patterns as a .dockerignore does, relative to what is copied
    "exclude: something else": (
        NEWEST + "COPY --exclude=*.md --exclude=**/tests . .\nRUN pip install ./common\n",
        FILES,
        "",
    ),
    "exclude: the wheel that builds it": (
        NEWEST + "COPY --exclude=*.whl . /w/\nRUN pip install --no-index --find-links=/w /w/common\n",
        {**FILES, "hatchling-1.27.0-py3-none-any.whl": ""},
        "CS204:5",
    ),
    "exclude: the copy": (NEWEST + "COPY --exclude=common . .\nRUN pip install ./common\n", FILES, "CS201:5"),
    "exclude: its package": (
        NEWEST + "COPY --exclude=our_* common common\nRUN pip install ./common\n",
        FILES,
        "CS201:5",
    ),
    "exclude: its project file": (
        NEWEST + "COPY --exclude=**/*.toml . .\nRUN pip install ./common\n",
        FILES,
        "CS201:5",
    ),
    "exclude: no file below": (NEWEST + "COPY --exclude=*.toml . .\nRUN pip install ./common\n", FILES, ""),
    "exclude: what is there already": (
        NEWEST + "COPY common common\nCOPY --exclude=common . .\nRUN pip install ./common\n",
        FILES,
        "",
    ),
    "exclude: a file": (NEWEST + "COPY --exclude=r* requirements.txt ./\n" + INSTALL, FILES, "CS213:5"),
    "exclude: another file": (
        NEWEST + "COPY common common\nCOPY --exclude=x* requirements.txt ./\n" + INSTALL,
        FILES,
        "",
    ),
    "exclude: a variable": (NEWEST + "ARG X\nCOPY --exclude=$X . .\nRUN pip install ./common\n", FILES, "CS213:6"),
    # loops over words that are written out
    "a loop": (run("RUN for x in common; do pip install ./$x; done"), FILES, ""),
    "a loop: what is not there": (
        run("RUN for x in common nosuch; do pip install ./$x || exit 1; done"),
        FILES,
        "CS201:4",
    ),
    "a loop of files": (
        run('RUN for x in a b; do pip install -r "$x.txt"; done'),
        {**FILES, "a.txt": "", "b.txt": ""},
        "",
    ),
    "a loop in a loop": (
        run("RUN for x in . ./common; do for y in /; do pip install $x$y; done; done"),
        {**FILES, **SELF},
        "",
    ),
    "a loop of many": (run(f"RUN for x in {'common ' * 300}; do pip install ./$x; done"), FILES, "CS213:4"),
    "a loop that is left": (run("RUN for x in a common; do pip install ./$x && break; done"), FILES, "CS213:4"),
    "a loop over what matches": (run("RUN for x in c*; do pip install ./$x; done"), FILES, "CS213:4"),
    "a loop without an end": (run("RUN for x in a; pip install ./common"), FILES, ""),
    # a base image with a folder of its own
    "all into its folder": ("FROM team/base:1\nCOPY . .\n" + INSTALL, FILES, ""),
    "its folder, by another name": (
        "FROM team/base:1\nCOPY . .\nRUN pip install -r /app/requirements.txt\n",
        FILES,
        "CS213:3",
    ),
    "without the library": ("FROM team/base:1\nCOPY requirements.txt .\n" + INSTALL, FILES, "CS213:3"),
    "the folder of Go": ("FROM golang\nCOPY . .\nRUN cd / && pip install -r go/requirements.txt\n", FILES, "CS201:3"),
    # a member of a uv workspace that is not there is passed over; one without a project ends uv, unless it is told of a lock
    **{
        f"uv workspace, two of a name: {name}": (
            ALL + f"RUN {command}\n",
            {**members(listed), **{path: f'[project]\nname = "{one}"\nversion = "1"\n' for path, one in TWO.items()}},
            expected,
        )
        for name, listed, command, expected in (
            ("two members", 'members = ["libs/[ab]"]', "uv sync", "CS218:4"),
            ("by a lock", 'members = ["libs/a", "libs/b"]', "uv sync --frozen", "CS218:4"),
            ("the root's", 'members = ["libs/c"]', "uv sync", "CS218:4"),
            ("one of them is left out", 'members = ["libs/*"]\nexclude = ["libs/a", "libs/c"]', "uv sync", ""),
            ("one member twice", 'members = ["libs/a", "libs/a*"]', "uv sync", ""),
            ("by pip", 'members = ["libs/[ab]"]', "uv pip install --system -r pyproject.toml", "CS218:4"),
            (
                "by pip, no sources",
                'members = ["libs/*"]',
                "uv pip install --system --no-sources -r pyproject.toml",
                "",
            ),
        )
    },
    **{
        f"uv workspace: {name}": (ALL + f"RUN {command}\n", {**members(listed), **dict.fromkeys(files, "")}, expected)
        for name, listed, files, command, expected in (
            ("not there", 'members = ["libs/x"]', [], "uv sync", ""),
            ("no folder matches", 'members = ["libs/*"]', [], "uv sync", ""),
            ("without a project", 'members = ["libs/x"]', ["libs/x/a.py"], "uv sync", "CS204:4"),
            ("a pattern", 'members = ["libs/*"]', ["libs/x/a.py"], "uv sync --locked", "CS204:4"),
            ("by pip", 'members = ["libs/*"]', ["libs/x/a.py"], "uv pip install --system -r pyproject.toml", "CS204:4"),
            (
                "the project itself",
                'members = ["libs/*"]',
                ["libs/x/a.py"],
                "uv pip install --system .",
                "CS218:4 CS204:4",
            ),
            ("without sources", 'members = ["libs/*"]', ["libs/x/a.py"], "uv sync --no-sources", "CS204:4"),
            (
                "by pip, without sources",
                'members = ["libs/*"]',
                ["libs/x/a.py"],
                "uv pip install --system --no-sources -r pyproject.toml",
                "",
            ),
            ("frozen", 'members = ["libs/*"]', ["libs/x/a.py"], "uv sync --frozen", ""),
            ("frozen by a variable", 'members = ["libs/*"]', ["libs/x/a.py"], "UV_FROZEN=1 uv sync", ""),
            ("only folders in it", 'members = ["libs"]', ["libs/x/a.py"], "uv sync", ""),
            ("hidden", 'members = ["libs/*"]', ["libs/.x/a.py"], "uv sync", ""),
            ("excluded", 'members = ["libs/*"]\nexclude = ["libs/x"]', ["libs/x/a.py"], "uv sync", ""),
            ("a project", 'members = ["libs/*"]', ["libs/x/pyproject.toml"], "uv sync", ""),
        )
    },
}


@pytest.mark.parametrize("name", ROWS)
def test_what_is_called_proven_builds(name: str) -> None:
    """A build that fails would be called proven; or one that does not, broken."""
    dockerfile, files, expected = ROWS[name]
    assert " ".join(f"{one.code}:{one.line}" for one in troubles_of(dockerfile, files)) == expected


REASONS = {
    BASE
    + "COPY . .\nRUN ./setup.sh\nCOPY common x\n"
    + INSTALL: "runs `./setup.sh`; what that leaves in /app is unknown",
    "FROM team/base:1\nWORKDIR /app\n" + INSTALL: "the base image `team/base:1` may hold it",
    BASE
    + "COPY --from=lib:1 /x ./\n"
    + INSTALL: "line 3 copies what is there: it comes from `lib:1`, which nobody can look into",
    BASE + "RUN git clone https://example.invalid/x .\n" + INSTALL: "line 3 runs `git`, and what it leaves is unknown",
    BASE + "ADD x.tar.gz ./\n" + INSTALL: "line 3 unpacks or fetches `x.tar.gz`",
    BASE + "ARG S\nCOPY $S ./\n" + INSTALL: "in line 4 `$S` holds a variable without a value",
    BASE
    + "COPY . .\nARG X\nRUN pip install $X\n": "cannot be told what this line reads: it holds a variable without a value",
    NEWEST + "COPY --exclude=[x] common ./common\nRUN pip install ./common\n": "line 4 leaves some of it out",
}


@pytest.mark.parametrize("dockerfile", REASONS)
def test_what_cannot_be_told_is_said_with_the_line_that_makes_it_so(dockerfile: str) -> None:
    """A person would be told that something is unknown, and not where to look."""
    messages = [one.message for one in troubles_of(dockerfile, {**FILES, "setup.sh": ""}) if one.code == "CS213"]
    assert any(REASONS[dockerfile] in message for message in messages), messages
