"""uv workspaces through the whole program, and what the real uv says of a context without the members that are not needed."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.depth import deep
from support.environments import make_wheel
from support.monorepo import Done, Monorepo
from support.monorepo import run as run_program
from support.workspaces import BUILT, Project, write_project, write_root
from uv import find_uv_bin

API = Project("services/api", ("common",))
COMMON = Project("libs/common")
WORKER = Project("services/worker", ("common", "extra"))
EXTRA = Project("libs/extra")
PLAIN = (API, COMMON, WORKER, EXTRA)
WHEELS = '[tool.uv]\nno-index = true\nfind-links = ["wheels"]\n'
PATTERNS = ("services/*", "libs/*")

CASES: list[tuple[str, tuple[Project, ...], dict[str, str]]] = [
    ("libraries", PLAIN, {}),
    ("extras and groups", (
        API._replace(needs=("common[fast]", "beta"), groups={"dev": ("extra", "gamma")}),
        COMMON._replace(extras={"fast": ("alpha",), "slow": ("delta",)}),
        WORKER._replace(needs=("beta[more]",), groups={"lint": ("delta",)}), EXTRA,
    ), {"pyproject.toml": write_root(*PATTERNS).replace("[tool.uv]\nno-index = true\n", WHEELS)}),
    ("a root that is a project, and asks for all", PLAIN, {
        "pyproject.toml": write_project(Project("", ("api", "worker"), groups={"dev": ("extra", "gamma")}, build=""), ["api", "worker", "extra"])
        + WHEELS + 'default-groups = ["dev"]\n' + '[tool.uv.workspace]\nmembers = ["services/*", "libs/*"]\nexclude = ["libs/old"]\n',
        "libs/old/pyproject.toml": '[project]\nname = "old"\n',
    }),
    ("a root that is needed", (API._replace(needs=("mono",)), COMMON, WORKER, EXTRA), {
        "pyproject.toml": write_project(Project("", ("common",)), ["common"]) + '[tool.uv.workspace]\nmembers = ["services/*", "libs/*"]\n',
        "src/mono/__init__.py": "",
    }),
    ("other Pythons", (API._replace(python=">=3.9"), COMMON._replace(python=">=3.8"), WORKER, EXTRA), {}),
    ("conflicts and versions", (
        API._replace(extras={"old": ("alpha==1.0",), "new": ("alpha==2.0",)}), COMMON._replace(needs=("beta",)),
        WORKER._replace(extras={"a": ("alpha==1.0",), "b": ("alpha==2.0",)}), EXTRA,
    ), {"pyproject.toml": write_root(*PATTERNS).replace("[tool.uv]\nno-index = true\n", WHEELS + 'conflicts = [\n  [{ package = "api", extra = "old" }, { package = "api", extra = "new" }],\n  [{ package = "worker", extra = "a" }, { package = "worker", extra = "b" }],\n  [{ package = "api", extra = "old" }, { package = "worker", extra = "b" }],\n  [{ package = "api", extra = "new" }, { package = "worker", extra = "a" }],\n]\n')}),
    ("a member that builds another", (API, COMMON._replace(build='[build-system]\nrequires = ["maker"]\nbuild-backend = "maker"\n[tool.uv.sources]\nmaker = { workspace = true }\n'), WORKER, EXTRA, Project("libs/maker", build='[build-system]\nrequires = []\nbuild-backend = "maker"\nbackend-path = ["src"]\n')), {"libs/maker/src/maker/__init__.py": "MAKER"}),
    ("members inside others", (API._replace(needs=("common", "one")), COMMON, Project("services/api/plugins/one"), Project("services/api/plugins/two"), EXTRA), {
        "pyproject.toml": write_root(*PATTERNS, "services/api/plugins/*"),
    }),
    ("nothing builds them", tuple(one._replace(build="[tool.uv]\npackage = false\n") for one in PLAIN), {}),
    ("folders and archives", (API._replace(build=BUILT + '[tool.uv.sources.vendored]\npath = "../../vendor/vendored"\n[tool.uv.sources.alpha]\npath = "../../wheels/alpha-1.0-py3-none-any.whl"\n', needs=("vendored", "alpha")), *PLAIN[1:]), {
        "vendor/vendored/pyproject.toml": write_project(Project("vendor/vendored"), []), "vendor/vendored/src/vendored/__init__.py": "",
    }),
    ("what is asked for on other systems only", (API._replace(needs=("common", "extra; sys_platform == 'win32'"), build=BUILT + "[tool.uv.sources.extra]\nworkspace = true\n"), *PLAIN[1:]), {
        "pyproject.toml": write_root(*PATTERNS).replace("[tool.uv]\n", '[tool.uv]\nenvironments = ["sys_platform == \'linux\'"]\n'),
    }),
    ("constraints and overrides", (API._replace(needs=("beta",)), *PLAIN[1:]), {
        "pyproject.toml": write_root(*PATTERNS).replace("[tool.uv]\nno-index = true\n", WHEELS + 'constraint-dependencies = ["alpha<2", "delta<9"]\noverride-dependencies = ["gamma==1.0"]\n[dependency-groups]\nlint = ["delta"]\n'),
    }),
]  # fmt: skip


class Space(Monorepo):
    """A workspace that the real uv has locked."""

    def uv(self, *arguments: str, cwd: Path | None = None) -> Done:
        """Run the real uv, without a network."""
        settings = {"UV_CACHE_DIR": str(self.root.parent / "cache"), "UV_OFFLINE": "1"}
        return run_program(find_uv_bin(), *arguments, "--quiet", cwd=cwd or self.root, env={**os.environ, **settings})

    def lock(self) -> None:
        """Write uv.lock."""
        done = self.uv("lock")
        assert done.code == 0, done.err

    def extract(self, service: str, *arguments: str) -> Path:
        """Return a new folder with the context of a service."""
        file, folder = self.root.parent / "context.tar", self.root.parent / "context"
        done = self.run("context", service, "--output", str(file), *arguments)
        assert done.code == 0, done.err
        folder.mkdir()
        subprocess.run(["tar", "-xf", file, "-C", folder], check=True)
        return folder


def make(tmp_path: Path, projects: tuple[Project, ...], files: Mapping[str, str]) -> Space:
    """Return a workspace."""
    space = Space(tmp_path / "repo")
    names = [*(one.name for one in projects), "mono"]
    for one in projects:
        space.write(f"{one.path}/pyproject.toml", write_project(one, names))
        space.write(f"{one.path}/src/{one.name}/__init__.py", f'NAME = "{one.name}"\n')
    for path, text in {"pyproject.toml": write_root(*PATTERNS), **files}.items():
        space.write(path, _MAKER if text == "MAKER" else text)
    for name, version, needs in _PACKAGES:
        make_wheel(space.root / "wheels", name, version, needs)
    return space


_PACKAGES = (
    ("alpha", "1.0", ()), ("alpha", "2.0", ()), ("beta", "1.0", ("alpha", 'gamma; extra == "more"')),
    ("gamma", "1.0", ()), ("delta", "1.0", ("gamma",)),
)  # fmt: skip
_MAKER = """import os, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    project = os.path.basename(os.getcwd())
    info = f"{project}-1.0.dist-info"
    name = f"{project}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        archive.writestr(f"{project}.pth", os.path.join(os.getcwd(), "src"))
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {project}\\nVersion: 1.0\\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(f"{info}/RECORD", "")
    return name

build_wheel = build_editable
"""


def installed(space: Space, folder: Path) -> list[str]:
    """Return what is installed there for the service, and in which versions."""
    done = space.uv("sync", "--locked", "--package", "api", cwd=folder)
    assert done.code == 0, done.err
    listed = run_program(
        find_uv_bin(),
        "pip",
        "freeze",
        "--offline",
        cwd=folder,
        env={**os.environ, "VIRTUAL_ENV": str(folder / ".venv")},
    )
    return [line.replace(str(folder), "") for line in listed.out.splitlines()]


@pytest.mark.parametrize(
    ("projects", "files"),
    [
        pytest.param(projects, files, id=name, marks=[deep("uv resolves and installs twice")][: at > 0])
        for at, (name, projects, files) in enumerate(CASES)
    ],
)
def test_uv_takes_the_context_for_the_workspace(
    tmp_path: Path, projects: tuple[Project, ...], files: dict[str, str]
) -> None:
    """An image would not be built, or have other versions than the workspace."""
    space = make(tmp_path, projects, files)
    space.lock()
    before, stamps = space.tree(), space.stamps()
    folder = space.extract("services/api")
    assert (space.tree(), space.stamps()) == (before, stamps), "the working tree is not touched"
    checked = space.uv("lock", "--check", cwd=folder)
    assert checked.code == 0, checked.err
    assert installed(space, folder) == installed(space, space.root)


@deep("uv resolves and checks")
def test_uv_takes_a_service_that_only_others_have_installed(tmp_path: Path) -> None:
    """Uv would refuse the lock: the member is not there that makes the service a package."""
    space = make(tmp_path, (API._replace(build=""), *PLAIN[1:], Project("services/zoo", ("api",))), {})
    space.lock()
    assert space.uv("lock", "--check", cwd=space.extract("services/api")).code == 0
