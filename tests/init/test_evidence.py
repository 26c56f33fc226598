"""Discovery: each kind of evidence by itself, in the forms that people write it in."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from support.detection import BESIDE, BOTH, Found, check
from support.repositories import PACKAGE, PROJECT, Files, below, build, run_git, service

from common_sync.commands.init import find_candidates, propose
from common_sync.core.errors import ConfigurationError

PLAIN = "FROM python\nCOPY . .\n"
LIBRARY = below("common", PACKAGE)
OTHER = {"__init__.py": "", "bus.py": "def send(event):\n    return event\n", "topics.py": "TOPICS = ['a', 'b']\n"}
UNUSED = {**service("services/api"), **service("services/worker")}


def both(name: str, text: str) -> dict[str, str]:
    """Return a file of each of two services; `{name}` is the service's last name."""
    return {f"{folder}/{name}": text.replace("{name}", folder.rpartition("/")[2]) for folder in BOTH}


IMPORTS = [
    pytest.param(LIBRARY, "from common.settings import DEBUG\n", "common", "", id="a module of a package"),
    pytest.param(LIBRARY, "import os, common.store as store\n", "common", "", id="among others, under another name"),
    pytest.param(LIBRARY, "def f():\n    from common import store\n", "common", "", id="inside a function"),
    pytest.param(
        LIBRARY, "try:\n\timport common\nexcept ImportError:\n\traise\n", "common", "", id="where it may fail"
    ),
    pytest.param(below("common", PROJECT), "import media_common\n", "common", "", id="a project's package"),
    pytest.param(
        {"common/setup.py": "", "common/src/our/__init__.py": "X = 1\n"},
        "from our import X\n",
        "common",
        "",
        id="in src",
    ),
    pytest.param(
        below("libs/common", PACKAGE),
        "import libs.common\n",
        "libs/common",
        "libs/common",
        id="by its path from the root",
    ),
    pytest.param(
        below("services/common", PACKAGE),
        "import services.common\n",
        "services/common",
        "services/common",
        id="beside them",
    ),
    pytest.param(
        below("common/corp/db", {"a.py": "A = 1\n"}),
        "import corp.db.a\n",
        "common/corp/db",
        "corp/db",
        id="a namespace",
    ),
]


@pytest.mark.parametrize(("library", "text", "master", "copy"), IMPORTS)
def test_imports(tmp_path: Path, library: Files, text: str, master: str, copy: str) -> None:
    """A team whose services find the library by PYTHONPATH alone would be told that there is none."""
    proposal = propose(str(build(tmp_path, {**library, **UNUSED, **both("main.py", text)}, git=False)))
    assert (proposal.first.master, proposal.first.copy) == (master, copy or master.rpartition("/")[2])
    assert [one.path for one in proposal.first.services] == list(BOTH)
    assert proposal.first.guess


NO_IMPORTS = [
    pytest.param("import json, typing\n", {}, id="the standard library"),
    pytest.param("import redis\n", {**below("redis", PACKAGE), **both("requirements.txt", "redis\n")}, id="installed"),
    pytest.param("import util\n", {**below("util", PACKAGE), **both("util.py", "")}, id="the service's own module"),
    pytest.param(
        "import util\n", {**below("util", PACKAGE), **both("lib/util/x.py", "")}, id="its own package, deeper"
    ),
    pytest.param("import app\n", below("app", PACKAGE), id="a name that every program has"),
    pytest.param("import web\n", {**below("web", PACKAGE), "web/main.py": ""}, id="another program"),
    pytest.param("import docs\n", below("docs", PACKAGE), id="documents"),
    pytest.param("from . import common\n", LIBRARY, id="a relative import"),
    pytest.param("# import common\nx = 'import common'\n", LIBRARY, id="a comment, and a text"),
    pytest.param("import x\n", {**below("a/x", PACKAGE), **below("b/x", {"y.py": ""})}, id="two that it may be"),
]


@pytest.mark.parametrize(("text", "files"), NO_IMPORTS)
def test_imports_that_say_nothing(tmp_path: Path, text: str, files: Files) -> None:
    """A team would get a folder for its library that has nothing to do with it."""
    assert find_candidates(str(build(tmp_path, {**UNUSED, **files, **both("main.py", text)}, git=False))) == ()


UP = "import os, sys\nsys.path.{}\n"
PATHS = [
    pytest.param('insert(0, os.path.join(os.path.dirname(__file__), "../.."))', "common", id="the root"),
    pytest.param('append("../..")', "common", id="relative to the current folder"),
    pytest.param("insert(0, str(Path(__file__).resolve().parents[2]))", "common", id="parents"),
    pytest.param("extend([os.path.abspath('../../libs')])", "flat", id="a folder of libraries"),
    pytest.param("insert(0, '../../libs/flat')", "bus", id="the library's own folder, and a module in it"),
]


@pytest.mark.parametrize(("line", "name"), PATHS)
def test_path_lines(tmp_path: Path, line: str, name: str) -> None:
    """A team that puts the library's folder on sys.path would be told that there is none."""
    files = {**LIBRARY, **below("other/common", {"x.py": ""}), **below("libs/flat", OTHER), **UNUSED}
    files |= both("main.py", f"from pathlib import Path\n{UP.format(line)}import {name}\n")
    proposal = propose(str(build(tmp_path, files, git=False)))
    assert proposal.first.master == ("common" if name == "common" else "libs/flat")
    assert all("sys.path" in one.reasons[0].text for one in proposal.first.services)


SCRIPTS = [
    pytest.param({"Makefile": "all:\n\tcp -r common services/api/\n\tcp -r common services/worker/\n"}, id="make"),
    pytest.param({"Makefile": "all:\n\t@for s in api worker; do \\\n\t  cp -r common services/$$s/; \\\n\tdone\n"}, id="a loop of make"),
    pytest.param({"Makefile": "S := api worker\nall:\n\t$(foreach s,$(S),rsync -a common services/$(s);)\n"}, id="foreach"),
    pytest.param(both("Makefile", "build:\n\tcp -R ../../common .\n\tdocker build .\n"), id="a Makefile of each"),
    pytest.param({"sync.sh": 'for d in services/*/; do rsync -av --delete common/ "$d/common/"; done\n'}, id="a glob"),
    pytest.param({"scripts/sync.sh": 'cd "$(dirname "$0")/.."\nfor s in api worker\ndo\n  cp -a ./common/. services/${s}/common\ndone\n'}, id="a script in a folder"),
    pytest.param({"sync.sh": 'SERVICES="api worker"\nfor s in $SERVICES; do cp -r "$ROOT/common" "services/$s"; done\n'}, id="a list"),
    pytest.param({"sync.sh": "for s in api worker; do ln -sfn ../../common services/$s/common; cp -r common services/$s; done\n"}, id="links"),
    pytest.param(both("build.sh", "#!/bin/sh\nset -e\nrm -rf common && cp -r ../../common common\n"), id="a script of each"),
    pytest.param({".github/workflows/ci.yml": "jobs:\n  b:\n    strategy: {matrix: {s: [api, worker]}}\n    steps:\n    - run: cp -r common services/${{ matrix.s }}/\n"}, id="GitHub"),
    pytest.param({"sync.sh": 'A=("api" "worker")\nfor s in "${A[@]}"; do\n  cp -r common services/$s/\ndone\n'}, id="an array"),
    pytest.param({".gitlab-ci.yml": "b:\n  script:\n    - cp -r common services/api\n    - cp -r common services/worker\n"}, id="GitLab"),
    pytest.param({"cloudbuild.yaml": "steps:\n- args: ['-c', 'cp -r common services/api && cp -r common services/worker']\n"}, id="Cloud Build"),
    pytest.param({"Jenkinsfile": "sh 'cp -r common services/api'\nsh \"cp -r common services/worker\"\n"}, id="Jenkins"),
    pytest.param({"package.json": '{"scripts": {\n"a": "cp -r common services/api",\n"b": "cp -r common services/worker"}}\n'}, id="npm"),
    pytest.param({"sync.py": "import shutil\nfor s in ('api', 'worker'):\n    shutil.copytree('common', f'services/{s}/common')\n"}, id="a program"),
    pytest.param({"justfile": "sync:\n    cd services/api && cp -r ../../common .\n    cd services/worker && cp -r ../../common .\n"}, id="another folder first"),
]  # fmt: skip


@pytest.mark.parametrize("files", SCRIPTS)
def test_scripts(tmp_path: Path, files: Files) -> None:
    """A team that copies the library by a script would be told that there is none."""
    proposal = check(build(tmp_path, {**LIBRARY, **UNUSED, **files}, git=False), BESIDE)
    assert not proposal.first.guess


NO_SCRIPTS = [
    pytest.param({"Makefile": "all:\n\tcp -r common /opt/\n"}, id="out of the repository"),
    pytest.param({"Makefile": "# cp -r common services/api\n"}, id="a comment"),
    pytest.param({"Makefile": "all:\n\tcp common/settings.py services/api/\n"}, id="a single file"),
    pytest.param({"sync.sh": "cp -r configs services/api/\n", "configs/x.yml": ""}, id="no modules"),
    pytest.param({"sync.sh": "cp -r services/api services/worker\n"}, id="one service into another"),
]


@pytest.mark.parametrize("files", NO_SCRIPTS)
def test_scripts_that_copy_no_library(tmp_path: Path, files: Files) -> None:
    """A team would get a folder for its library that a script only happens to copy."""
    found = find_candidates(str(build(tmp_path, {**LIBRARY, **UNUSED, **files}, git=False)))
    assert all(one.master != "common" or one.weight < 2 for one in found)


URLS = [
    pytest.param("git+https://github.com/acme/mono@main#egg=media-common&subdirectory=common", id="an egg"),
    pytest.param("media-common @ git+ssh://git@github.com/acme/mono.git#subdirectory=common", id="a requirement"),
    pytest.param("-e git+https://github.com/acme/Mono.git@v1#subdirectory=common&egg=media-common", id="editable"),
]


@pytest.mark.parametrize("remote", ["git@github.com:acme/mono.git", "https://github.com/acme/mono", ""])
@pytest.mark.parametrize("line", URLS)
def test_urls_of_the_repository_itself(tmp_path: Path, line: str, remote: str) -> None:
    """A team that installs the library from its own repository would be told that there is none."""
    build(tmp_path, {**below("common", PROJECT), **UNUSED, **both("requirements.txt", f"{line}\n")})
    if remote:
        run_git(tmp_path, "remote", "add", "origin", remote)
    check(tmp_path, BESIDE)


def test_urls_of_other_repositories(tmp_path: Path) -> None:
    """A folder would be taken for a library that comes from somewhere else."""
    build(
        tmp_path,
        {**below("common", PROJECT), **UNUSED, **both("requirements.txt", "git+https://x.org/y#subdirectory=common\n")},
    )
    run_git(tmp_path, "remote", "add", "origin", "https://github.com/acme/mono")
    assert find_candidates(str(tmp_path)) == ()


PROJECTS = [
    pytest.param('[project]\nname = "{name}"\ndependencies = ["media-common"]\n[tool.uv.sources]\nmedia-common = {workspace = true}\n', 3, id="uv"),
    pytest.param('[project]\nname = "{name}"\n[dependency-groups]\ndev = ["Media_Common"]\n[tool.uv.sources]\nMedia_Common.workspace = true\n', 3, id="a group"),
    pytest.param('[project]\nname = "{name}"\ndependencies = ["media.common[redis]>=1"]\n', 1, id="by its name alone"),
    pytest.param('[tool.poetry]\nname = "{name}"\n[tool.poetry.dependencies]\nmedia-common = {git = "https://x/mono", subdirectory = "common"}\n', 3, id="Poetry, from git"),
    pytest.param('[project]\nname = "{name}"\n[tool.uv.sources]\nx = {git = "https://x/mono", subdirectory = "common"}\n', 3, id="uv, from git"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "weight"), PROJECTS)
def test_projects(tmp_path: Path, text: str, weight: int) -> None:
    """A team with a workspace would be told that there is no library."""
    files = {**below("common", PROJECT), **both("pyproject.toml", text), **both("run.py", "")}
    files["pyproject.toml"] = '[tool.uv.workspace]\nmembers = ["services/*", "common"]\n'
    check(build(tmp_path, files, git=False), BESIDE)


def test_weight_of_projects(tmp_path: Path) -> None:
    """A line that may mean an index would count as much as one that names the workspace."""
    files = {**below("common", PROJECT), **both("requirements.txt", "media-common\n"), **both("main.py", "")}
    assert propose(str(build(tmp_path, files, git=False))).first.guess


def composed(**services: str) -> str:
    """Return a compose file: the name of each service, and what is below it."""
    return "services:\n" + "".join(f"  {name}:\n    {text}\n" for name, text in services.items())


def images(folder: str, name: str = "{name}.Dockerfile") -> dict[str, str]:
    """Return Dockerfiles in a folder beside the services, which copy the library and one of them."""
    text = "FROM python\nCOPY common /app/common\nCOPY services/{name}/main.py /app/\n"
    files = {f"{folder}/{name}": text}
    return {
        path.replace("{name}", one): body.replace("{name}", one)
        for path, body in files.items()
        for one in ("api", "worker")
    }


ONE = "FROM python\nARG SERVICE\nCOPY common /app/common\nCOPY services/${SERVICE} /app\n"
BUILD = "build: {{context: ., dockerfile: {}}}"
WITHOUT = {**both("main.py", ""), **both("requirements.txt", "flask\n")}
IMAGES = [
    pytest.param(images("docker"), id="named after the services"),
    pytest.param(images("docker/{name}", "Dockerfile"), id="a folder of each"),
    pytest.param(images("images", "Dockerfile.{name}"), id="with an ending"),
    pytest.param(
        {**images("x", "{name}.image"), "compose.yml": composed(api=BUILD.format("x/api.image"), w=BUILD.format("x/worker.image"))},
        id="of any name, which compose tells",
    ),
    pytest.param(
        {**images("services/{name}", ".dockerfile"), "c/compose.yml": composed(api="build: {context: .., dockerfile: services/api/.dockerfile}", w="build: {context: .., dockerfile: services/worker/.dockerfile}")},
        id="hidden ones",
    ),
    pytest.param({"Dockerfile": ONE}, id="one for all, by an argument"),
    pytest.param({"Dockerfile": "FROM python\nCOPY common common\nCOPY services services\n"} | both("Dockerfile", "FROM x\nCOPY common /app/common\n"), id="one for all, and each"),
    pytest.param(
        {"docker-compose.yml": composed(api="build: {context: services/api, additional_contexts: {lib: ./common}}", w="build: {context: services/worker, additional_contexts: ['lib=common']}")},
        id="named contexts",
    ),
    pytest.param(
        {"infra/docker-compose.dev.yml": composed(api="volumes: ['../services/api:/app', '../common:/common']", w="volumes: ['../services/worker:/app', '../common:/common']"), "infra/nginx.conf": ""},
        id="mounts beside the services' own",
    ),
    pytest.param(
        {"compose.yml": composed(api="build: services/api\n    develop: {watch: [{path: ./common, action: sync, target: /c}]}", w="build: services/worker\n    develop: {watch: [{path: common, action: sync, target: /c}]}")},
        id="folders that are watched",
    ),
]  # fmt: skip


@pytest.mark.parametrize("files", IMAGES)
def test_images(tmp_path: Path, files: Mapping[str, str]) -> None:
    """A team whose Dockerfiles are not in the services' folders would be told that there is no library, or get a wrong one."""
    check(build(tmp_path, {**LIBRARY, **WITHOUT, **files}, git=False), BESIDE)


WIDE = [
    pytest.param("COPY common /c\nCOPY services/api /app\n", "", True, id="from the root"),
    pytest.param("COPY ../../common /c\nCOPY . /app\n", "", False, id="upward"),
    pytest.param("COPY common /c\nCOPY api /app\n", "services", True, id="from the folder above"),
    pytest.param("COPY . .\n", "", False, id="from its own folder"),
]


@pytest.mark.parametrize(("text", "above", "wide"), WIDE)
def test_images_from_a_folder_above(tmp_path: Path, text: str, above: str, *, wide: bool) -> None:
    """A team would run a `distribute` that leaves its images as they were."""
    library = below(f"{above}/common".lstrip("/"), PROJECT)
    requirement = "-e ../common" if above else "-e ../../common"
    files = {**library, **service("services/api", requirement, f"FROM python\n{text}")}
    proposal = propose(str(build(tmp_path, files, git=False)))
    assert [one.path for one in proposal.first.services] == ["services/api"]
    assert bool(proposal.wide) == wide


def test_one_stray_copy_decides_nothing(tmp_path: Path) -> None:
    """A folder that somebody has once copied would become the library, without a question."""
    files = {
        **LIBRARY,
        **service("services/api"),
        **below("services/api/common", PACKAGE),
        **service("services/worker"),
    }
    with pytest.raises(ConfigurationError, match="no master found") as caught:
        propose(str(build(tmp_path, files)))
    _, likely = caught.value.problems
    assert likely.remedy == "common-sync init --master common"
    assert '"common" may be the master (a guess)' in likely.message
    assert "a copy: 6 of the 6 modules of common" in likely.message


def test_likely_ones_are_listed_best_first(tmp_path: Path) -> None:
    """A team whose library is not found would not know what to name."""
    files = {**below("shared", PROJECT), **below("libs/events", OTHER), **below("things", {"x.py": ""}), **UNUSED}
    with pytest.raises(ConfigurationError, match="no master found") as caught:
        propose(str(build(tmp_path, files)))
    assert [one.remedy for one in caught.value.problems[1:]] == [
        "common-sync init --master shared",
        "common-sync init --master libs/events",
    ]
    assert "it is a project of its own, media-common" in caught.value.problems[1].message


def test_a_package_of_the_copys_name(tmp_path: Path) -> None:
    """The library would be poured into a package of the service's own."""
    files = {**below("common", PROJECT), **service("a", "-e ../common"), "a/common/helpers.py": "X = 1\n"}
    proposal = check(build(tmp_path, files), Found("common", ["a"], "libs/common"))
    assert proposal.notes == (
        ("a/common", None, "is a package of the service's own, and no copy: copies go to libs/common instead"),
    )


REWRITTEN = {
    path: f'"""All new."""\n\nNEW = "{path}"\nOTHER = {len(path)}\n' if text else "" for path, text in PACKAGE.items()
}


def commit_all(root: Path) -> None:
    """Commit all that there is."""
    run_git(root, "add", "--all")
    run_git(root, "commit", "--quiet", "--message", "x")


@pytest.mark.parametrize("name", ["common", "shared"])
def test_copies_of_what_the_master_once_was(tmp_path: Path, name: str) -> None:
    """A team whose library has moved on since it was copied would be told that nothing uses it."""
    files = {**service("a"), **service("b", "-e ../common"), **service("c"), **below("common", PACKAGE)}
    build(tmp_path, {**files, **below(f"a/{name}", PACKAGE)})
    commit_all(tmp_path)
    build(tmp_path, below("common", REWRITTEN))
    commit_all(tmp_path)
    build(tmp_path, {f"a/{name}/logs.py": "edited = 1\n"})
    proposal = check(tmp_path, Found("common", ["a", "b"], copy=name))
    (reason,) = proposal.first.services[0].reasons
    assert (reason.file, proposal.first.services[0].guess) == (f"a/{name}", False)
    assert reason.text == "a copy of before: 3 of its modules are as common once had them"


def test_copies_of_before_tell_the_master(tmp_path: Path) -> None:
    """A team that only copies by hand would be told that there is no library."""
    services = {**service("a"), **service("b"), **below("a/common", PACKAGE), **below("b/common", PACKAGE)}
    build(tmp_path, {**services, **below("common", PACKAGE)})
    commit_all(tmp_path)
    build(tmp_path, below("common", REWRITTEN))
    check(tmp_path, Found("common", ["a", "b"]))


def test_what_the_master_never_was_is_no_copy(tmp_path: Path) -> None:
    """A folder of a service that has file names in common with the library would be replaced by a copy."""
    other = {path: text.replace("e", "E") + "MINE = 1\n" * 9 for path, text in PACKAGE.items()}
    build(
        tmp_path,
        {**service("a"), **service("b", "-e ../common"), **below("common", PACKAGE), **below("a/other", other)},
    )
    commit_all(tmp_path)
    check(tmp_path, Found("common", ["b"]))


IMPORTERS = [
    pytest.param(
        {"common/__init__.py": "", "common/store.py": "X = 1\n", "common/rasa/__init__.py": "", "front/page.py": "import rasa\n", "actions/deep/a.py": "from common import store\n", "actions/__init__.py": ""},
        ["actions"],
        id="a package",
    ),
    pytest.param(
        {"common/our/store.py": "X = 1\n", "services/api/job.py": "from our import store\n", "services/web/src/web/x.py": "import our.store\n", "tests/a.py": "import our\n"},
        ["services/*"],
        id="a package in it, by its name",
    ),
    pytest.param(
        {"common/store.py": "X = 1\n", "services/api/job.py": "import os, sys\nsys.path.append(os.path.join(os.path.dirname(__file__), '..', '..', 'common'))\nimport store\n"},
        ["services/api"],
        id="a folder of modules, by sys.path",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("files", "services"), IMPORTERS)
def test_folders_that_nothing_starts_are_guessed(tmp_path: Path, files: Files, services: list[str]) -> None:
    """A team that names its library would be told that nobody uses it, though every folder imports it."""
    root = build(tmp_path, files)
    with pytest.raises(ConfigurationError) as error:
        propose(str(root))
    assert "import" in error.value.problems[1].message
    proposal = propose(str(root), ["common"])
    assert ([*proposal.patterns], all(one.guess for one in proposal.first.services)) == (services, True)


def test_a_project_among_services_is_no_likely_library(tmp_path: Path) -> None:
    """A team without a library would be told that each of its services may be one."""
    project = '[project]\nname = "{}"\nversion = "1"\n'
    files = {f"services/{one}/{path}": text for one in ("dcs", "fis") for path, text in {"pyproject.toml": project.format(one), f"tests_{one}/x.py": "X = 1\n", "core.py": f"A = '{one}'\n"}.items()}  # fmt: skip
    with pytest.raises(ConfigurationError) as error:
        propose(str(build(tmp_path, {**files, "tests/common/x.py": "X = 2\n"})))
    assert len(error.value.problems) == 1
