"""Services that can be built once they are distributed, each in its own way."""

from e2e.base import PYTHON
from e2e.cases import INSTALL, LIBRARY, NAMED_LIKE_ITS_FOLDER, START, START_BY_UV, UV_LOCK, UV_PROJECT, Case, stage

_NOT_EDITABLE = {"requirements.txt": "../../common\n"}
_PROJECT = """\
[build-system]
requires = ["setuptools>=68"]
build-backend = "setuptools.build_meta"

[project]
name = "api"
version = "1.0"
dependencies = ["our-common"]

[tool.setuptools]
py-modules = ["main"]
"""

_HATCH_PROJECT = """\
[build-system]
requires = ["hatchling>=1.24"]
build-backend = "hatchling.build"

[project]
name = "api"
version = "1.0"
dependencies = ["our-common @ {root:uri}/../../common"]

[tool.hatch.metadata]
allow-direct-references = true

[tool.hatch.build.targets.wheel]
include = ["main.py"]
"""

_ROOT_START = START.replace("COPY ", "COPY services/api/")

_SPELLINGS = (
    Case("copy_before_install", stage("COPY common/ ./common/", "COPY requirements.txt ./", INSTALL, START)),
    Case("everything_first", stage("COPY . .", INSTALL, START)),
    Case(
        "json_form",
        stage(
            'COPY ["common/", "./common/"]',
            'COPY ["requirements.txt", "./"]',
            'RUN ["pip", "install", "--no-cache-dir", "-r", "requirements.txt"]',
            START,
        ),
    ),
    Case(
        "continuation_lines",
        stage(
            "COPY --chown=nobody:nogroup \\\n    # the library\n    common \\\n    ./common/",
            "RUN pip install \\\n    --no-cache-dir \\\n\n    --requirement=requirements.txt",
            START,
        ).replace("RUN", "ADD requirements.txt .\nRUN"),
    ),
    Case("escape_directive", "# escape=`\n" + stage("COPY `\n  common `\n  ./common", "COPY *.txt ./", INSTALL, START)),
    Case("small_letters", stage("copy common common", "copy requirements.txt .", INSTALL.replace("RUN", "run"), START)),
    Case(
        "carriage_returns", stage("COPY common common", "COPY requirements.txt .", INSTALL, START).replace("\n", "\r\n")
    ),
    Case("wildcard", stage("COPY commo[n] ./common/", "COPY req*.txt ./", INSTALL, START)),
    Case(
        "variables_in_paths",
        stage(
            "ARG LIB=common",
            "ENV REQS=requirements.txt HOME_OF=/srv",
            "WORKDIR ${HOME_OF}/api",
            "COPY ${LIB}/ ./$LIB/",
            "COPY $REQS ./",
            "RUN python3 -m pip install --no-cache-dir -r $REQS",
            START,
        ),
    ),
)

_PLACES = (
    Case("copy_named_otherwise", stage("COPY . .", INSTALL, START), master="shared"),
    Case(
        "dockerfile_in_a_folder",
        stage("COPY common/ ./common/", "COPY requirements.txt ./", INSTALL, START),
        at="docker/Dockerfile",
    ),
    Case(
        "working_folder_by_parts",
        stage(
            "WORKDIR /srv", "WORKDIR web", "COPY common/ /srv/web/common/", "COPY requirements.txt .", INSTALL, START
        ),
    ),
    Case(
        "changes_folder_to_install",
        stage(
            "WORKDIR /",
            "COPY common/ /app/common/",
            "COPY requirements.txt /app/",
            "RUN cd /app && pip install --no-cache-dir -r requirements.txt",
            "WORKDIR /app",
            START,
        ),
    ),
    Case("copied_by_the_shell", stage("COPY . /src", "RUN cp -r /src/common . && cp /src/*.txt .", INSTALL, START)),
    Case(
        "copied_by_a_program",  # nobody can tell without running it what it leaves behind
        stage(
            "COPY . /src",
            'RUN python3 -c \'import shutil; shutil.copytree("/src", ".", dirs_exist_ok=True)\'',
            INSTALL,
            START,
        ),
        verdict="unknown",
    ),
    Case(
        "requirements_in_a_folder",
        stage(
            "COPY common ./common",
            "COPY requirements ./requirements",
            "RUN pip install --no-cache-dir -r requirements/all.txt",
            START,
        ),
        files={
            "requirements/all.txt": "-r base.txt\n",
            "requirements/base.txt": "-e ../../common\n",
            "requirements.txt": "",
        },
    ),
    Case(
        "kept_by_an_allow_list",
        stage("COPY . .", INSTALL, START),
        files={".dockerignore": "# only what the image needs\n*\n!common\n!requirements.txt\n!*.py\n**/__pycache__\n"},
    ),
    Case(
        "brought_back_by_an_exception",
        stage("COPY . .", INSTALL, START),
        files={".dockerignore": "*\n!common/**\n!requirements.txt\n!main.py\n"},
    ),
    Case(
        "its_dockerfile_has_an_ignore_file",
        stage("COPY . .", INSTALL, START),
        files={".dockerignore": "common\n", "Dockerfile.dockerignore": "**/__pycache__\n"},
    ),
    Case("from_above", stage("COPY ../../common /app/common", "COPY requirements.txt ./", INSTALL, START)),
    Case(
        "from_above_by_the_classic_builder",
        stage("COPY ../../common /app/common", "COPY requirements.txt ./", INSTALL, START),
        buildkit=False,
    ),
    Case(
        "from_above_by_a_variable",
        stage("ARG LIB=../../common", "COPY ${LIB} ./common", "COPY requirements.txt ./", INSTALL, START),
    ),
    Case(
        "with_the_root_as_context",
        stage("COPY common/ ./common/", "COPY services/api/requirements.txt ./", INSTALL, _ROOT_START),
        files={
            "compose.yml": "services:\n  api:\n    build:\n      context: ../..\n      dockerfile: services/api/Dockerfile\n"
        },
        options=("--contexts",),
        from_context=False,  # it is built with the root as its context until that is asked for
    ),
)

_STAGES = (
    Case(
        "base_image_by_an_argument",
        f"ARG BASE={PYTHON}\nFROM ${{BASE}}\nWORKDIR /app\nCOPY . .\n{INSTALL}\n{START}\n",
    ),
    Case(
        "wheels_from_a_builder",
        stage("COPY . .", "RUN pip wheel --no-cache-dir -w /dist -r requirements.txt", name="build")
        + stage("COPY --from=build /dist /dist", "RUN pip install --find-links /dist our-common", START),
        files=_NOT_EDITABLE,
        copy_in_image=None,
    ),
    Case(
        "library_from_another_stage",
        stage("COPY common/ ./common/", name="library")
        + stage("COPY --from=library /app/common ./common", "COPY requirements.txt ./", INSTALL, START),
    ),
    Case(
        "library_from_a_stage_by_number",
        stage("COPY . .") + stage("COPY --from=0 /app/common ./common", "COPY requirements.txt ./", INSTALL, START),
    ),
    Case(
        "stage_on_a_stage",
        stage("COPY common/ ./common/", name="base") + f"FROM base\nCOPY requirements.txt ./\n{INSTALL}\n{START}\n",
    ),
    Case(
        "stage_that_nobody_needs",  # BuildKit does not build it
        stage("COPY requirements.txt ./", INSTALL, name="unused") + stage("COPY . .", INSTALL, START),
    ),
    Case(
        "mounted_for_the_install",
        stage(
            "COPY requirements.txt ./",
            "RUN --mount=type=bind,source=common,target=common pip install --no-cache-dir -r requirements.txt",
            START,
        ),
        files=_NOT_EDITABLE,
        copy_in_image=None,
    ),
)

_INSTALLERS = (
    Case(
        "overridden_for_uv",
        stage(
            "RUN pip install uv",
            "COPY . .",
            "RUN uv pip install --system -r requirements.txt --overrides overrides.txt",
            START,
        ),
        files={"requirements.txt": "our-common\n", "overrides.txt": "our-common @ ../../common\n"},
        verdict="unknown",
    ),
    Case(
        "into_a_folder_of_its_own",
        stage(
            "COPY . .",
            "RUN pip install --no-cache-dir --target /opt/libs -r requirements.txt",
            "ENV PYTHONPATH=/opt/libs",
            START,
        ),
        files=_NOT_EDITABLE,
    ),
    Case(
        "whichever_way_the_script_goes",
        stage(
            "COPY . .",
            'RUN if [ -n "$DEV" ]; then pip install -r dev.txt; else pip install -r requirements.txt; fi',
            START,
        ),
        files={"dev.txt": "../../common\n"},
    ),
    Case(
        "only_if_a_condition_holds",
        stage("COPY . .", "RUN test -f requirements.txt && pip install -r requirements.txt", START),
        verdict="unknown",
    ),
    Case(
        "by_a_function",
        stage("COPY . .", "RUN all() { mkdir -p x && pip install -r requirements.txt; }; all", START),
    ),
    Case(
        "only_for_some_pythons",
        stage("COPY . .", INSTALL, START),
        files={"requirements.txt": "../../common ; python_version >= '3.8' and sys_platform != 'win32'\n"},
    ),
    Case(
        "at_an_absolute_path",
        stage("COPY common/ /common/", "COPY requirements.txt ./", INSTALL, START),
        files={"requirements.txt": "our-common @ file:///common\n"},
        copy_in_image="/common",
    ),
    Case(
        "library_and_project_by_path",
        stage("COPY common/ ./common/", "COPY pyproject.toml main.py ./", "RUN pip install ./common .", START),
        files={"pyproject.toml": _PROJECT},
    ),
    Case(
        "by_a_loop",
        stage("COPY . .", 'RUN for each in common; do pip install --no-cache-dir "./$each"; done', START),
    ),
    Case(
        "by_a_loop_of_two",  # a library and a project beside it
        stage("COPY . .", "RUN for each in common tools; do pip install ./$each; done", START),
        files={"tools/pyproject.toml": _PROJECT.replace('"api"', '"tools"'), "tools/main.py": ""},
    ),
    Case(
        "installed_by_uv",
        stage(
            "RUN pip install uv",
            "COPY common common",
            "COPY requirements.txt .",
            "RUN uv pip install --system -r requirements.txt",
            START,
        ),
    ),
    Case(
        "package_named_like_its_folder",
        stage("COPY . .", INSTALL, START),
        files={"main.py": "from common.health import serve\n\nserve()\n"},
        library=NAMED_LIKE_ITS_FOLDER,
    ),
    Case(
        "installed_by_a_longer_script",
        stage("COPY . .", f"RUN set -eux; python3 --version; \\\n    {INSTALL[4:]}; rm -rf /root/.cache", START),
    ),
    Case(
        "synchronised_by_uv",
        stage(
            "RUN pip install uv",
            "COPY common ./common",
            "COPY pyproject.toml uv.lock ./",
            "RUN uv sync --frozen",
            START_BY_UV,
        ),
        files={"pyproject.toml": UV_PROJECT, "uv.lock": UV_LOCK},
    ),
    Case(
        "project_of_hatch",
        stage("COPY . .", "RUN pip install --no-cache-dir .", START),
        files={"pyproject.toml": _HATCH_PROJECT},
    ),
)

_WITHOUT_INSTALLING = (
    Case(
        "imported_by_path_before_another_path",
        stage("ENV PYTHONPATH=/app/common:$PYTHONPATH", "COPY common/ ./common/", START),
        files={"requirements.txt": ""},
    ),
    Case(
        "imported_by_path",
        stage("ENV PYTHONPATH=/app/common", "COPY common/ ./common/", START),
        files={"requirements.txt": ""},
    ),
)

_NO_FALSE_ALARM = (
    Case(
        "script_by_its_name",
        stage(
            "COPY . .",
            INSTALL,
            "COPY --chmod=755 run.sh /usr/local/bin/",
            'ENTRYPOINT ["run.sh"]',
            'CMD ["python3", "main.py"]',
        ),
        files={"run.sh": '#!/bin/sh\nset -e\nexec "$@"\n'},
    ),
    Case(
        "script_of_the_library_by_its_path",
        stage(
            "COPY . .",
            "RUN python3 -m venv --system-site-packages /opt/venv && /opt/venv/bin/pip install ./common",
            'CMD ["/opt/venv/bin/our-serve"]',
        ),
        library={
            **LIBRARY,
            "pyproject.toml": LIBRARY["pyproject.toml"]
            + '\n[project.scripts]\nour-serve = "our_common.health:serve"\n',
        },
    ),
    Case(
        "variable_for_a_shell",
        stage("COPY . .", INSTALL, 'CMD ["sh", "-c", "echo $PORT && exec python3 main.py > /dev/null"]'),
    ),
    Case(
        "environment_in_another_place_by_its_python",
        stage(
            "COPY . .",
            "RUN python3 -m venv --system-site-packages /venv && /venv/bin/pip install ./common",
            name="build",
        )
        + stage("COPY --from=build /venv /opt/venv", START.replace('"python3"', '"/opt/venv/bin/python3"')),
        copy_in_image=None,
    ),
    Case(
        "beside_its_script",
        stage(
            "COPY common/our_common src/our_common",
            "COPY main.py entry.sh src/",
            'ENTRYPOINT ["sh", "src/entry.sh"]',
            'CMD ["python3", "src/main.py"]',
        ),
        files={"requirements.txt": "", "entry.sh": 'exec "$@"\n'},
        copy_in_image=None,
    ),
    Case(
        "editable_environment_that_uv_is_told_not_to_make",
        stage(
            "RUN pip install uv",
            "ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_NO_EDITABLE=1",
            "COPY . .",
            "RUN uv sync --frozen",
            name="build",
        )
        + stage("COPY --from=build /opt/venv /opt/venv", START.replace('"python3"', '"/opt/venv/bin/python3"')),
        files={"pyproject.toml": UV_PROJECT, "uv.lock": UV_LOCK},
        copy_in_image=None,
    ),
    Case(
        "path_of_the_copy_in_the_image",
        stage("COPY common/ ./common/", START),
        files={
            "requirements.txt": "",
            "main.py": 'import sys\n\nsys.path.insert(0, "/app/common")\nfrom our_common.health import serve\n\nserve()\n',
        },
    ),
    Case(
        "requirements_of_another_name",
        stage("COPY . .", "RUN pip install --no-cache-dir -r reqs.prod", START),
        files={"requirements.txt": "", "reqs.prod": "-e ../../common\n"},
    ),
    Case(
        "constraint_that_is_there",
        stage("COPY . .", "ENV PIP_CONSTRAINT=/app/c.txt", INSTALL, START),
        files={"c.txt": "wheel>0\n"},
    ),
)

CORRECT = (*_NO_FALSE_ALARM, *_SPELLINGS, *_PLACES, *_STAGES, *_INSTALLERS, *_WITHOUT_INSTALLING)
