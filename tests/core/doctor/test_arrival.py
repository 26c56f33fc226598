"""Where an install puts the library, and whether what is started looks there.

Each row was built with pip 26.3 and uv 0.13 in a root folder of its own, and its CMD was run there.
"""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, LIBRARY, inspect_rest, view_of

ALL = BASE + "COPY . .\n"
BUILDER = "FROM python:3.12 AS b\nWORKDIR /app\nCOPY common common\n"
FINAL = "FROM python:3.12\nWORKDIR /app\nCOPY main.py .\n"
VENV = "RUN python -m venv /opt/venv\n"
START = 'CMD ["python", "main.py"]\n'


def project(dependencies: str = 'dependencies = ["our-common"]', more: str = "") -> dict[str, str]:
    """Return a service that is a project of uv."""
    head = f'[project]\nname = "api"\nversion = "1"\n{dependencies}\n'
    source = '[tool.uv.sources]\nour-common = { path = "common" }\n'
    return {"pyproject.toml": f'{head}{source}[build-system]\nbuild-backend = "setuptools.build_meta"\n{more}'}


PROJECT = project()
POETRY = {
    "pyproject.toml": '[tool.poetry]\nname = "api"\n[tool.poetry.dependencies]\nour-common = { path = "common" }\n'
}
PIPENV = {"Pipfile": '[packages]\nour-common = { path = "common" }\n'}
PDM = '[project]\nname = "api"\ndependencies = ["our-common @ file:///${PROJECT_ROOT}/common"]\n'
PIP_R = "RUN pip install -r requirements.txt\n"
ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    "pip download": (ALL + "RUN pip download -d /x ./common\n", {}, "CS216:4"),
    "pip dry-run": (ALL + "RUN pip install --dry-run ./common\n", {}, "CS216:4"),
    "PIP_DRY_RUN": (
        ALL + "ENV PIP_DRY_RUN=1\nRUN pip install -r requirements.txt\n",
        {"requirements.txt": "./common\n"},
        "CS216:5",
    ),
    "PIP_DRY_RUN=0": (
        ALL + "ENV PIP_DRY_RUN=0\nRUN pip install -r requirements.txt\n",
        {"requirements.txt": "./common\n"},
        "",
    ),
    "pip wheel": (ALL + "RUN pip wheel -w /wheels ./common\n", {}, "CS216:4"),
    "pip wheel inst": (ALL + "RUN pip wheel -w /wheels ./common && pip install /wheels/*.whl\n", {}, ""),
    "pip wheel links": (
        ALL + "RUN pip wheel -w /wheels ./common\nRUN pip install --no-index --find-links /wheels our-common\n",
        {},
        "",
    ),
    "pip wheel links not named": (
        ALL + "RUN pip wheel -w /wheels ./common\nRUN pip install --no-index --find-links /wheels idna\n",
        {},
        "CS216:4",
    ),
    "pip wheel stage": (
        BUILDER
        + "RUN pip wheel --no-deps -w /wheels ./common\nFROM python:3.12\nWORKDIR /app\nCOPY --from=b /wheels /wheels\nRUN pip install --no-cache /wheels/*\nCOPY main.py .\n",
        {},
        "",
    ),
    "pip wheel links, and a pattern": (
        ALL + "RUN pip wheel -w /w ./common\nRUN pip install --no-index --find-links=/w /w/*.whl\n",
        {},
        "",
    ),
    "pip wheel stage not": (
        BUILDER
        + "RUN pip wheel --no-deps -w /wheels ./common\nFROM python:3.12\nWORKDIR /app\nCOPY --from=b /wheels /wheels\nRUN pip install idna\nCOPY main.py .\n",
        {},
        "CS216:None",
    ),
    "from its own folder": (ALL + "RUN (cd common && pip install .)\n", {}, ""),
    "from its own folder, in braces": (ALL + "RUN { cd common; python -mpip install -e .; }\n", {}, ""),
    "from its own folder as WORKDIR": (
        ALL + "WORKDIR /app/common\nRUN python -W ignore -Im pip install .\nWORKDIR /app\n",
        {},
        "",
    ),
    "the service, and not the library": (
        ALL + "RUN pip install .\n",
        {"pyproject.toml": '[project]\nname = "api"\n'},
        "CS216:None",
    ),
    "uv dry-run": (ALL + "RUN uv pip install --system --dry-run ./common\n", {}, "CS216:4"),
    "uv compile": (
        ALL + "RUN uv pip compile requirements.in -o r.txt\n",
        {"requirements.in": "./common\n"},
        "CS216:None",
    ),
    "uv compile+install": (
        ALL + "RUN uv pip compile requirements.in -o r.txt && uv pip install --system -r r.txt\n",
        {"requirements.in": "./common\n"},
        "CS213:4",
    ),
    "uv sync dry-run": (ALL + "RUN uv sync --dry-run\nENV PATH=/app/.venv/bin:$PATH\n", PROJECT, "CS216:4"),
    "uv sync check": (ALL + "RUN uv sync --check\nENV PATH=/app/.venv/bin:$PATH\n", PROJECT, "CS216:4"),
    "uv sync no-install-package": (
        ALL + "RUN uv sync --no-install-package our-common\nENV PATH=/app/.venv/bin:$PATH\n",
        PROJECT,
        "CS216:None",
    ),
    "uv sync no-install-local": (
        ALL + "RUN uv sync --no-install-local\nENV PATH=/app/.venv/bin:$PATH\n",
        PROJECT,
        "CS216:None",
    ),
    "uv sync no-install-project": (
        ALL + "RUN uv sync --no-install-project\nENV PATH=/app/.venv/bin:$PATH\n",
        PROJECT,
        "",
    ),
    "uv sync only-group": (
        ALL + "RUN uv sync --only-group dev\nENV PATH=/app/.venv/bin:$PATH\n",
        project(more='[dependency-groups]\ndev=["idna"]\n'),
        "CS216:None",
    ),
    "uv sync dev no-dev": (
        ALL + "RUN uv sync --no-dev\nENV PATH=/app/.venv/bin:$PATH\n",
        project("dependencies=[]", '[dependency-groups]\ndev=["our-common"]\n'),
        "CS216:None",
    ),
    "uv sync extra": (
        ALL + "RUN uv sync\nENV PATH=/app/.venv/bin:$PATH\n",
        project('optional-dependencies={x=["our-common"]}'),
        "CS216:None",
    ),
    "UV_NO_DEV": (
        ALL + "ENV UV_NO_DEV=1\nRUN uv sync\nENV PATH=/app/.venv/bin:$PATH\n",
        project("dependencies=[]", '[dependency-groups]\ndev=["our-common"]\n'),
        "CS216:None",
    ),
    "pip install --report dry": (
        ALL + "RUN pip install --dry-run --quiet --report /r.json -r requirements.txt\n",
        {"requirements.txt": "./common\n"},
        "CS216:4",
    ),
    "uv build": (ALL + "RUN uv build --wheel -o /w ./common && uv pip install --system /w/*.whl\n", {}, ""),
    "uv build not": (ALL + "RUN uv build --wheel -o /w ./common\n", {}, "CS216:None"),
    "uv pip sync dry": (
        ALL + "RUN uv pip sync --system --dry-run requirements.txt\n",
        {"requirements.txt": "./common\n"},
        "CS216:4",
    ),
    "pip-sync": (ALL + "RUN uv pip sync --system requirements.txt\n", {"requirements.txt": "./common\n"}, ""),
    "help": (ALL + "RUN pip install --help ./common\n", {}, "CS216:4"),
    "target": (ALL + "RUN pip install --target /deps ./common\n", {}, "CS213:4"),
    "target PYTHONPATH": (ALL + "RUN pip install --target /deps ./common\nENV PYTHONPATH=/deps\n", {}, ""),
    "target PYTHONPATH run": (ALL + "RUN pip install -t /deps ./common\nCMD PYTHONPATH=/deps python main.py\n", {}, ""),
    "target workdir": (ALL + "RUN pip install -t . ./common\n", {}, ""),
    "target /app": (ALL + "RUN pip install -t /app ./common\n", {}, ""),
    "target site": (ALL + "RUN pip install -t /usr/local/lib/python3.12/site-packages ./common\n", {}, ""),
    "PIP_TARGET": (ALL + "ENV PIP_TARGET=/deps\nRUN pip install ./common\n", {}, "CS213:5"),
    "PIP_TARGET PYTHONPATH": (ALL + "ENV PIP_TARGET=/deps PYTHONPATH=/deps\nRUN pip install ./common\n", {}, ""),
    "prefix": (ALL + "RUN pip install --prefix /install ./common\n", {}, "CS213:4"),
    "prefix stage": (
        BUILDER + "RUN pip install --prefix=/install ./common\n" + FINAL + "COPY --from=b /install /usr/local\n",
        {},
        "",
    ),
    "prefix stage wrong": (
        BUILDER + "RUN pip install --prefix=/install ./common\n" + FINAL + "COPY --from=b /install /opt/install\n",
        {},
        "CS213:8",
    ),
    "prefix PYTHONPATH": (
        ALL + "RUN pip install --prefix /install ./common\nENV PYTHONPATH=/install/lib/python3.12/site-packages\n",
        {},
        "",
    ),
    "root": (ALL + "RUN pip install --root /r ./common\n", {}, "CS213:4"),
    "root stage": (BUILDER + "RUN pip install --root=/r ./common\n" + FINAL + "COPY --from=b /r /\n", {}, ""),
    "user": (ALL + "RUN pip install --user ./common\n", {}, ""),
    "user other user": (ALL + "RUN pip install --user ./common\nRUN useradd -m app\nUSER app\n", {}, "CS213:4"),
    "user stage": (
        BUILDER + "RUN pip install --user ./common\n" + FINAL + "COPY --from=b /root/.local /root/.local\n",
        {},
        "",
    ),
    "user stage other home": (
        BUILDER
        + "RUN pip install --user ./common\n"
        + FINAL
        + "RUN useradd -m app\nCOPY --from=b --chown=app /root/.local /home/app/.local\nUSER app\n",
        {},
        "",
    ),
    "user stage wrong": (
        BUILDER
        + "RUN pip install --user ./common\n"
        + FINAL
        + "RUN useradd -m app\nCOPY --from=b /root/.local /root/.local\nUSER app\n",
        {},
        "CS213:9",
    ),
    "target stage": (
        BUILDER + "RUN pip install -t /deps ./common\n" + FINAL + "COPY --from=b /deps /deps\nENV PYTHONPATH=/deps\n",
        {},
        "",
    ),
    "target stage no path": (
        BUILDER + "RUN pip install -t /deps ./common\n" + FINAL + "COPY --from=b /deps /deps\n",
        {},
        "CS213:8",
    ),
    "target stage into app": (
        BUILDER + "RUN pip install -t /deps ./common\n" + FINAL + "COPY --from=b /deps .\n",
        {},
        "",
    ),
    "target stage into site": (
        BUILDER
        + "RUN pip install -t /deps ./common\n"
        + FINAL
        + "COPY --from=b /deps /usr/local/lib/python3.12/site-packages\n",
        {},
        "",
    ),
    "target stage not": (BUILDER + "RUN pip install -t /deps ./common\n" + FINAL, {}, "CS216:None"),
    "site stage": (
        BUILDER
        + "RUN pip install ./common\n"
        + FINAL
        + "COPY --from=b /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages\n",
        {},
        "",
    ),
    "site stage usr local": (
        BUILDER + "RUN pip install ./common\n" + FINAL + "COPY --from=b /usr/local /usr/local\n",
        {},
        "",
    ),
    "stage nothing copied": (BUILDER + "RUN pip install ./common\n" + FINAL, {}, "CS216:None"),
    "stage other copied": (
        BUILDER + "RUN pip install ./common\n" + FINAL + "COPY --from=b /usr/local/bin /usr/local/bin\n",
        {},
        "CS216:None",
    ),
    "uv target": (ALL + "RUN uv pip install --target /deps ./common\n", {}, "CS213:4"),
    "uv target path": (ALL + "RUN uv pip install --target /deps ./common\nENV PYTHONPATH=/deps\n", {}, ""),
    "uv prefix": (ALL + "RUN uv pip install --prefix /deps ./common\n", {}, "CS213:4"),
    "uv python": (ALL + VENV + "RUN uv pip install --python /opt/venv/bin/python ./common\n", {}, "CS213:5"),
    "uv python path": (
        ALL + VENV + "RUN uv pip install --python /opt/venv/bin/python ./common\nENV PATH=/opt/venv/bin:$PATH\n",
        {},
        "",
    ),
    "uv python sys": (ALL + "RUN uv pip install --system --python 3.12 ./common\n", {}, ""),
    "uv python usr": (
        ALL + "RUN uv pip install --break-system-packages --python /usr/local/bin/python ./common\n",
        {},
        "",
    ),
    "UV_PYTHON": (ALL + VENV + "ENV UV_PYTHON=/opt/venv\nRUN uv pip install ./common\n", {}, "CS213:6"),
    "uv none": (ALL + "RUN uv pip install ./common\n", {}, "CS216:4"),
    "UV_SYSTEM_PYTHON": (ALL + "ENV UV_SYSTEM_PYTHON=1\nRUN uv pip install ./common\n", {}, ""),
    "uv venv": (ALL + "RUN uv venv && uv pip install ./common\n", {}, "CS213:4"),
    "uv venv path": (ALL + "RUN uv venv && uv pip install ./common\nENV PATH=/app/.venv/bin:$PATH\n", {}, ""),
    "uv venv cmd": (ALL + 'RUN uv venv && uv pip install ./common\nCMD [".venv/bin/python","main.py"]\n', {}, ""),
    "uv venv VIRTUAL_ENV": (
        ALL
        + 'ENV VIRTUAL_ENV=/opt/venv\nRUN uv venv /opt/venv\nENV PATH="$VIRTUAL_ENV/bin:$PATH"\nRUN uv pip install ./common\n',
        {},
        "",
    ),
    "uv sync no path": (ALL + "RUN uv sync\n", PROJECT, "CS213:4"),
    "uv sync path": (ALL + 'RUN uv sync\nENV PATH="/app/.venv/bin:$PATH"\n', PROJECT, ""),
    "uv sync cmd": (ALL + 'RUN uv sync\nCMD ["/app/.venv/bin/python","main.py"]\n', PROJECT, ""),
    "uv sync run": (ALL + 'RUN uv sync\nCMD ["uv","run","main.py"]\n', PROJECT, ""),
    "uv sync run no-sync": (ALL + 'RUN uv sync\nCMD ["uv","run","--no-sync","main.py"]\n', PROJECT, ""),
    "uv sync project env": (ALL + "ENV UV_PROJECT_ENVIRONMENT=/usr/local\nRUN uv sync\n", PROJECT, ""),
    "uv sync project env venv": (
        ALL + "ENV UV_PROJECT_ENVIRONMENT=/opt/venv\nRUN uv sync\nENV PATH=/opt/venv/bin:$PATH\n",
        PROJECT,
        "",
    ),
    "uv sync project env venv wrong": (
        ALL + "ENV UV_PROJECT_ENVIRONMENT=/opt/venv\nRUN uv sync\nENV PATH=/app/.venv/bin:$PATH\n",
        PROJECT,
        "CS213:5",
    ),
    "uv sync stage": (
        "FROM python:3.12 AS b\nWORKDIR /app\nCOPY . .\nRUN uv sync --no-editable\n"
        + FINAL
        + "COPY --from=b /app/.venv /app/.venv\nENV PATH=/app/.venv/bin:$PATH\n",
        PROJECT,
        "",
    ),
    "uv sync stage no path": (
        "FROM python:3.12 AS b\nWORKDIR /app\nCOPY . .\nRUN uv sync --no-editable\n"
        + FINAL
        + "COPY --from=b /app/.venv /app/.venv\n",
        PROJECT,
        "CS213:8",
    ),
    "uv sync stage all": (
        "FROM python:3.12 AS b\nWORKDIR /app\nCOPY . .\nRUN uv sync\nFROM python:3.12\nCOPY --from=b /app /app\nWORKDIR /app\nENV PATH=/app/.venv/bin:$PATH\n",
        PROJECT,
        "",
    ),
    "venv no path": (ALL + VENV + "RUN /opt/venv/bin/pip install ./common\n", {}, "CS213:5"),
    "venv path": (ALL + VENV + "ENV PATH=/opt/venv/bin:$PATH\nRUN pip install ./common\n", {}, ""),
    "venv path after": (ALL + VENV + "RUN pip install ./common\nENV PATH=/opt/venv/bin:$PATH\n", {}, "CS213:5"),
    "venv path before made": (ALL + "ENV PATH=/opt/venv/bin:$PATH\nRUN pip install ./common\n" + VENV, {}, "CS213:5"),
    "venv activate": (ALL + VENV + "RUN . /opt/venv/bin/activate && pip install ./common\n", {}, "CS213:5"),
    "venv activate cmd": (
        ALL
        + VENV
        + "RUN . /opt/venv/bin/activate && pip install ./common\nCMD . /opt/venv/bin/activate && python main.py\n",
        {},
        "",
    ),
    "venv activate lost": (ALL + VENV + "RUN . /opt/venv/bin/activate\nRUN pip install ./common\n", {}, ""),
    "venv activate lost cmd": (
        ALL + VENV + 'RUN . /opt/venv/bin/activate\nRUN pip install ./common\nCMD ["/opt/venv/bin/python","main.py"]\n',
        {},
        "CS213:6",
    ),
    "venv cmd": (
        ALL + VENV + 'RUN /opt/venv/bin/pip install ./common\nCMD ["/opt/venv/bin/python","main.py"]\n',
        {},
        "",
    ),
    "venv cmd other": (
        ALL + VENV + 'RUN pip install ./common\nCMD ["/opt/venv/bin/python","main.py"]\n',
        {},
        "CS213:5",
    ),
    "venv ssp": (
        ALL
        + "RUN python -m venv --system-site-packages /opt/venv && pip install ./common\nENV PATH=/opt/venv/bin:$PATH\n",
        {},
        "",
    ),
    "venv stage": (
        BUILDER
        + VENV
        + "RUN /opt/venv/bin/pip install ./common\n"
        + FINAL
        + "COPY --from=b /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n",
        {},
        "",
    ),
    "venv stage no path": (
        BUILDER + VENV + "RUN /opt/venv/bin/pip install ./common\n" + FINAL + "COPY --from=b /opt/venv /opt/venv\n",
        {},
        "CS213:9",
    ),
    "venv entry": (
        ALL + VENV + 'RUN /opt/venv/bin/pip install ./common\nENTRYPOINT ["./start.sh"]\n',
        {"start.sh": "#!/bin/sh\n. /opt/venv/bin/activate\nexec python main.py\n"},
        "",
    ),
    "venv entry no": (
        ALL + VENV + 'RUN /opt/venv/bin/pip install ./common\nENTRYPOINT ["./start.sh"]\n',
        {"start.sh": "#!/bin/sh\nexec python main.py\n"},
        "CS213:5",
    ),
    "venv entry args": (
        ALL + VENV + 'RUN /opt/venv/bin/pip install ./common\nENTRYPOINT ["./start.sh"]\nCMD ["python","main.py"]\n',
        {"start.sh": '#!/bin/sh\nset -e\nexec "$@"\n'},
        "CS213:5",
    ),
    "venv SHELL": (
        ALL
        + VENV
        + 'RUN /opt/venv/bin/python -m pip install ./common\nENTRYPOINT ["/opt/venv/bin/python"]\nCMD ["main.py"]\n',
        {},
        "",
    ),
    "uninstall": (ALL + "RUN pip install ./common\nRUN pip uninstall -y our-common\n", {}, "CS216:5"),
    "uninstall _": (ALL + "RUN pip install ./common && pip uninstall -y our_common idna\n", {}, "CS216:4"),
    "uninstall other": (ALL + "RUN pip install ./common\nRUN pip uninstall -y setuptools\n", {}, ""),
    "uninstall -r": (
        ALL + "RUN pip install ./common\nRUN pip uninstall -y -r r.txt\n",
        {"r.txt": "our-common\n"},
        "CS216:5",
    ),
    "uninstall before": (
        ALL + "RUN pip install ./common && pip uninstall -y our-common && pip install ./common\n",
        {},
        "",
    ),
    "uv uninstall": (ALL + "RUN pip install ./common\nRUN uv pip uninstall --system our-common\n", {}, "CS216:5"),
    "rm site": (ALL + "RUN pip install ./common\nRUN rm -rf /usr/local/lib/python3.12/site-packages\n", {}, "CS216:5"),
    "rm site star": (
        ALL + "RUN pip install ./common\nRUN rm -rf /usr/local/lib/python3.12/site-packages/our_common\n",
        {},
        "CS216:5",
    ),
    "rm site pip": (
        ALL
        + "RUN pip install ./common\nRUN rm -rf /usr/local/lib/python3.12/site-packages/pip /usr/local/lib/python3.12/site-packages/setuptools*\n",
        {},
        "",
    ),
    "rm venv": (
        ALL
        + VENV
        + "RUN /opt/venv/bin/pip install ./common\nRUN rm -rf /opt/venv && python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n",
        {},
        "CS216:6",
    ),
    "venv clear": (
        ALL
        + VENV
        + "RUN /opt/venv/bin/pip install ./common\nRUN python -m venv --clear /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n",
        {},
        "CS216:6",
    ),
    "venv again": (
        ALL + VENV + "RUN /opt/venv/bin/pip install ./common\n" + VENV + "ENV PATH=/opt/venv/bin:$PATH\n",
        {},
        "",
    ),
    "uv venv again": (
        ALL + "RUN uv venv && uv pip install ./common\nRUN uv venv\nENV PATH=/app/.venv/bin:$PATH\n",
        {},
        "CS216:5",
    ),
    "uv venv clear": (
        ALL + "RUN uv venv && uv pip install ./common\nRUN uv venv --clear\nENV PATH=/app/.venv/bin:$PATH\n",
        {},
        "CS216:5",
    ),
    "uv sync exact": (
        ALL + "RUN uv venv && uv pip install ./common && uv sync --no-install-local\nENV PATH=/app/.venv/bin:$PATH\n",
        PROJECT,
        "CS216:4",
    ),
    "uv sync removes": (
        ALL + "RUN uv venv && uv pip install ./common && uv sync\nENV PATH=/app/.venv/bin:$PATH\n",
        project("dependencies=[]"),
        "CS216:4",
    ),
    "uv sync inexact": (
        ALL + "RUN uv venv && uv pip install ./common && uv sync --inexact\nENV PATH=/app/.venv/bin:$PATH\n",
        project("dependencies=[]"),
        "",
    ),
    "uv sync then pip": (
        ALL + "RUN uv sync && uv pip install ./common\nENV PATH=/app/.venv/bin:$PATH\n",
        project("dependencies=[]"),
        "",
    ),
    "uv pip sync": (
        ALL + "RUN uv pip install --system ./common && uv pip sync --system r.txt\n",
        {"r.txt": "idna\n"},
        "CS216:4",
    ),
    "rm target": (ALL + "RUN pip install -t /deps ./common\nRUN rm -rf /deps\nENV PYTHONPATH=/deps\n", {}, "CS216:5"),
    "rm local": (ALL + "RUN pip install --user ./common\nRUN rm -rf ~/.local\n", {}, "CS216:5"),
    "rm common": (ALL + "RUN pip install ./common && rm -rf ./common\n", {}, ""),
    "rm common -e": (ALL + "RUN pip install -e ./common && rm -rf ./common\n", {}, "CS215:4"),
    "-e, an environment of any name in another stage": (
        BUILDER
        + "RUN python3 -m venv /opt/py && /opt/py/bin/pip install -e ./common\n"
        + FINAL
        + 'COPY --from=b /opt/py /opt/py\nCMD ["/opt/py/bin/python","main.py"]\n',
        {},
        "CS215:8",
    ),
    "-e, an activated environment of any name in another stage": (
        BUILDER
        + "RUN python3 -m venv /opt/py\nRUN . /opt/py/bin/activate && pip install -e ./common\n"
        + FINAL
        + 'COPY --from=b /opt/py /opt/py\nCMD ["/opt/py/bin/python","main.py"]\n',
        {},
        "CS215:9",
    ),
    "-e, what holds an environment of any name in another stage": (
        BUILDER
        + "RUN python3 -m venv /deep/py && /deep/py/bin/pip install -e ./common\n"
        + FINAL
        + 'COPY --from=b /deep /deep\nCMD ["/deep/py/bin/python","main.py"]\n',
        {},
        "CS215:8",
    ),
    "pip .": (ALL + "RUN pip install .\n", PROJECT, "CS216:None"),
    "pip . common": (ALL + "RUN pip install . && pip install ./common\n", PROJECT, "CS213:4"),
    "pip common .": (ALL + "RUN pip install ./common && pip install .\n", PROJECT, ""),
    "pip both": (ALL + "RUN pip install . ./common\n", PROJECT, ""),
    "uv .": (ALL + "RUN uv pip install --system .\n", PROJECT, ""),
    "uv . no-sources": (ALL + "RUN uv pip install --system --no-sources .\n", PROJECT, "CS216:None"),
    "uv sync no-sources": (ALL + "RUN uv sync --no-sources\nENV PATH=/app/.venv/bin:$PATH\n", PROJECT, "CS216:None"),
    "uv no-sources-package": (
        ALL + "RUN uv pip install --system --no-sources-package our-common .\n",
        PROJECT,
        "CS216:None",
    ),
    "uv.toml no-sources": (
        ALL + "RUN uv pip install --system .\n",
        PROJECT | {"uv.toml": "no-sources=true\n"},
        "CS216:None",
    ),
    "uv -r pyproject": (ALL + "RUN uv pip install --system -r pyproject.toml\n", PROJECT, ""),
    "pip -r pyproject": (ALL + "RUN pip install -r pyproject.toml\n", PROJECT, "CS216:None"),
    "pip --group": (
        ALL + "RUN pip install --group dev\n",
        project(more='[dependency-groups]\ndev=["our-common"]\n'),
        "CS216:None",
    ),
    "poetry": (ALL + "RUN poetry install\n", POETRY, "CS213:4"),
    "poetry run": (ALL + 'RUN poetry install\nCMD ["poetry", "run", "python", "main.py"]\n', POETRY, ""),
    "poetry, none of its own": (ALL + "RUN poetry config virtualenvs.create false && poetry install\n", POETRY, ""),
    "poetry, one of its own again": (
        ALL + "RUN poetry config virtualenvs.create true && poetry install\n",
        POETRY,
        "CS213:4",
    ),
    "poetry, by a variable": (ALL + "ENV POETRY_VIRTUALENVS_CREATE=false\nRUN poetry install\n", POETRY, ""),
    "poetry, by a variable that is unknown": (
        ALL + "ENV POETRY_VIRTUALENVS_CREATE=$X\nRUN poetry install\n",
        POETRY,
        "",
    ),
    "poetry in the project": (
        ALL + 'ENV POETRY_VIRTUALENVS_IN_PROJECT=1\nRUN poetry install\nCMD [".venv/bin/python", "main.py"]\n',
        POETRY,
        "",
    ),
    "poetry in the project, by its file": (
        ALL + 'RUN poetry install\nCMD [".venv/bin/python", "main.py"]\n',
        {**POETRY, "poetry.toml": "[virtualenvs]\nin-project = true\n"},
        "",
    ),
    "poetry, none of its own, by its file": (
        ALL + "RUN poetry install\n",
        {**POETRY, "poetry.toml": "[virtualenvs]\ncreate = false\n"},
        "",
    ),
    "poetry, by a file that says nothing of it": (
        ALL + "RUN poetry install\n",
        {**POETRY, "poetry.toml": "[virtualenvs.options]\nsystem-site-packages = true\n"},
        "CS213:4",
    ),
    "poetry, by a file that is no TOML": (ALL + "RUN poetry install\n", {**POETRY, "poetry.toml": "<<"}, "CS213:4"),
    "poetry in what is active": (
        ALL + VENV + "ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin\nRUN poetry install\n",
        POETRY,
        "",
    ),
    "pipenv": (ALL + "RUN pipenv install\n", PIPENV, "CS213:4"),
    "pipenv --system": (ALL + "RUN pipenv install --system\n", PIPENV, ""),
    "pdm": (ALL + 'RUN pdm install\nCMD ["pdm", "run", "main.py"]\n', {"pyproject.toml": PDM}, ""),
    "uv: a variable tells where": (ALL + "ENV UV_PROJECT_ENVIRONMENT=$X\nRUN uv sync\n", PROJECT, ""),
    "uv: a variable tells which": (ALL + "ENV VIRTUAL_ENV=$X\nRUN uv pip install ./common\n", {}, ""),
    "uv: conda tells which": (ALL + "ENV CONDA_PREFIX=/opt/conda\nRUN uv pip install ./common\n", {}, ""),
    "uv: another image may have one": (
        "FROM team/base\nWORKDIR /app\nCOPY . .\nRUN uv pip install ./common\n",
        {},
        "CS213:4",
    ),
    "uv: --system, from its venv": (ALL + "RUN uv pip install --python 3.12 ./common\n", {}, ""),
    "a user that is a number": (
        ALL.replace("COPY", "COPY --chown=1000")
        + "RUN mkdir /.local && chown 1000 /.local\nUSER 1000\nRUN pip install --user ./common\n",
        {},
        "",
    ),
    "a program that a variable names": (ALL + "RUN pip install -t /deps ./common\nCMD $X main.py\n", {}, "CS213:4"),
    "a program that lies elsewhere": (ALL + "RUN pip install ./common\nCMD /x/python main.py\n", {}, ""),
    "venv stage: its lib": (
        BUILDER
        + VENV
        + "RUN /opt/venv/bin/pip install ./common\n"
        + FINAL
        + VENV
        + "COPY --from=b /opt/venv/lib /opt/venv/lib\nENV PATH=/opt/venv/bin:$PATH\n",
        {},
        "",
    ),
    "venv stage: its packages": (
        BUILDER
        + VENV
        + "RUN /opt/venv/bin/pip install ./common\n"
        + FINAL
        + "COPY --from=b /opt/venv/lib/python3.12/site-packages /deps\nENV PYTHONPATH=/deps\n",
        {},
        "",
    ),
    "venv stage: its programs": (
        BUILDER
        + VENV
        + "RUN /opt/venv/bin/pip install ./common\n"
        + FINAL
        + "COPY --from=b /opt/venv/bin /opt/venv/bin\n",
        {},
        "CS216:None",
    ),
    "virtualenv": (
        ALL + "RUN virtualenv -p python3 e && e/bin/pip install ./common\nCMD e/bin/python main.py\n",
        {},
        "",
    ),
    "venv with the image's packages, copied": (
        BUILDER.replace("COPY common", "RUN python -m venv --system-site-packages /opt/venv\nCOPY common")
        + FINAL
        + "COPY . .\nCOPY --from=b /opt/venv /opt/venv\nRUN pip install ./common\nCMD /opt/venv/bin/python main.py\n",
        {},
        "",
    ),
    "a script that is not followed starts it": (
        ALL + 'RUN pip install -t /deps ./common\nCMD ["./start.sh"]\n',
        {"start.sh": "export PYTHONPATH=/deps\npython main.py\n"},
        "",
    ),
    "venv stage: something else": (
        BUILDER
        + VENV
        + "RUN /opt/venv/bin/pip install ./common && mkdir /srv/x\n"
        + FINAL
        + "COPY --from=b /srv/x /srv/x\n",
        {},
        "CS216:None",
    ),
    "pdm in a stage": (
        "FROM python:3.12 AS b\nWORKDIR /app\nCOPY . .\nRUN pdm install\n"
        + FINAL
        + "COPY --from=b /app/.venv /app/.venv\n",
        {"pyproject.toml": PDM},
        "",
    ),
    "uv sync --active": (
        ALL + VENV + "ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin\nRUN uv sync --active\n",
        PROJECT,
        "",
    ),
    "uv sync --active, where nothing is": (ALL + "RUN uv sync --active\n", PROJECT, "CS213:4"),
    "a variable tells where": (ALL + "RUN uv pip install --python=$(which python) ./common\n", {}, ""),
    "pip --python": (ALL + VENV + "RUN pip --python /opt/venv install ./common\n", {}, "CS213:5"),
    "another project": (
        ALL + "RUN pip install ./other\n",
        {"other/pyproject.toml": '[project]\nname = "other"\n'},
        "CS216:None",
    ),
    "condition: if": (ALL + "RUN if [ -f /x ]; then pip install ./common; fi\n", {}, "CS213:4"),
    "condition: else": (
        ALL + "RUN if [ -f /x ]; then pip install ./common; else pip install -e ./common; fi\n",
        {},
        "",
    ),
    "condition: elif": (
        ALL
        + "RUN if [ -f /x ]; then pip install ./common; elif test y; then pip install idna; else pip install ./common; fi\n",
        {},
        "CS213:4",
    ),
    "condition: or": (ALL + "RUN a || pip install ./common\n", {}, "CS213:4"),
    "condition: retry": (ALL + "RUN pip install ./common || pip install --no-cache ./common\n", {}, ""),
    "condition: and": (ALL + "RUN test -f x && pip install ./common\n", {}, "CS213:4"),
    "condition: or true": (ALL + "RUN pip install ./common || true\n", {}, ""),
    "condition: case": (ALL + "RUN case $X in a) pip install ./common;; b) a;; esac\n", {}, "CS213:4"),
    "condition: case all": (ALL + "RUN case $X in a) pip install ./common;; *) pip install ./common;; esac\n", {}, ""),
    "condition: for": (ALL + "RUN for f in $X; do pip install ./common; done\n", {}, "CS213:4"),
    "condition: for lit": (ALL + "RUN for f in 1 2 3; do pip install ./common && break; done\n", {}, ""),
    "condition: func": (ALL + "RUN f() { pip install ./common; }; f\n", {}, ""),
    "condition: func not": (ALL + "RUN f() { pip install ./common; }; true\n", {}, "CS213:4"),
    "condition: uninst": (
        ALL + "RUN pip install ./common\nRUN if x; then pip uninstall -y our-common; fi\n",
        {},
        "CS213:5",
    ),
    "condition: two lines": (ALL + "RUN if x; then pip install ./common; fi\nRUN pip install ./common\n", {}, ""),
    "condition: exit": (ALL + "RUN test -f x || exit 0; pip install ./common\n", {}, "CS213:4"),
    "condition: asked before": (ALL + "RUN curl -f x && pip install ./common; rm -rf y\n", {}, "CS213:4"),
    "condition: updated before": (ALL + "RUN apt-get update && pip install ./common; rm -rf y\n", {}, ""),
    "condition: a function ends it": (ALL + "RUN f() { exit 0; }; f; pip install ./common\n", {}, "CS213:4"),
    "condition: not waited for": (ALL + "RUN pip install ./common &\n", {}, "CS213:4"),
    "markers: any Python 3": (ALL + PIP_R, {"requirements.txt": './common ; python_version > "3"  # shared\n'}, ""),
    "markers: another Python": (ALL + PIP_R, {"requirements.txt": "./common ; python_version < '3.0'\n"}, "CS216:None"),
    "markers: as tools write them": (
        ALL + PIP_R,
        {
            "requirements.txt": './common ; python_version >= "3.11" and python_version < "4.0" and sys_platform == "linux"\n'
        },
        "",
    ),
    "markers: a patch that nobody can tell": (
        ALL + PIP_R,
        {"requirements.txt": './common ; python_full_version >= "3.12.3"\n'},
        "CS213:4",
    ),
    "markers: of a Python that the Dockerfile has made": (
        ALL
        + "RUN pip install uv && uv venv --python 3.11\nRUN uv pip install -r requirements.txt\nENV PATH=/app/.venv/bin:$PATH\n",
        {"requirements.txt": './common ; python_version >= "3.12"\n'},
        "CS213:5",
    ),
    **{
        f"markers: of a Python that {name} asks for {expected}": (
            ALL
            + "RUN pip install uv && uv venv && uv pip install -r requirements.txt\nENV PATH=/app/.venv/bin:$PATH\n",
            {"requirements.txt": './common ; python_version == "3.12"\n', name: text},
            expected,
        )
        for name, text, expected in (
            ("main.py", "", ""),
            ("pyproject.toml", '[project]\nname = "api"\nversion = "1"\nrequires-python = ">=3.12,<3.15"\n', ""),
            ("pyproject.toml", '[project]\nname = "api"\nversion = "1"\nrequires-python = ">=3.13"\n', "CS213:4"),
            (".python-version", "3.13\n", "CS213:4"),
        )
    },
    "markers: of another Python's image": (
        "FROM python:3.12 AS x\n" + ALL.replace("3.12-slim", "3.13-rc-slim") + PIP_R,
        {"requirements.txt": './common ; python_full_version >= "3.13"\n'},
        "CS213:5",
    ),
    "markers: another machine": (
        ALL + PIP_R,
        {"requirements.txt": "./common ; platform_machine == 'x86_64'\n"},
        "CS213:4",
    ),
    "markers: one of several": (
        ALL + PIP_R,
        {"requirements.txt": "./common ; python_version > '3.6' and implementation_name == 'pypy'\n"},
        "CS216:None",
    ),
    "markers: what holds": (
        ALL + PIP_R,
        {"requirements.txt": "./common ; python_version >= '3.8' and sys_platform != 'win32'\n"},
        "",
    ),
    "markers: another system": (
        ALL + PIP_R,
        {"requirements.txt": "./common ; sys_platform == 'win32'\n"},
        "CS216:None",
    ),
    "without what the service needs": (
        ALL + "RUN pip install --no-deps .\n",
        {"pyproject.toml": '[project]\nname = "api"\nversion = "1"\ndependencies = ["our-common @ file:./common"]\n'},
        "CS216:None",
    ),
    "pip.conf by a redirection": (ALL + "RUN echo x > /etc/pip.conf\nRUN pip install ./common\n", {}, "CS213:5"),
    "pip.conf by pip": (
        ALL + "RUN pip config --global set global.require-hashes true && pip install ./common\n",
        {},
        "CS213:4",
    ),
    "pip.conf by pip, harmless": (
        ALL + "RUN pip3 config set global.index-url https://x/ && pip install ./common\n",
        {},
        "",
    ),
    "pip.conf is only listed": (ALL + "RUN pip config list && pip install ./common\n", {}, ""),
    "packages of another Python": (
        "FROM python:3.11 AS b\nWORKDIR /app\nCOPY . .\nRUN pip install --prefix /i ./common\n"
        + FINAL
        + "COPY --from=b /i /usr/local\n",
        {},
        "CS213:8",
    ),
    "an environment of another Python": (
        "FROM python:3.11.2-slim AS b\nWORKDIR /app\nCOPY . .\nRUN python -m venv /v && /v/bin/pip install ./common\n"
        + FINAL
        + "COPY --from=b /v /v\nENV PATH=/v/bin:$PATH\n",
        {},
        "CS213:8",
    ),
    "a system that manages its Python": (
        "FROM debian:12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install ./common\n",
        {},
        "CS213:4",
    ),
    "a system that manages its Python, uv": (
        "FROM ubuntu:noble\nWORKDIR /app\nCOPY . .\nRUN uv pip install --system ./common\n",
        {},
        "CS213:4",
    ),
    "a system that is told": (
        "FROM alpine\nWORKDIR /app\nCOPY . .\nRUN pip install --break-system-packages ./common\n",
        {},
        "",
    ),
    "a system that is told by a variable": (
        "FROM debian\nWORKDIR /app\nCOPY . .\nENV PIP_BREAK_SYSTEM_PACKAGES=1\nRUN pip install ./common\n",
        {},
        "",
    ),
    "a system, and an environment": (
        "FROM debian:trixie\nWORKDIR /app\nCOPY . .\nRUN python3 -m venv /v && . /v/bin/activate && pip install ./common\nENV PATH=/v/bin:$PATH\n",
        {},
        "",
    ),
    "a system that manages nothing": (
        "FROM debian:11\nWORKDIR /app\nCOPY . .\nRUN pip install ./common\n",
        {},
        "",
    ),
    "a lock that does not name it": (
        ALL + "RUN uv sync --frozen\nENV PATH=/app/.venv/bin:$PATH\n",
        {**PROJECT, "uv.lock": '[[package]]\nname = "api"\n'},
        "CS213:4",
    ),
    "condition: while": (ALL + "RUN while read x; do pip install ./common; done < x\n", {}, "CS213:4"),
    "condition: sh -c": (ALL + "RUN sh -c 'test -f x && pip install ./common'\n", {}, "CS213:4"),
    "condition: heredoc": (ALL + "RUN <<E\nif x; then\n pip install ./common\nfi\nE\n", {}, "CS213:4"),
    "condition: in another stage": (
        BUILDER
        + VENV
        + "RUN test -f x && /opt/venv/bin/pip install ./common\n"
        + FINAL
        + "COPY --from=b /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n",
        {},
        "CS213:5",
    ),
    "condition: in another stage, and not taken": (
        BUILDER + "RUN test -f x && pip install ./common\n" + FINAL + "COPY --from=b /wheels /wheels\n",
        {},
        "CS213:8 CS216:None",
    ),
    "condition: elsewhere for sure": (
        ALL + VENV + "RUN /opt/venv/bin/pip install ./common\nRUN test -f x && pip install ./common\n",
        {},
        "CS213:6",
    ),
    "condition: beside the package": (
        ALL + "RUN test -f x && pip install ./common\nENV PYTHONPATH=/app/common\n",
        {},
        "",
    ),
    "condition: what is copied": (
        BASE
        + "COPY common /srv/common\nCOPY main.py .\nRUN test -f x && cp -r /srv/common .\nRUN pip install ./common\n",
        {},
        "CS213:6",
    ),
    "condition: what is copied anew": (
        ALL + "RUN test -f x && cp -r common common\nRUN pip install ./common\n",
        {},
        "",
    ),
    "condition: what is removed": (ALL + "RUN if x; then rm -rf common; fi\nRUN pip install ./common\n", {}, "CS213:5"),
    "condition: what is not there is removed": (
        ALL + "RUN if x; then rm -rf y; fi\nRUN pip install ./common\n",
        {},
        "",
    ),
    "condition: a sync that takes it away": (
        ALL
        + "RUN uv venv /v\nENV VIRTUAL_ENV=/v PATH=/v/bin:$PATH\nRUN uv pip install ./common\nRUN test -f x && uv pip sync r.txt\n",
        {"r.txt": ""},
        "CS213:7",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_does_not_reach_the_started_python_is_not_proven(name: str) -> None:
    """A service that cannot start would be called proven; or one that can, broken."""
    dockerfile, files, expected = ROWS[name]
    started = "CMD" in dockerfile or "ENTRYPOINT" in dockerfile
    text = dockerfile if started else dockerfile + START
    (image,) = view_of({**LIBRARY, "main.py": "import our_common\n", **files}, text).images
    found = inspect_rest(image)
    assert " ".join(dict.fromkeys(f"{one.code}:{one.line}" for one in found)) == expected
