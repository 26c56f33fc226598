"""Discovery: `init` finds the master and the services of a repository that it has never seen, and writes that down."""

import os
import stat
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.counted import assert_grows_with_size
from support.depth import ALL
from support.repositories import DOCKERFILE, MODULES, PACKAGE, PROJECT, Files, below, build, run_git, service

from common_sync.commands.init import (
    Proposal,
    find_candidates,
    find_root,
    format_configuration,
    propose,
    write_configuration,
)
from common_sync.core.errors import CommonSyncError, ConfigurationError, GitError, TreeError
from common_sync.edges.detection.repository import Candidate
from common_sync.edges.project.load import load_project

OLDER = {**PACKAGE, "settings.py": PACKAGE["settings.py"] + "OLD = True\n"}
del OLDER["logs.py"]


class Found(NamedTuple):
    """What is to be found: the master, the services as written down, the copy's name, all services where globs hide."""

    master: str
    patterns: Sequence[str]
    copy: str = ""
    services: Sequence[str] = ()


def check(root: Path, found: Found, master: str | None = None) -> Proposal:
    """Propose, write and load the configuration, and hold each against what is to be found."""
    proposal = propose(str(root), master)
    assert (proposal.master, list(proposal.patterns)) == (found.master, list(found.patterns))
    assert proposal.copy == (found.copy or found.master.rpartition("/")[2])
    write_configuration(proposal)
    project = load_project(str(root))
    assert project.services == tuple(one.path for one in proposal.services)
    assert project.services == tuple(found.services or found.patterns)
    assert (project.libraries[0].master, project.libraries[0].copy) == (proposal.master, proposal.copy)
    return proposal


SERVICES = {
    **service("services/api", "-e ../../common"),
    **service("services/worker", "-e ../../common"),
}
BOTH = ("services/api", "services/worker")
BESIDE = Found("common", ["services/*"], services=BOTH)


def compose(context: str, *volumes: str) -> str:
    """Return a compose file with one service that is built, and one that is not."""
    lines = "".join(f"      - {volume}\n" for volume in volumes)
    return f"services:\n  app:\n    build: {context}\n    volumes:\n{lines}  redis:\n    image: redis:7\n"


LAYOUTS = [
    pytest.param({**below("common", PROJECT), **SERVICES}, BESIDE, id="services beside the master"),
    pytest.param({**below("common", PACKAGE), **SERVICES}, BESIDE, id="a package without a setup"),
    pytest.param({**below("common", MODULES), **SERVICES}, BESIDE, id="a plain folder of modules"),
    pytest.param(
        {
            **below("common", PROJECT),
            **service("orchestrator", "-e ../common"),
            **SERVICES,
            **service("edge/devices/cam", "../../../common"),
        },
        Found(
            "common",
            ["edge/devices/cam", "orchestrator", "services/*"],
            "",
            ["edge/devices/cam", "orchestrator", *BOTH],
        ),
        id="services at different depths",
    ),
    pytest.param(
        {**below("common", PROJECT), **service("service", "-e ../common")},
        Found("common", ["service"]),
        id="a single service",
    ),
    pytest.param(
        {**below("common", PROJECT), **service("services/api", "-e ../../common")},
        Found("common", ["services/api"]),
        id="a single service below a folder is no reason for a glob",
    ),
    pytest.param(
        {**below("backend/common", PROJECT), **below("backend", SERVICES), "frontend/package.json": "{}"},
        Found("backend/common", ["backend/services/*"], services=[f"backend/{one}" for one in BOTH]),
        id="a monorepo inside a repository",
    ),
    # what must not become a service
    pytest.param(
        {**below("common", PROJECT), **SERVICES, "services/docs/index.md": "# Services\n"},
        Found("common", BOTH),
        id="a folder of documents among the services",
    ),
    pytest.param(
        {**below("common", PROJECT), **SERVICES, "services/web/Dockerfile": DOCKERFILE, "services/web/index.js": ""},
        Found("common", BOTH),
        id="a service that is not Python",
    ),
    pytest.param(
        {
            **below("common", PROJECT),
            **SERVICES,
            "docs/requirements.txt": "-e ../common\n",
            "docs/conf.py": "",
            "requirements-dev.txt": "-e ./common\n-e ./services/api\n",
        },
        BESIDE,
        id="documents that import the library, and requirements at the root",
    ),
    pytest.param(
        {**below("common", PROJECT), **SERVICES, "services/api/tests/requirements.txt": "-e ../../../common\n"},
        BESIDE,
        id="a folder of a service that refers to the library too",
    ),
    pytest.param(
        {**below("common", PROJECT), **SERVICES, "services/api/jobs/requirements.txt": "-e ../../../common\n"},
        BESIDE,
        id="another folder of a service, without anything that builds it",
    ),
    pytest.param(
        {**below("common", PROJECT), **SERVICES, **service("services/api/jobs", "-e ../../../common")},
        Found("common", ["services/*", "services/api/jobs"], services=["services/api", "services/api/jobs", BOTH[1]]),
        id="a service inside a service",
    ),
    pytest.param(
        {**below("common", PROJECT), **SERVICES, "services/requirements.txt": "-e ../common\n"},
        BESIDE,
        id="requirements for all services in the folder above them",
    ),
    pytest.param(
        {
            **below("common", PROJECT),
            **SERVICES,
            **below("base", {"setup.py": "from setuptools import setup\nsetup()\n", "base.py": "BASE = 1\n"}),
            "common/requirements.txt": "-e ../base\n",
        },
        BESIDE,
        id="a library that refers to another library",
    ),
    # services without requirements
    pytest.param(
        {**below("common", PROJECT), **SERVICES, **service("services/mail")},
        Found("common", ["services/*"], services=["services/api", "services/mail", "services/worker"]),
        id="a service without requirements, beside two that have them",
    ),
    pytest.param(
        {**below("common", PROJECT), **SERVICES, "services/mail/app/main.py": "", "services/mail/README.md": ""},
        Found("common", ["services/*"], services=["services/api", "services/mail", "services/worker"]),
        id="a service that is a main package and no more",
    ),
    pytest.param(
        {
            **below("common", PROJECT),
            **SERVICES,
            "services/mail/pyproject.toml": '[project]\nname = "mail"\n',
            "services/mail/mail.py": "",
        },
        Found("common", ["services/*"], services=["services/api", "services/mail", "services/worker"]),
        id="a service that is a project without requirements",
    ),
    pytest.param(
        {
            **below("projects/common", PROJECT),
            **service("projects/a", "-e ../common"),
            **service("projects/b"),
            **service("projects/c"),
        },
        Found("projects/common", ["projects/a"]),
        id="most folders beside it have nothing to do with the library",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **service("services/api", dockerfile="FROM python\nCOPY common/ ./common/\nCOPY services/api/ .\n"),
            **service("services/worker", dockerfile='FROM python\nCOPY ["common", "services/worker", "/app/"]\n'),
        },
        BESIDE,
        id="Dockerfiles alone, built from the root",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **service("services/api", dockerfile="FROM python\nADD --chown=app \\\n  ../../common /app/common\n"),
            **service("services/worker", dockerfile="FROM python\n# COPY x\nCOPY ../../common/*.py /app/common/\n"),
        },
        BESIDE,
        id="Dockerfiles that lead upward",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **service("services/api"),
            "services/api/docker-compose.yml": compose(".", "../../common:/app/common:ro"),
            **service("services/worker"),
            "services/worker/deploy/compose.dev.yaml": compose("..", '"../../../common:/app/common"'),
        },
        BESIDE,
        id="compose files that mount it",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            "services/api/app.py": "",
            "services/worker/app.py": "",
            "compose.yml": "name: x\nservices:\n"
            "  api:\n    build: {context: ., dockerfile: services/api/Dockerfile}\n    volumes: ['./common:/app/common']\n"
            "  worker:\n    build:\n      context: services/worker  # here\n"
            "      additional_contexts:\n        common: ./common\nvolumes:\n  data: {}\n",
        },
        BESIDE,
        id="one compose file for all, at the root",
    ),
    pytest.param(
        {
            **below("common", PROJECT),
            "services/api/pyproject.toml": '[tool.uv.sources]\nmedia-common = { path = "../../common", editable = true }\n',
            "services/api/api.py": "",
            "services/worker/pyproject.toml": "[project]\ndependencies = [\n"
            '  "media-common @ file:///${PROJECT_ROOT}/../../common",  # PDM\n]\n',
            "services/worker/worker.py": "",
            "services/cron/pyproject.toml": '[tool.poetry.dependencies.media-common]\npath = "../../common"\n',
            "services/cron/cron.py": "",
        },
        Found("common", ["services/*"], services=["services/api", "services/cron", "services/worker"]),
        id="pyproject files",
    ),
    pytest.param(
        {
            **below("common", PROJECT),
            "services/api/requirements/base.txt": "-e ../../common\n",
            "services/api/requirements/dev.txt": "-r base.txt\n",
            "services/api/run.py": "",
            "services/worker/requirements.in": "media-common @ file:../../common\n",
            "services/worker/run.py": "",
        },
        BESIDE,
        id="requirements in a folder of their own",
    ),
    pytest.param(
        {**below("common", PROJECT), **SERVICES, "services/mail/requirements.txt": "Media_Common[redis]>=1\n"},
        Found("common", ["services/*"], services=["services/api", "services/mail", "services/worker"]),
        id="a service that asks for the distribution by its name",
    ),
    pytest.param(
        {
            **below("common", PROJECT),
            "docker-compose.yml": compose("./made/api", "./common:/app/common"),
            "made/api/main.py": "",
            ".gitignore": "made/\n",
        },
        Found("common", ["made/api"]),
        id="a service that git ignores, named by a compose file",
    ),
    # the master among the services
    pytest.param(
        {
            **below("services/shared", PACKAGE),
            **service("services/api"),
            **below("services/api/shared", PACKAGE),
            **service("services/worker"),
            **below("services/worker/shared", OLDER),
        },
        Found("services/shared", ["services/*"], services=BOTH),
        id="the master among the services, copied by hand",
    ),
    pytest.param(
        {
            **below("services/shared", PACKAGE),
            **service("services/api", "-e ../shared"),
            **service("services/worker", "-e ../shared"),
        },
        Found("services/shared", ["services/*"], services=BOTH),
        id="the master among the services, referred to",
    ),
    pytest.param(
        {
            **below("services/shared", PACKAGE),
            **service("services/api"),
            **below("services/api/shared", PACKAGE),
            **service("orchestrator"),
            **below("orchestrator/shared", OLDER),
        },
        Found("services/shared", ["orchestrator", "services/api"]),
        id="a copy that is as near to the root as the master",
    ),
    # copies made by hand
    pytest.param(
        {
            **below("common", PROJECT),
            **service("services/api", "-e ./common"),
            **below("services/api/common", PROJECT),
            **service("services/worker", "-e ./common"),
            **below("services/worker/common", PROJECT),
        },
        BESIDE,
        id="copies made by hand, and requirements that say so",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **service("services/api"),
            **below("services/api/common", OLDER),
            **service("services/worker"),
        },
        BESIDE,
        id="one copy made by hand",
    ),
    pytest.param(
        {
            **below("common", {"util.py": "VALUE = 3\n"}),
            **service("services/api", "-e ./common"),
            **below("services/api/common", {"util.py": "VALUE = 1\n"}),
            **service("services/worker", "-e ./common"),
            **below("services/worker/common", {"util.py": "VALUE = 2\n"}),
        },
        BESIDE,
        id="copies that have drifted so far that only their names tell",
    ),
    pytest.param(
        {
            **below("common", PROJECT),
            **service("services/api", "-e ./common"),
            **service("services/worker", "-e ./common"),
            ".gitignore": "services/*/common/\n",
        },
        BESIDE,
        id="copies that a script makes and git ignores",
    ),
    pytest.param(
        {
            **below("libs/common", PACKAGE),
            **service("services/api"),
            **below("services/api/src/common", PACKAGE),
            **service("services/worker"),
            **below("services/worker/src/common", OLDER),
        },
        Found("libs/common", ["services/*"], "src/common", BOTH),
        id="copies in a folder of the service's sources",
    ),
    pytest.param(
        {
            **below("common", PROJECT),
            **service("services/api", "-e ../../common"),
            **service("services/worker", "-e ../api/common"),
            **below("services/api/common", PROJECT),
        },
        BESIDE,
        id="a service that refers to another one's copy",
    ),
    pytest.param(
        {
            **service("services/api"),
            **below("services/api/common", PROJECT),
            **service("services/mail", "-e ../api/common"),
            **service("services/worker", "-e ../api/common"),
            **below("services/worker/common", PROJECT),
        },
        Found("services/api/common", ["services/*"], services=["services/mail", "services/worker"]),
        id="a master inside a service, which the others refer to",
    ),
    # other names
    pytest.param(
        {
            **below("shared", PACKAGE),
            **service("services/api"),
            **below("services/api/common", PACKAGE),
            **service("services/worker"),
            **below("services/worker/common", OLDER),
        },
        Found("shared", ["services/*"], "common", BOTH),
        id="copies that are named differently",
    ),
    pytest.param(
        {
            **below("shared", PACKAGE),
            **service("orchestrator"),
            **below("orchestrator/common", PACKAGE),
            **service("services/worker"),
            **below("services/worker/common", OLDER),
        },
        Found("shared", ["orchestrator", "services/worker"], "common"),
        id="copies that are named differently, at different depths",
    ),
    pytest.param(
        {
            **below("shared", PACKAGE),
            **service("services/api", dockerfile="FROM python\nCOPY shared/ /app/common/\nCOPY services/api/ /app/\n"),
            **service("services/worker", dockerfile="FROM python\nCOPY shared /app/common\n"),
        },
        Found("shared", ["services/*"], "common", BOTH),
        id="named differently in the images",
    ),
    pytest.param(
        {
            **below("shared", PACKAGE),
            **service("services/api", dockerfile="FROM python\nCOPY shared/ /usr/src/app/\n"),
            **service("services/worker", dockerfile="FROM python\nCOPY shared /app/${NAME}\n"),
        },
        Found("shared", ["services/*"], "", BOTH),
        id="copied into a folder whose name says nothing",
    ),
    pytest.param(
        {
            **below("shared", PACKAGE),
            **service("services/api", "-e ./common"),
            **service("services/worker", "-e ./common"),
        },
        Found("shared", ["services/*"], "common", BOTH),
        id="asked for by a name that nothing has, where there is one library",
    ),
    pytest.param(
        {
            **below("shared", PACKAGE),
            **service("services/api", "-e ../../shared"),
            **service("services/worker", "-e ./gone"),
        },
        Found("shared", ["services/*"], services=BOTH),
        id="a reference to a folder that is gone names no copy",
    ),
    pytest.param(
        {
            **below("shared", PACKAGE),
            **service("services/api", dockerfile="FROM python\nCOPY shared /app/worker\n"),
            **service("services/worker", dockerfile="FROM python\nCOPY shared /app/api\n"),
        },
        Found("shared", ["services/*"], services=BOTH),
        id="copied under several names",
    ),
    pytest.param(
        {
            **below("shared", PACKAGE),
            **service("services/api", dockerfile="FROM python\nCOPY shared /app/core\n"),
            "services/api/core/api.py": "",
        },
        Found("shared", ["services/api"]),
        id="copied into a folder that the service has itself",
    ),
    # what is not looked into
    pytest.param(
        {
            **below("common", PROJECT),
            **SERVICES,
            **service("node_modules/gyp/services/x", "-e ../../common"),
            **below("node_modules/gyp/common", PROJECT),
            **service("vendor/x", "-e ../y"),
            **below("vendor/y", PROJECT),
            **service(".hidden/x", "-e ../y"),
            **below(".hidden/y", PROJECT),
            **below("services/api/env", {"pyvenv.cfg": "", "lib/requirements.txt": "-e ../../api\n", "lib/x.py": ""}),
            "services/api/build/lib/requirements.txt": "-e ../../../worker\n",
        },
        BESIDE,
        id="trees of third parties, environments and builds",
    ),
    # what is no library
    pytest.param(
        {
            **below("common", PROJECT),
            **SERVICES,
            "requirements/base.txt": "fastapi\n",
            **service("services/cron", "-r ../../requirements/base.txt\n-c ../../constraints.txt\n-e ../../common"),
            "constraints.txt": "",
            "services/cron/Dockerfile": "FROM python\nCOPY scripts/ /scripts/\nCOPY config /config\nCOPY . .\n",
            "scripts/wait.py": "",
            "config/logging.ini": "",
        },
        Found("common", ["services/*"], services=["services/api", "services/cron", "services/worker"]),
        id="shared requirements, scripts and configuration",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **SERVICES,
            "deploy/docker-compose.yml": "services:\n  api:\n    build: ../services/api\n    env_file: ../.env\n"
            "  worker:\n    build: ../services/worker\n    volumes:\n      - ../services/api:/api\n",
            ".env": "",
        },
        BESIDE,
        id="a compose file that builds the services from elsewhere",
    ),
    pytest.param(
        {
            **below("common", PROJECT),
            **{path: text for one in "abc" for path, text in service(f"services/{one}", "-e ../../common").items()},
            **{f"services/{one}/app/{name}.py": f"{one} = {name}\n" for one in "abc" for name in ("main", "routes")},
        },
        Found("common", ["services/*"], services=["services/a", "services/b", "services/c"]),
        id="folders of the same name that share no content",
    ),
    pytest.param(
        {
            **below("common", {**PACKAGE, "requirements.txt": "redis\n", "cache/store.py": "x = 1\n"}),
            **service("services/api", "-r ../../common/requirements.txt"),
            **service("services/worker", "-r ../../common/requirements.txt"),
        },
        BESIDE,
        id="a library of which only the requirements are referred to",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **service("services/api", dockerfile="FROM python\nCOPY ../../common/models /app/models\n"),
            **service("services/worker", dockerfile="FROM python\nCOPY ../../common /app/common\n"),
        },
        BESIDE,
        id="a part of a package",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **SERVICES,
            "services/api/Dockerfile": "FROM base AS build\n\nFROM python\nCOPY --from=build /events /events\nCOPY <<EOF /x\n"
            "EOF\nCOPY ${WHAT} *.py ./\nRUN cp ../../events .\n",
            "services/worker/requirements.txt": "https://example.org/x.whl\n-r https://example.org/r.txt\n../../common\n",
            **below("events", PACKAGE),
        },
        BESIDE,
        id="copies from other stages, files within a Dockerfile, and what is on a network",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **SERVICES,
            "services/api/pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["../../common", "../worker"]\n',
            "Pipfile": 'common = {path = "./common"}\n',
        },
        BESIDE,
        id="a pyproject that names folders in passing",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **service("services/api"),
            **below("services/api/common", PACKAGE),
            "services/api/common/jobs/requirements.txt": "-e ../../../../common\n",
            **service("services/worker"),
            **below("services/worker/common", PACKAGE),
        },
        BESIDE,
        id="a copy that refers to the master",
    ),
    pytest.param(
        {
            **below("src/common", PACKAGE),
            "src/__init__.py": "",
            **service("src/api", "-e ../common"),
            "legacy-compose.yml": "",
            "src/worker/docker-compose.yml": "app:\n  build: .\n  volumes:\n    - ../common:/app/common\n",
            "src/worker/run.py": "",
        },
        Found("src/common", ["src/*"], services=["src/api", "src/worker"]),
        id="a package around all, and a compose file of the oldest kind",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **service("svc/[a]", "-e ../../common"),
            **service("svc/b*", "-e ../../common"),
            "svc/ab/README.md": "",
            "svc/bb/README.md": "",
        },
        Found("common", ["svc/[[]a]", "svc/b[*]"], services=["svc/[a]", "svc/b*"]),
        id="services whose names look like globs",
    ),
    pytest.param(
        {
            **below("common", PROJECT),
            **SERVICES,
            "services/worker/requirements.txt": "\ufeff-e ../../common\r\n",
            "services/api/requirements.txt": "fastapi\udcff\n-e ../../common\n",
        },
        BESIDE,
        id="requirements with a byte order mark, and with bytes that are no text",
    ),
    pytest.param(
        {
            **below("common", {**PROJECT, "Dockerfile": DOCKERFILE}),
            **SERVICES,
            **below("reports", {"setup.cfg": "[options]\ninstall_requires =\n  media-common @ file:../common\n"}),
            "reports/reports.py": "",
        },
        Found("common", ["reports", "services/*"], services=["reports", *BOTH]),
        id="a library with a Dockerfile, and a service with a setup.cfg",
    ),
]


@pytest.mark.parametrize("git", [True, False], ids=["git", "plain"])
@pytest.mark.parametrize(("files", "found"), LAYOUTS)
def test_layout(tmp_path: Path, files: Files, found: Found, *, git: bool) -> None:
    """A team of this layout would have to write the configuration by hand, or would get a wrong one."""
    check(build(tmp_path, files, git=git), found)


MESSAGES = [
    pytest.param({}, "no master found", id="nothing at all"),
    pytest.param(
        {**service("a"), **service("b", "requests"), "a/util.py": "x = 1\n", "b/util.py": "x = 1\n"},
        "no master found",
        id="services that share nothing",
    ),
    pytest.param(
        {**service("a"), **service("b"), **below("a/common", PACKAGE), **below("b/common", PACKAGE)},
        "no master found",
        id="copies without a master",
    ),
    pytest.param(
        {**service("a", "-e ../../elsewhere"), **service("b", "-e /nowhere"), **service("c", "-e ./gone")},
        "no master found",
        id="references that lead nowhere",
    ),
    pytest.param(
        {**service("a", "-e ../data"), "data/numbers.csv": ""}, "no master found", id="a reference to no Python"
    ),
    pytest.param(
        {**service("a", "-e ./common"), **service("b"), **below("b/common", PACKAGE)},
        "no master found",
        id="a copy that only another service has",
    ),
    pytest.param(
        {**service("a", dockerfile="FROM python\nCOPY scripts /scripts\n"), "scripts/wait.py": "", "scripts/x.py": ""},
        "no master found",
        id="scripts that are copied into an image",
    ),
    pytest.param(
        {**below("a", {"main.py": "", "requirements.txt": ""}), **service("b", "-r ../a/requirements.txt")},
        "no master found",
        id="the requirements of another service",
    ),
    pytest.param(
        {"docs/requirements.txt": "-e ../common\n", **below("common", PROJECT)},
        "no master found",
        id="a library that only documents refer to",
    ),
]


@pytest.mark.parametrize(("files", "message"), MESSAGES)
def test_nothing_found(tmp_path: Path, files: Files, message: str) -> None:
    """A user whose repository is not understood would get a wrong configuration, or would not know what to do."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        propose(str(build(tmp_path, files)))
    assert str(tmp_path) in str(caught.value)
    assert "common-sync init --master PATH" in str(caught.value)
    assert find_candidates(str(tmp_path)) == ()


TWO = {
    **below("common", PROJECT),
    **below("events", {"setup.py": "from setuptools import setup\nsetup(name='events')\n", "events.py": ""}),
    **service("services/api", "-e ../../common\n-e ../../events"),
    **service("services/worker", "-e ../../common"),
}


def test_several_masters_are_listed(tmp_path: Path) -> None:
    """With --yes a user would get one of two libraries, silently."""
    build(tmp_path, TWO)
    with pytest.raises(ConfigurationError) as caught:
        propose(str(tmp_path))
    assert [(one.place, one.remedy) for one in caught.value.problems] == [
        (f"{tmp_path}/services/api/requirements.txt:2", "common-sync init --master common"),
        (f"{tmp_path}/services/api/requirements.txt:3", "common-sync init --master events"),
    ]
    assert "2 folders use it" in caught.value.problems[0].message
    assert "1 folder uses it" in caught.value.problems[1].message


def test_several_masters_are_asked_about(tmp_path: Path) -> None:
    """A user at a terminal could not say which library he means."""
    build(tmp_path, TWO)
    offered: list[Candidate] = []

    def choose(candidates: Sequence[Candidate]) -> Candidate:
        offered.extend(candidates)
        return candidates[1]

    proposal = propose(str(tmp_path), choose=choose)
    assert tuple(offered) == find_candidates(str(tmp_path))
    assert [one.master for one in offered] == ["common", "events"]
    assert (proposal.master, [one.path for one in proposal.services]) == ("events", ["services/api"])


def test_named_master_is_not_guessed(tmp_path: Path) -> None:
    """A user who names the master would be asked, or get another one."""
    build(tmp_path, TWO)
    check(tmp_path, Found("events", ["services/api"]), "./events/")


def test_several_libraries_may_be_what_is_asked_for(tmp_path: Path) -> None:
    """A service that asks for a name that nothing has would get a library by chance."""
    files = {**service("services/api", "-e ./common"), "one/setup.py": "", "one/one.py": "", "one/two/__init__.py": ""}
    files |= {"two/three/__init__.py": "", "docs/__init__.py": "", "plain/x.py": ""}
    files |= {"built/__init__.py": "", "built/Dockerfile": DOCKERFILE}
    candidates = find_candidates(str(build(tmp_path, files)))
    assert [(one.master, one.copy) for one in candidates] == [("one", "common"), ("two/three", "common")]


def test_a_master_that_was_moved_away_is_none(tmp_path: Path) -> None:
    """A user who has just renamed the master would get a configuration for a folder that is gone."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES, **service("gone", "-e ../common")})
    (tmp_path / "common").rename(tmp_path / "shared")
    (tmp_path / "gone").rename(tmp_path / "here")
    with pytest.raises(ConfigurationError, match="no master found"):
        propose(str(tmp_path))
    (tmp_path / "shared").rename(tmp_path / "common")
    check(tmp_path, Found("common", ["here", "services/*"], services=["here", *BOTH]))


def test_less_likely_libraries_are_reported(tmp_path: Path) -> None:
    """A user would not learn that a second library is only copied into an image."""
    files = {**TWO, **service("services/api", "-e ../../common", "FROM python\nCOPY events/ /app/events/\n")}
    proposal = check(build(tmp_path, files), BESIDE)
    assert [(one.master, one.weight) for one in proposal.others] == [("events", 2)]


def test_every_service_has_its_reasons(tmp_path: Path) -> None:
    """A user could not tell why a folder is taken for a service."""
    files = {
        **below("common", PROJECT),
        **service("services/api", "-e ../../common # shared", "FROM python\nCOPY common /app/common\n"),
        **service("services/mail"),
        **below("services/mail/common", {**PROJECT, "extra.py": "x = 1\n"}),
        **service("services/old"),
        **service("services/web", "media.common"),
    }
    proposal = propose(str(build(tmp_path, files)))
    assert {one.path: one.reasons for one in proposal.services} == {
        "services/api": (
            ("services/api/requirements.txt", 2, "-e ../../common # shared"),
            ("services/api/Dockerfile", 2, "COPY common /app/common"),
        ),
        "services/mail": (("services/mail/common", None, "a copy: 6 of the 6 modules of common"),),
        "services/old": (("services/old", None, "looks like a service, beside services/api"),),
        "services/web": (
            ("services/web/requirements.txt", 2, "asks for media-common by its name, which no copy can answer"),
        ),
    }
    assert proposal.notes == ()


def test_notes(tmp_path: Path) -> None:
    """A user would learn only from a refused distribution that something is in a copy's place already."""
    files = {
        **below("common", PACKAGE),
        **SERVICES,
        "services/api/common/other.py": "",
        "tests/requirements.txt": "-e ../common\n",
        "tests/test_all.py": "",
    }
    assert propose(str(build(tmp_path, files))).notes == (
        ("tests/requirements.txt", 1, "tests uses common, too, but does not look like a service"),
        ("services/api/common", None, "is there already, and differs from common"),
    )


def test_copies_that_are_not_where_the_others_are(tmp_path: Path) -> None:
    """A user would end up with two copies in one service, and would not know which one counts."""
    files = {**below("common", PACKAGE), **service("a"), **service("b"), **service("c")}
    files |= {**below("a/common", PACKAGE), **below("b/common", PACKAGE), **below("c/lib/common", PACKAGE)}
    proposal = check(build(tmp_path, files), Found("common", ["a", "b", "c"]))
    assert proposal.notes == (("c/lib/common", None, "is a copy, too, but the copy of c will be c/common"),)


def test_a_service_where_a_copy_will_be(tmp_path: Path) -> None:
    """A service would be overwritten by another one's copy; such a configuration does not load."""
    files = {**below("common", PACKAGE), **service("a", "-e ../common"), **service("a/common/b", "-e ../../../common")}
    proposal = check(build(tmp_path, files), Found("common", ["a"]))
    assert proposal.notes == (
        ("a/common/b", None, "is where a copy will be, and no service"),
        ("a/common", None, "is there already, and differs from common"),
    )


ASKED = [
    pytest.param("requirements.txt", "media_common", 1, id="alone"),
    pytest.param("requirements.txt", "# media-common\n  media.common [redis] ; x", 2, id="with extras and a marker"),
    pytest.param("requirements.txt", "media-common-utils\nnot-media-common\nx media-common", None, id="other names"),
    pytest.param("pyproject.toml", '[project]\ndependencies = ["a", "Media-Common>=1"]\n', 2, id="in a list"),
    pytest.param("pyproject.toml", "[project]\ndependencies = [\n  'media-common',\n]\n", 3, id="in a list of lines"),
    pytest.param("pyproject.toml", '[tool.poetry.dependencies]\nmedia-common = "^1"\n', 2, id="as a key"),
    pytest.param("pyproject.toml", '[project]\nname = "media-common"\n# "media-common"\n', None, id="its own name"),
]


@pytest.mark.parametrize(("name", "text", "line"), ASKED)
def test_asked_for_by_name(tmp_path: Path, name: str, text: str, line: int | None) -> None:
    """A service that installs the library from an index would be left out, or one that has nothing to do with it not."""
    files = {**below("common", PROJECT), **service("a", "-e ../common"), f"b/{name}": text, "b/run.py": ""}
    services = {one.path: one.reasons for one in propose(str(build(tmp_path, files))).services}
    assert [reason.line for reason in services.get("b", ())] == ([] if line is None else [line])


NAMED = [
    pytest.param(
        {**below("common", PACKAGE), **service("services/api"), **service("services/worker")},
        "common",
        BESIDE,
        id="nothing refers to it",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **service("api"),
            **service("api/jobs"),
            "tests/main.py": "",
            "web/Dockerfile": "",
        },
        "common",
        Found("common", ["api"]),
        id="nothing refers to it, and some folders are no services",
    ),
    pytest.param(
        {
            **below("vendor/common", PROJECT),
            **service("a", "-e ../vendor/common"),
            **service("b", "-e ../lib"),
            "lib/x.py": "",
        },
        "vendor/common",
        Found("vendor/common", ["a"]),
        id="a master where nobody looks for one",
    ),
    pytest.param(
        {"proto/api.proto": "", **service("a", dockerfile="FROM python\nCOPY proto/ /app/proto/\n")},
        "proto",
        Found("proto", ["a"]),
        id="a master without modules",
    ),
]


@pytest.mark.parametrize(("files", "master", "found"), NAMED)
def test_named_master(tmp_path: Path, files: Files, master: str, found: Found) -> None:
    """A user whose master is not found could not name it either."""
    check(build(tmp_path, files), found, master)


REFUSED = [
    pytest.param("comon", 'master "comon" is no folder', id="no folder"),
    pytest.param("common/store.py", 'master "common/store.py" is no folder', id="a file"),
    pytest.param(".", 'master "." is the whole repository', id="everything"),
    pytest.param("..", 'master ".." is outside', id="above"),
    pytest.param("/", 'master "/" is outside', id="elsewhere"),
    pytest.param(".git", 'master ".git" is a git directory', id="git's own folder"),
    pytest.param("no\u2028name", 'master "no\u2028name" cannot be written down', id="a name that no file should hold"),
    pytest.param("common", "no service found", id="without services"),
]


@pytest.mark.parametrize(("master", "message"), REFUSED)
def test_named_master_is_refused(tmp_path: Path, master: str, message: str) -> None:
    """A user would get a configuration that no other command takes."""
    build(tmp_path, {**below("common", PACKAGE), "no\u2028name/x.py": ""})
    with pytest.raises(ConfigurationError) as caught:
        propose(str(tmp_path), master)
    assert message in str(caught.value)


def test_named_from_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who stands in a service and names the master from there would be told that there is none."""
    build(tmp_path, {**below("common", PACKAGE), **SERVICES})
    monkeypatch.chdir(tmp_path / "services" / "api")
    assert propose(str(tmp_path), "../../common").master == "common"


def test_named_through_a_symlink(tmp_path: Path) -> None:
    """A user would get a master that no other command takes, as none follows a symlink there."""
    build(tmp_path, {**below("libs/common", PACKAGE), **service("a", "-e ../common")})
    (tmp_path / "common").symlink_to("libs/common")
    assert propose(str(tmp_path), "common").master == "libs/common"
    assert propose(str(tmp_path)).master == "libs/common"


@pytest.mark.parametrize("git", [True, False], ids=["git", "plain"])
def test_symlinks_instead_of_copies(tmp_path: Path, *, git: bool) -> None:
    """A team that links to the library, which no image can hold, would get nothing."""
    build(tmp_path, {**below("libs/shared", PACKAGE), **service("a"), **service("b")}, git=False)
    (tmp_path / "a" / "common").symlink_to("../libs/shared")
    (tmp_path / "b" / "common").symlink_to("../libs/shared")
    (tmp_path / "b" / "gone").symlink_to("../nowhere")
    (tmp_path / "b" / "self").symlink_to(".")
    (tmp_path / "latest").symlink_to("b")
    if git:
        build(tmp_path, {})
    proposal = check(tmp_path, Found("libs/shared", ["a", "b"], "common"))
    assert proposal.services[0].reasons == (("a/common", None, "a symlink to libs/shared"),)


def test_submodules_are_looked_into(tmp_path: Path) -> None:
    """A workspace of several repositories would seem to be empty."""
    build(tmp_path / "common", PROJECT)
    build(tmp_path / "services" / "api", {"requirements.txt": "-e ../../common\n", "main.py": ""})
    build(tmp_path / "services" / "worker", {"requirements.txt": "-e ../../common\n", "main.py": ""})
    build(tmp_path / "vendor" / "x", {"requirements.txt": "-e ../../services/api\n", "main.py": ""})
    for folder in ("common", "services/api"):
        run_git(tmp_path / folder, "commit", "--message", "first")
    run_git(tmp_path, "init")
    run_git(tmp_path, "add", "common")
    modules = '[submodule "common"]\n\tpath = common\n[submodule "x"]\n\tpath = vendor/x\n\tpath = gone\n'
    (tmp_path / ".gitmodules").write_text(modules)
    check(tmp_path, BESIDE)


def test_a_folder_on_the_disk_that_git_ignores_forbids_the_glob(tmp_path: Path) -> None:
    """A folder that git ignores would become a service by a glob."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES, ".gitignore": "scratch/\n", "services/scratch/x.py": ""})
    check(tmp_path, Found("common", BOTH))


@pytest.mark.parametrize("git", [True, False], ids=["git", "plain"])
def test_ignored_folders_are_not_looked_into(tmp_path: Path, *, git: bool) -> None:
    """A folder that git ignores would become a service."""
    files = {**below("common", PROJECT), **SERVICES, ".gitignore": "scratch/\n", **service("scratch", "-e ../common")}
    check(build(tmp_path, files, git=git), BESIDE)


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    """A pipe, a huge file, a folder of that name or a database's own folder would stop the search, or hang it."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES, "pgdata/x": ""}, git=False)
    too_long = "d" * 250
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):  # longer than any path that the system takes
        os.mkdir(too_long, dir_fd=folder)
        folder, above = os.open(too_long, os.O_RDONLY, dir_fd=folder), folder
        os.close(above)
    os.close(folder)
    os.mkfifo(tmp_path / "services" / "api" / "requirements-fifo.txt")
    (tmp_path / "services" / "api" / "requirements-huge.txt").write_bytes(b"-e ../worker\n" * 100_000)
    (tmp_path / "services" / "api" / "requirements-none.txt").symlink_to("nowhere")
    (tmp_path / "services" / "api" / "requirements-folder.txt").symlink_to(".")
    (tmp_path / "pgdata").chmod(0)
    try:
        check(tmp_path, BESIDE)
    finally:
        (tmp_path / "pgdata").chmod(0o755)


def test_endless_folders_end(tmp_path: Path) -> None:
    """A tree of folders without end would end in a traceback."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES, "deep/" + "d/" * 200 + "x.py": ""}, git=False)
    check(tmp_path, BESIDE)


def test_names_that_no_configuration_can_hold(tmp_path: Path) -> None:
    """One folder with an odd name would make the whole configuration invalid."""
    odd = ("bad\udcff", "~home", "line\nfeed")
    files = {**below("common", PROJECT), **SERVICES}
    for name in odd:
        files |= service(name, "-e ../common")
    check(build(tmp_path, files), BESIDE)


def test_sparse_checkout_is_refused(tmp_path: Path) -> None:
    """Services that are not checked out would be left out silently."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES})
    run_git(tmp_path, "commit", "--message", "first")
    run_git(tmp_path, "sparse-checkout", "set", "common")
    with pytest.raises(GitError, match="sparse"):
        propose(str(tmp_path))


def many_applications(number_of: int) -> dict[str, str]:
    """Return applications of ten files that have nothing to do with the library, in folders that are called alike."""
    files = {**below("common", PROJECT), **SERVICES}
    for number in range(number_of):
        folder = f"apps/{number % 10}/app{number}"
        files |= {f"{folder}/{name}.py": f"{name} = {number}\n" * 5 for name in ("models", "views", "urls", "admin")}
        files |= {f"{folder}/{name}/__init__.py": "" for name in ("api", "utils", "jobs")}
        files |= {f"{folder}/api/serializers.py": f"x = {number}\n", f"{folder}/utils/text{number % 9}.py": "x = 1\n"}
    return files


def many_copies(number_of: int) -> dict[str, str]:
    """Return services that each have a copy of the library, and ask for it."""
    files = below("common", PACKAGE)
    for number in range(number_of):
        files |= {**service(f"services/s{number}", "-e ./common"), **below(f"services/s{number}/common", PACKAGE)}
    return files


@pytest.mark.parametrize("files", [many_applications, many_copies])
def test_large_repository(tmp_path: Path, files: Callable[[int], Files]) -> None:
    """A user with a large repository would wait, and take the tool for hung."""

    def prepare(size: int) -> Callable[[], Proposal]:
        top = build(tmp_path / f"{size}", files(size))
        return lambda: propose(str(top))

    proposal = prepare(250)()
    assert (proposal.master, proposal.patterns) == ("common", ("services/*",))
    assert_grows_with_size(prepare, 100)


# where to look


def test_root_is_found_from_a_service(tmp_path: Path) -> None:
    """A user who stands in a service would be told that there is no master."""
    build(tmp_path / "backend", {**below("common", PROJECT), **SERVICES}, git=False)
    build(tmp_path, {"README.md": ""})
    backend = tmp_path / "backend"
    assert find_root(str(backend / "services" / "api")) == str(backend)
    assert find_root(str(backend)) == str(backend)
    assert find_root(str(tmp_path)) == str(tmp_path)


def test_root_that_is_configured(tmp_path: Path) -> None:
    """A user who stands in a service would get a second configuration below the first."""
    build(tmp_path, {"common-sync.toml": "", "a/b/x.py": ""})
    assert find_root(str(tmp_path / "a" / "b")) == str(tmp_path)


def test_root_where_nothing_is_found(tmp_path: Path) -> None:
    """A user would be told of a folder that he does not stand in."""
    build(tmp_path / "repository", {"a/b/x.py": ""})
    assert find_root(str(tmp_path / "repository" / "a")) == str(tmp_path / "repository" / "a")
    (tmp_path / "plain").mkdir()
    assert find_root(str(tmp_path / "plain")) == str(tmp_path / "plain")


def test_root_that_is_no_folder(tmp_path: Path) -> None:
    """A user would get a traceback for a typo."""
    with pytest.raises(ConfigurationError, match="gone: is no folder"):
        propose(str(tmp_path / "gone"))


# what is there already

CONFIGURED = [
    pytest.param("common-sync.toml", 'master = "x"\n', 1, id="a file of its own"),
    pytest.param("pyproject.toml", "[project]\nname = 'x'\n\n[ tool.common-sync ]\n", 4, id="a table"),
    pytest.param("pyproject.toml", "[tool]\nblack = {}\ncommon-sync = { master = 'x' }\n", 3, id="a key of a table"),
    pytest.param("pyproject.toml", '[tool."common\\u002dsync"]\n', 1, id="a table that is spelled oddly"),
]


@pytest.mark.parametrize(("name", "text", "line"), CONFIGURED)
def test_configuration_is_never_overwritten(tmp_path: Path, name: str, text: str, line: int) -> None:
    """A user would lose the configuration that he has."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES})
    proposal = propose(str(tmp_path))
    (tmp_path / name).write_text(text)
    for attempt in (lambda: propose(str(tmp_path)), lambda: write_configuration(proposal)):
        with pytest.raises(ConfigurationError, match="already") as caught:
            attempt()
        assert caught.value.problems[0].place == f"{tmp_path}/{name}:{line}"
    assert (tmp_path / name).read_text() == text


BROKEN = [
    pytest.param(b"[project]\nname = \n", 2, id="a value is missing"),
    pytest.param(b'[project]\nname = "x', 2, id="it ends too early"),
    pytest.param(b"[tool]\ncommon-sync = 1\n", 2, id="the table is none"),
    pytest.param(b'[project]\nname = "\xff"\n', 2, id="it is not UTF-8"),
]


@pytest.mark.parametrize(("data", "line"), BROKEN)
def test_broken_pyproject(tmp_path: Path, data: bytes, line: int) -> None:
    """A user would not learn where his file is broken, or would get it broken further."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES})
    (tmp_path / "pyproject.toml").write_bytes(data)
    with pytest.raises(ConfigurationError, match="not valid TOML") as caught:
        propose(str(tmp_path))
    assert caught.value.problems[0].place == f"{tmp_path}/pyproject.toml:{line}"


def test_pyproject_that_cannot_be_read(tmp_path: Path) -> None:
    """A user would get a traceback."""
    (tmp_path / "pyproject.toml").mkdir()
    with pytest.raises(TreeError, match=r"pyproject.toml: cannot read it: is a directory"):
        propose(str(tmp_path))


# what is written


def test_own_file(tmp_path: Path) -> None:
    """A user would not understand what was written, or get keys that only repeat the defaults."""
    proposal = propose(str(build(tmp_path, {**below("common", PROJECT), **SERVICES})))
    assert write_configuration(proposal) == str(tmp_path / "common-sync.toml")
    assert (tmp_path / "common-sync.toml").read_text() == (
        "# common-sync distribute brings every service's copy in sync, common-sync verify checks them.\n"
        'master = "common"\n'
        'services = ["services/*"]\n'
    )


def test_many_services_get_a_line_each(tmp_path: Path) -> None:
    """A user would have to read a line that no screen is wide enough for."""
    files = below("shared", PACKAGE)
    for number in range(12):
        files |= service(f"service{number:02}", "-e ./common")
    text = format_configuration(propose(str(build(tmp_path, files))))
    assert text.endswith('    "service11",\n]\ncopy = "common"\n')
    assert len(tomllib.loads(text)["services"]) == 12


TABLE = (
    "[tool.common-sync]\n"
    "# common-sync distribute brings every service's copy in sync, common-sync verify checks them.\n"
    'master = "common"\n'
    'services = ["services/*"]\n'
)
PYPROJECTS = [
    pytest.param("", "", id="empty"),
    pytest.param("[project]\nname = 'x' # kept\n", "\n", id="plain"),
    pytest.param("[project]\nname = 'x'", "\n\n", id="without a last line end"),
    pytest.param("[tool.ruff]\r\nline-length=120\r\n", "\r\n", id="CRLF"),
    pytest.param("tool.ruff.line-length = 120\n[tool.uv]\n# tail\n", "\n", id="dotted keys"),
]


@pytest.mark.parametrize(("before", "gap"), PYPROJECTS)
def test_pyproject_keeps_every_byte(tmp_path: Path, before: str, gap: str) -> None:
    """A user would find his pyproject.toml changed where he asked for nothing."""
    file = build(tmp_path, {**below("common", PROJECT), **SERVICES}) / "pyproject.toml"
    file.write_bytes(before.encode())
    file.chmod(0o640)
    assert write_configuration(propose(str(tmp_path))) == str(file)
    end = "\r\n" if "\r\n" in before else "\n"
    assert file.read_bytes() == (before + gap + TABLE.replace("\n", end)).encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert load_project(str(tmp_path)).services == BOTH


@pytest.mark.parametrize("text", ["tool = { ruff = {} }\n", 'tool = "x"\n', "[[tool]]\n"])
def test_pyproject_that_can_take_no_table(tmp_path: Path, text: str) -> None:
    """A user would be left with a pyproject.toml that no tool reads any more."""
    file = build(tmp_path, {**below("common", PROJECT), **SERVICES}) / "pyproject.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="cannot take") as caught:
        write_configuration(propose(str(tmp_path)))
    assert "common-sync.toml" in str(caught.value)
    assert file.read_text() == text


@pytest.mark.parametrize("name", ["common-sync.toml", "pyproject.toml"])
def test_folder_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    """A user would get a traceback, or half a file."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES, **({name: ""} if name == "pyproject.toml" else {})})
    proposal = propose(str(tmp_path))
    gone = proposal._replace(root=str(tmp_path / "gone"), file=str(tmp_path / "gone" / name))
    with pytest.raises(TreeError, match="cannot"):
        write_configuration(gone)


LIBRARIES = st.sampled_from(["common", "libs/shared", "services/shared", "a b/common lib", "ä/ö"])
SERVICE_NAMES = st.sampled_from(
    ["api", "services/api", "services/b", "services/c c", "edge/x/cam", "ä/ü", 'q"uote', "w\\x"]
)
WAYS = st.sampled_from(["requirement", "asked", "copy", "image", "nothing"])


@settings(max_examples=60 if ALL else 15)
@given(library=LIBRARIES, users=st.dictionaries(SERVICE_NAMES, WAYS, min_size=1), extra=st.sets(SERVICE_NAMES))
def test_what_is_written_is_what_was_found(
    tmp_path_factory: pytest.TempPathFactory, library: str, users: dict[str, str], extra: set[str]
) -> None:
    """A team would get a configuration that does not load, or that names other services than it was shown."""
    name = library.rpartition("/")[2]
    files = {**below(library, PACKAGE)} | {f"{folder}/README.md": "" for folder in extra}
    for folder, way in users.items():
        up = os.path.relpath(library, folder)
        dockerfile = f'FROM python\nCOPY ["{library}", "./{name}"]\n' if way == "image" else DOCKERFILE
        requirement = {"requirement": f"-e '{up}'", "asked": f"-e './{name}'"}.get(way, "")
        files |= service(folder, requirement, dockerfile)
        files |= below(f"{folder}/{name}", PACKAGE) if way == "copy" else {}
    root = build(tmp_path_factory.mktemp("repository"), files, git=False)
    try:
        proposal = propose(str(root))
    except CommonSyncError:
        assert "requirement" not in users.values()
        return
    assert proposal.master == library
    write_configuration(proposal)
    project = load_project(str(root))
    assert project.services == tuple(one.path for one in proposal.services)
    assert (project.libraries[0].master, project.libraries[0].copy) == (library, name)
    assert set(project.services) >= {folder for folder, way in users.items() if way != "nothing"}
