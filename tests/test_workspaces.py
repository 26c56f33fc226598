"""uv workspaces through the whole program, and what the real uv says of a context without the members that are not needed."""

import json
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.depth import deep
from support.environments import make_wheel
from support.monorepo import Done, Monorepo
from support.monorepo import run as run_program
from support.workspaces import BUILT, Project, make_files, write_project, write_root
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
    ("what is asked for on other systems only", (API._replace(needs=("common", "extra; sys_platform == 'win32'")), *PLAIN[1:]), {
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


@deep("a real uv")
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


@pytest.fixture
def space(tmp_path: Path) -> Space:
    """Return a configured repository: two services of a workspace, and one that gets a copy."""
    space = Space(tmp_path / "repo")
    for path, text in make_files(PLAIN).items():
        space.write(path, text)
    for path in ("services/api/main.py", "libs/common/common.py", "libs/extra/extra.py", "services/worker/main.py"):
        space.write(path, "")
    space.write("common-sync.toml", 'master = "libs/common"\nservices = ["services/*"]\n')
    space.write("services/old/requirements.txt", "-e ../../libs/common\n")
    return space


SENTENCE = (
    "services/api, services/worker take the library from the uv workspace, and get no copy: common-sync context SERVICE"
)


def test_a_service_of_a_workspace_is_left_alone(space: Space) -> None:
    """Its files would be rewritten and a copy be put there, though uv takes the library from the workspace."""
    before = space.tree("services/api"), space.tree("services/worker")
    done = space.run("distribute")
    assert (done.code, SENTENCE in " ".join(done.out.split())) == (0, True)
    assert (space.tree("services/api"), space.tree("services/worker")) == before
    assert (space.root / "services/old/common/.common-sync.json").exists()
    for command in ("verify", "status"):
        said = space.run(command)
        assert (said.code, SENTENCE in " ".join(said.out.split())) == (0, True), said
        assert "workspace" not in space.run(command, "--quiet").out
        assert space.json(command, code=0)["workspace"] == ["services/api", "services/worker"]
    refused = space.run("distribute", "api")
    assert (refused.code, refused.err) == (
        2,
        "error: 'api' takes its libraries from the uv workspace: it has no copy\n  help: common-sync context services/api\n",
    )


def test_a_workspace_with_a_byte_order_mark(space: Space) -> None:
    """An editor of Windows would have a copy put beside what uv, which takes the mark, has from the workspace."""
    for path in ("pyproject.toml", "services/api/pyproject.toml", "libs/common/pyproject.toml"):
        space.write(path, "\ufeff" + space.read(path))
    assert space.json("status", code=1)["workspace"] == ["services/api", "services/worker"]


def test_only_services_of_a_workspace(space: Space) -> None:
    """A repository in which nothing is to be copied would be an error."""
    for path in (space.root / "services/old").iterdir():
        path.unlink()
    (space.root / "services/old").rmdir()
    assert [space.run(command).code for command in ("verify", "distribute", "status")] == [0, 0, 0]
    (space.root / "services/worker/pyproject.toml").write_text('[project]\nname = "worker"\n')
    assert (
        "services/api takes the library from the uv workspace, and gets no copy: common-sync context services/api"
        in " ".join(space.run("verify").out.split())
    )


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("services/api/common/.common-sync.json", None),
        ("services/api/pyproject.toml", '[project]\nname = "api"\ndependencies = ["common"]\n'),
        ("services/api/pyproject.toml", '[project]\nname = "api"\n[tool.uv.sources]\ncommon = { workspace = true }\n'),
        ("services/api/pyproject.toml", "no TOML"),
        ("libs/common/pyproject.toml", '[project]\nversion = "1"\n'),
        ("pyproject.toml", "# no workspace\n"),
        ("pyproject.toml", None),
    ],
    ids=[
        "has a copy",
        "asks an index",
        "does not ask for it",
        "is no project",
        "has no name",
        "is no workspace",
        "has no root",
    ],
)
def test_any_other_service_gets_its_copy(space: Space, file: str, text: str | None) -> None:
    """A service would be without the library, since a file of it looks as if it had it from elsewhere."""
    if file.endswith(".json"):
        space.write("pyproject.toml", "")
        assert space.run("distribute", "api").code == 0
        space.write("pyproject.toml", make_files(PLAIN)["pyproject.toml"])
    elif text is None:
        (space.root / file).unlink()
    else:
        space.write(file, text)
    assert "services/api" not in space.json("status", code=1).get("workspace", [])


def test_a_source_of_the_root_counts_for_its_members(space: Space) -> None:
    """A workspace that names its libraries once, at the root, would get copies."""
    bare = '[project]\nname = "api"\ndependencies = ["Common>=1"]\n'
    space.write("services/api/pyproject.toml", bare)
    space.write("pyproject.toml", space.read("pyproject.toml") + "[tool.uv.sources]\ncommon = { workspace = true }\n")
    assert "services/api" in space.json("status", code=1)["workspace"]
    space.write(
        "services/api/pyproject.toml", bare + '[tool.uv.sources]\ncommon = { git = "https://example.invalid/c" }\n'
    )
    assert "services/api" not in space.json("status", code=1)["workspace"]


def names(space: Space, service: str, *arguments: str, cwd: str = ".") -> set[str]:
    """Return the files of a context."""
    file = space.root.parent / "context.tar"
    done = space.run("context", service, "--output", str(file), *arguments, cwd=cwd)
    assert done.code == 0, done.err
    with tarfile.open(file) as tar:
        return {one.name for one in tar if not one.isdir()}


FILES = {"libs/common/common.py", "libs/common/pyproject.toml", "pyproject.toml", "services/api/main.py", "services/api/pyproject.toml", "uv.lock"}  # fmt: skip


def test_what_is_in_a_context(space: Space) -> None:
    """An image would be built anew for what it does not need, or hold what nobody wants to give away."""
    space.write("services/api/.dockerignore", "tests\nlocal\n")
    space.write(".dockerignore", "**/*.md\n")
    for path in (
        "services/api/tests/a.py",
        "services/api/README.md",
        "services/api/.env",
        "services/api/.venv/x",
        "services/api/a.pyc",
    ):
        space.write(path, "")
    for path in ("README.md", "notes.txt", "services/api/venv.py", "services/api/venv.d/venv", ".python-version"):
        space.write(path, "")
    more = {
        "services/api/.dockerignore",
        ".dockerignore",
        "services/api/venv.py",
        "services/api/venv.d/venv",
        ".python-version",
    }
    assert names(space, "api") == FILES | more
    (space.root / "common-sync.toml").unlink()
    assert names(space, "services/api") == FILES | more, "nothing has to be configured"
    assert names(space, ".", cwd="services/api") == FILES | more
    assert names(space, "services/api", "--root", ".") == FILES | more


def test_its_dockerfile(space: Space) -> None:
    """The Dockerfile would be missing in the stream, or another ignore file count than Docker takes."""
    space.write("services/api/Dockerfile", "FROM x\n")
    space.write("docker/api.Dockerfile", "FROM x\n")
    space.write("docker/api.Dockerfile.dockerignore", "**/main.py\n")
    assert names(space, "api") == FILES | {"services/api/Dockerfile"}
    assert "docker build -f services/api/Dockerfile -" in space.run("context", "api", "--output", "x.tar").err
    assert space.run("context", "api", "--output", "x.tar", "--quiet").err == ""
    with_other = {"docker/api.Dockerfile", "docker/api.Dockerfile.dockerignore", "services/api/Dockerfile"}
    assert names(space, "api", "--file", "docker/api.Dockerfile") == FILES - {"services/api/main.py"} | with_other
    refused = space.run("context", "api", "--output", "x.tar", "--file", "../Dockerfile")
    assert (
        refused.code,
        "there is no such Dockerfile in the service, nor at the root" in " ".join(refused.err.split()),
    ) == (2, True)
    space.write(".dockerignore", "[\n")
    assert "error: .dockerignore:1: cannot be parsed" in space.run("context", "api", "--output", "x.tar").err


def test_the_root_and_packages_on_the_disk(space: Space) -> None:
    """A package would be missing that the lock takes from the disk, or all of the repository be in an image."""
    lock = space.read("uv.lock").replace(
        'name = "common" },', 'name = "common" },\n    { name = "vendored" },\n    { name = "wheel" },', 1
    )
    lock += '\n[[package]]\nname = "vendored"\nversion = "1"\nsource = { directory = "vendor/v" }\n'
    lock += '\n[[package]]\nname = "wheel"\nversion = "1"\nsource = { path = "vendor/w.whl" }\n'
    space.write("uv.lock", lock)
    space.write("vendor/v/v.py", "")
    refused = space.run("context", "api", "--output", "x.tar")
    assert (refused.code, "vendor/w.whl: is not there, and uv is to take a package from it" in refused.err) == (2, True)
    space.write("vendor/w.whl", "")
    assert names(space, "api") == FILES | {"vendor/v/v.py", "vendor/w.whl"}
    whole = make_files((Project("", ("common",)), COMMON, EXTRA))
    for path, text in whole.items():
        space.write(path, text)
    (space.root / "common-sync.toml").unlink()
    found = names(space, ".")
    assert {"uv.lock", "libs/common/common.py", "services/worker/main.py", "vendor/w.whl"} <= found
    assert "libs/extra/extra.py" not in found


def test_a_wrong_workspace_is_said(space: Space) -> None:
    """A context would be written from half a workspace, or an error lack its place."""
    space.write("uv.lock", space.read("uv.lock").replace("version = 1", "version = 2", 1))
    before = space.tree()
    refused = space.run("context", "api", "--output", "x.tar")
    assert (refused.code, refused.err.splitlines()[0]) == (
        2,
        "error: uv.lock:1: is of version 2, and common-sync knows version 1 of uv's lock",
    )
    assert space.tree() == before
    (space.root / "uv.lock").write_bytes(b"\xff")
    assert "error: uv.lock: is not UTF-8" in space.run("context", "api", "--output", "x.tar").err
    (space.root / "uv.lock").unlink()
    (space.root / "uv.lock").mkdir()
    assert "error: uv.lock: cannot read it" in space.run("context", "api", "--output", "x.tar").err
    (space.root / "common-sync.toml").unlink()
    assert "no configuration" in space.run("context", "nothing", "--output", "x.tar").err
    space.write("pyproject.toml", "")
    assert "no configuration" in space.run("context", "services/api", "--output", "x.tar").err
    space.write("common-sync.toml", "master = 1\n")
    assert "master" in space.run("context", "services/api", "--output", "x.tar").err


def test_it_is_affected_by_its_library(space: Space) -> None:
    """A pipeline would not build the service although its library has changed."""
    space.git("init", "-q")
    space.git("add", "-A")
    space.git("commit", "-qm", "one")
    space.write("libs/common/common.py", "x = 1\n")
    found = [one["name"] for one in space.json("affected", "--since", "HEAD", code=0)["services"]]
    assert found == ["services/api", "services/old", "services/worker"]


def test_init_finds_it(space: Space) -> None:
    """A team with a workspace would be told to distribute copies that nobody needs."""
    (space.root / "common-sync.toml").unlink()
    bare = '[project]\nname = "api"\ndependencies = ["common"]\n'
    space.write("services/api/pyproject.toml", bare)
    space.write("pyproject.toml", space.read("pyproject.toml") + "[tool.uv.sources]\ncommon = { workspace = true }\n")
    done = space.run("init", "--yes", "--master", "libs/common")
    said = " ".join(done.out.split())
    assert done.code == 0, done
    assert "services/api pyproject.toml:3: takes common from the uv workspace" in said
    assert (
        "pyproject.toml: services/api, services/worker take the library from the uv workspace, so they get no copies: common-sync context SERVICE"
        in said
    )
    assert "next: common-sync distribute" in said
    assert space.json("verify", code=1)["workspace"] == ["services/api", "services/worker"]


def test_init_where_all_take_it_from_the_workspace(space: Space) -> None:
    """A team would be told to run what does nothing."""
    (space.root / "services/old/requirements.txt").unlink()
    (space.root / "services/old").rmdir()
    (space.root / "common-sync.toml").unlink()
    done = space.run("init", "--yes")
    assert (
        done.code,
        "next: common-sync context services/api --output context.tar" in done.out,
    ) == (0, True), done
    told = " ".join(space.run("doctor").out.split())
    assert (
        "· services/api, services/worker take the library from the uv workspace, and have no Dockerfile: not looked at"
        in told
    )
    assert "· no service was looked at" in told
    space.write("pyproject.toml", space.read("pyproject.toml").partition("\n[tool.common-sync]")[0])
    space.write("services/worker/Dockerfile", "FROM python:3.12-slim\n")
    done = space.run("init", "--yes")
    assert "next: common-sync context services/worker | docker build -f services/worker/Dockerfile -" in done.out, done
    assert space.json("verify", code=0)["workspace"] == ["services/api", "services/worker"]


DOCKERFILES = [
    pytest.param("COPY . .\nRUN uv sync --locked --package api\n", "unknown", "CS213", id="what uv takes from the workspace"),
    pytest.param("COPY libs/extra /x\nRUN pip install ./libs/common\n", "broken", "CS202", id="a member that is left out"),
    pytest.param("COPY services/api /app\nRUN pip install x\n", "broken", "CS216", id="a library that is not copied"),
    pytest.param("COPY . .\nRUN pip install ./services/api ./libs/common\n", "unknown", "CS213", id="what asks an index for a member"),
    pytest.param("# common-sync: ignore[CS213]\nCOPY . .\nENV PYTHONPATH=/libs/common/src\nCMD python services/api/main.py\n", "proven", "", id="nothing is installed"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "verdict", "code"), DOCKERFILES)
def test_doctor_follows_its_dockerfile(space: Space, lines: str, verdict: str, code: str) -> None:
    """A build would fail for want of a member, or be called proven though nobody has looked."""
    space.write("services/api/main.py", "import common\n")
    space.write("services/api/src/api/__init__.py", "")
    (space.root / "libs/common/common.py").unlink()
    space.write("libs/common/src/common/__init__.py", "")
    space.write("services/api/Dockerfile", f"FROM python:3.12-slim\n{lines}")
    for words in (("api",), ()):
        found = space.run("doctor", *words, "--output-format", "json")
        document = json.loads(found.out)
        states = {one["name"]: one["verdict"] for one in document["services"]}
        assert states["services/api"] == verdict, document
        assert set(states) == ({"services/api"} if words else {"services/api", "services/old"})
        assert (code in {one["code"] for one in document["findings"]}) == bool(code)
        assert all(one["file"].startswith(("services/", "libs/")) for one in document["findings"])
        for one in (one for one in document["findings"] if one["code"] == "CS202"):
            assert one["message"].endswith(
                "is not in the build context, which is services/api and what it needs of the uv workspace"
            )
            assert one["remedy"] == "let services/api/pyproject.toml ask for libs/extra, or take the line out"


def test_a_service_that_takes_it_from_an_index(space: Space) -> None:
    """What the configuration says of a service would count less than a line in its project file."""
    space.write("common-sync.toml", space.read("common-sync.toml") + '[service."services/api"]\nlibrary = "index"\n')
    space.git("init", "-q")
    space.git("add", "-A")
    space.git("commit", "-qm", "one")
    assert space.json("status", code=1)["workspace"] == ["services/worker"]
    space.write("libs/common/common.py", "x = 1\n")
    found = [one["name"] for one in space.json("affected", "--since", "HEAD", code=0)["services"]]
    assert found == ["services/old", "services/worker"]
