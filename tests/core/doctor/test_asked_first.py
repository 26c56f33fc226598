"""An index is asked for the library before the copy is installed: each row was tried with pip 26.3 and uv 0.13."""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, FILES, found_in, view_of

ALL = BASE + "COPY . .\n"
PROJECT = FILES | {
    "pyproject.toml": '[project]\nname = "api"\nversion = "1"\ndependencies = [\n"our-common"]\n'
    '[tool.setuptools]\npy-modules = ["main"]\n',
    "requirements.txt": "",
    "w/our_common-1-py3-none-any.whl": "",
}
ASKED = [("CS213", "pyproject.toml", 5)]


def requirements(text: str, **more: str) -> Mapping[str, str]:
    """Return a service with these requirements."""
    return FILES | {"requirements.txt": text} | more


NAMED = requirements("our-common>=1\n", **{"c.txt": "our-common==1\n"})
IN_REQUIREMENTS = [("CS213", "requirements.txt", 1)]

ROWS: dict[str, tuple[str, Mapping[str, str], list[tuple[str, str, int]]]] = {
    "the service, then the copy": (ALL + "RUN pip install . && pip install ./common\n", PROJECT, ASKED),
    "in two lines": (ALL + "RUN pip install .\nRUN pip install ./common\n", PROJECT, ASKED),
    "by uv": (
        ALL + "RUN pip install uv && uv pip install --system . && uv pip install --system ./common\n",
        PROJECT,
        ASKED,
    ),
    "in a stage that is built on": (
        ALL.replace("\n", " AS a\n", 1) + "RUN pip install .\nFROM a\nRUN pip install ./common\n",
        PROJECT,
        ASKED,
    ),
    "the copy, then the service": (ALL + "RUN pip install ./common && pip install .\n", PROJECT, []),
    "both at once": (ALL + "RUN pip install . ./common\n", PROJECT, []),
    "without what it needs": (ALL + "RUN pip install --no-deps . && pip install ./common\n", PROJECT, []),
    "with wheels at hand": (ALL + "RUN pip install -f w . && pip install ./common\n", PROJECT, []),
    "a wheel before": (ALL + "RUN pip install w/*.whl && pip install . && pip install ./common\n", PROJECT, []),
    "an environment of another stage": (
        ALL.replace("\n", " AS a\n", 1)
        + "RUN pip install --prefix /i ./common\nFROM python:3.12\nWORKDIR /app\nCOPY --from=a /i /usr/local\nCOPY . .\nRUN pip install . && pip install ./common\n",
        PROJECT,
        [],
    ),
    "requirements, then the copy": (
        ALL + "RUN pip install -r requirements.txt && pip install ./common\n",
        NAMED,
        IN_REQUIREMENTS,
    ),
    "requirements and the copy": (ALL + "RUN pip install -r requirements.txt ./common\n", NAMED, []),
    "a constraint": (ALL + "RUN pip install -c c.txt idna && pip install ./common\n", NAMED, []),
    "its name above its path": (
        ALL + "RUN pip install -r requirements.txt\n",
        requirements("our-common\n./common\n"),
        IN_REQUIREMENTS,
    ),
    "its path above its name": (
        ALL + "RUN pip install -r requirements.txt\n",
        requirements("./common\nour-common\n"),
        [],
    ),
    "its name above its path, for uv": (
        ALL + "RUN pip install uv && uv pip install --system -r requirements.txt\n",
        requirements("our-common\n./common\n"),
        [],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_asks_an_index_too_early_is_found(name: str) -> None:
    """A build would be called proven that fails, or that installs a stranger's package of the library's name."""
    dockerfile, files, expected = ROWS[name]
    assert found_in(view_of(files, dockerfile)) == expected
