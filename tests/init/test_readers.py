"""Discovery reads what `distribute` reads: a reference that would be rewritten is one that is found."""

from pathlib import Path

import pytest
from support.detection import BESIDE, BOTH, Found, check
from support.repositories import PACKAGE, PROJECT, Files, below, build, service

from common_sync.commands.steps.survey import survey
from common_sync.edges.project.load import load_project

MOUNT = "RUN --mount=type=bind,source=../../common,target=/tmp/common pip install /tmp/common\n"
SOURCE = {"services/api/main.py": "import media_common\n", "services/worker/main.py": "import media_common\n"}


def each(name: str, text: str) -> dict[str, str]:
    """Return a library, and one file in each of two services."""
    files = {**below("common", PROJECT), **SOURCE}
    return files | {f"{folder}/{name}": text for folder in BOTH}


READ = [
    pytest.param(
        {
            **below("common", PROJECT),
            **SOURCE,
            "services/api/environment.yml": "dependencies:\n  - python\n  - pip:\n      - -e ../../common\n",
            "services/worker/Dockerfile": f"FROM python\n{MOUNT}",
        },
        id="a conda environment, and a mount of a build",
    ),
    pytest.param(each("environment.yaml", "dependencies:\n- pip: ['../../common']\n"), id="conda, in brackets"),
    pytest.param(each("Dockerfile", f"FROM python\n{MOUNT}"), id="mounts of builds alone"),
    pytest.param(each("api.Dockerfile", "FROM python\nCOPY ../../common /common\n"), id="a Dockerfile with a name"),
    pytest.param(each("Containerfile", "FROM python\nADD ../../common /common\n"), id="a Containerfile"),
    pytest.param(
        each("Dockerfile", "FROM python\nARG LIB=../../common\nCOPY $LIB /common\n"), id="a source by a variable"
    ),
    pytest.param(
        each("Dockerfile", 'FROM python\nCOPY \\\n  # why\n  ["../../common", "/common"]\n'), id="a source on lines"
    ),
    pytest.param(each("Pipfile", '[packages]\nmedia-common = {path = "../../common"}\n'), id="a Pipfile"),
    pytest.param(
        each("pyproject.toml", '[tool.hatch.build.force-include]\n"../../common/media_common" = "media_common"\n'),
        id="a path that is a key",
    ),
    pytest.param(
        each("pyproject.toml", '[tool.uv.sources]\nmedia-common = {path = "\\u002e./../common"}\n'), id="an escape"
    ),
    pytest.param(each("pyproject.toml", '[dependency-groups]\ndev = ["x @ file:../../common"]\n'), id="a group"),
    pytest.param(
        each("uv.lock", 'version = 1\n[[package]]\nname = "media-common"\nsource = { directory = "../../common" }\n'),
        id="a lock file of uv",
    ),
    pytest.param(each("pylock.dev.toml", '[[packages]]\ndirectory = { path = "../../common" }\n'), id="a pylock"),
    pytest.param(each("pixi.lock", "packages:\n- pypi: ../../common\n  name: media-common\n"), id="pixi's"),
    pytest.param(each("poetry.lock", '[package.source]\ntype = "directory"\nurl = "../../common"\n'), id="Poetry's"),
    pytest.param(each("requirements.txt", "-r more.reqs\n") | each("more.reqs", "-e ../../common\n"), id="an include"),
    pytest.param(each("requirements.txt", "--edit=\\\n../../common\n"), id="an option that is cut short"),
    pytest.param(
        each("requirements/dev/base.txt", "") | each("dev.sh", "pip install -e ../../common\n"), id="a script"
    ),
    pytest.param(
        each("compose.yaml", "x-v: &v ['../../common:/app/common']\nservices:\n  a:\n    build: .\n    volumes: *v\n"),
        id="a mount by an alias",
    ),
    pytest.param(
        each(
            "compose.yaml",
            "services:\n  a:\n    build: .\n    volumes:\n      - type: bind\n        source: ../../common\n"
            "        target: /common\n",
        ),
        id="a mount in its long form",
    ),
]


@pytest.mark.parametrize("files", READ)
def test_found_is_what_is_rewritten(tmp_path: Path, files: Files) -> None:
    """A team whose references `distribute` would rewrite would be told that there is no library."""
    check(build(tmp_path, files), BESIDE)
    found = survey(load_project(str(tmp_path)))
    named = {one.service for one in found.findings() if one.service and "CS100" < one.code < "CS114"}
    rewritten = {plan.service for plan in found.plans if plan.references}
    assert named | rewritten == set(BOTH)


UNPARSABLE = [
    pytest.param("pyproject.toml", '[tool.uv.sources\nmedia-common = {path = "../../common"}\n', id="TOML"),
    pytest.param("compose.yaml", "services: {{ x }}\n  volumes: ['../../common:/x']\n", id="YAML"),
    pytest.param("Dockerfile", "FROM python\nCOPY --what\nCOPY ../../common /common\nUNKNOWN\n", id="a Dockerfile"),
    pytest.param("environment.yml", "dependencies:\n- pip:\n  - -e ../../common\n--- x\n{%\n", id="a template"),
]


@pytest.mark.parametrize(("name", "text"), UNPARSABLE)
def test_what_cannot_be_parsed_is_searched(tmp_path: Path, name: str, text: str) -> None:
    """A team with one broken file, or a template, would be told that there is no library."""
    check(build(tmp_path, each(name, text)), BESIDE)


def test_dockerfile_of_any_name(tmp_path: Path) -> None:
    """A team that keeps its Dockerfiles in one folder would be told that there is no library."""
    files = {**below("common", PACKAGE), **SOURCE, "compose.yml": "services:\n"}
    for name in ("api", "worker"):
        files[f"images/{name}.image"] = f"FROM python\nCOPY common /app/common\nCOPY services/{name} /app/\n"
        files["compose.yml"] += f"  {name}:\n    build:\n      context: .\n      dockerfile: images/{name}.image\n"
    check(build(tmp_path, files), BESIDE)


def test_one_reader_reads_a_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large repository would be read several times over."""
    from common_sync.commands.init import propose
    from common_sync.edges.detection.tree import Tree

    asked: list[str] = []
    read = Tree.read

    def count(tree: Tree, path: str) -> bytes:
        asked.append(path)
        return read(tree, path)

    monkeypatch.setattr(Tree, "read", count)
    files = {**below("common", PROJECT), **service("services/api", "-e ../../common"), **SOURCE}
    propose(str(build(tmp_path, files)))
    assert len(asked) == len(set(asked))


def test_a_project_that_is_a_workspace(tmp_path: Path) -> None:
    """A team that lets uv find the library by its name would see only the services that name its folder."""
    text = (
        '[project]\nname = "b"\ndependencies = ["media-common"]\n[tool.uv.sources]\nmedia-common = {workspace = true}\n'
    )
    files = {**below("common", PROJECT), **service("a", "-e ../common"), "b/pyproject.toml": text, "b/run.py": ""}
    check(build(tmp_path, files), Found("common", ["a", "b"]))
