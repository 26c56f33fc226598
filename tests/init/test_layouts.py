"""Discovery: the layouts that teams have, each with the master and the services that are found in it."""

from pathlib import Path

import pytest
from support.detection import BESIDE, BOTH, OLDER, SERVICES, Found, check, compose
from support.repositories import DOCKERFILE, MODULES, PACKAGE, PROJECT, Files, below, build, service

USING = "from media_common.settings import DEBUG\n\nprint(DEBUG)\n"

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
        {**below("common", PROJECT), **SERVICES, **service("services/mail"), "services/mail/main.py": USING},
        Found("common", ["services/*"], services=["services/api", "services/mail", "services/worker"]),
        id="a service without requirements, beside two that have them",
    ),
    pytest.param(
        {**below("common", PROJECT), **SERVICES, "services/mail/app/main.py": USING, "services/mail/README.md": ""},
        Found("common", ["services/*"], services=["services/api", "services/mail", "services/worker"]),
        id="a service that is a main package and no more",
    ),
    pytest.param(
        {
            **below("common", PROJECT),
            **SERVICES,
            "services/mail/pyproject.toml": '[project]\nname = "mail"\n',
            "services/mail/mail.py": USING,
            "services/mail/main.py": "import mail\n",
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
    *(
        pytest.param(
            {**below("common", PROJECT), "api/setup.py": text, "api/api/x.py": "X = 1\n", "api/Dockerfile": DOCKERFILE},
            Found("common", ["api"]),
            id=f"a service whose setup.py asks for it by {how}",
        )
        for how, text in (
            ("an argument", "setup(install_requires=['media-common==1'], packages=['x'])\n"),
            ("a variable", "NEEDS = x.y = ['media_common', 1]\nsetup(install_requires=NEEDS)\n"),
            ("a dictionary", "ABOUT = {'name': 'api', **x, 'install_requires': ['media-common']}\nsetup(**ABOUT)\n"),
        )
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
            "services/worker/main.py": "from common import settings\n",
        },
        BESIDE,
        id="one copy made by hand, and a service that lacks it",
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
        Found("shared", ["services/api"]),
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
