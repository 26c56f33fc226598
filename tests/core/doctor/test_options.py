"""Options by which an install stops, and users that are not there.

Each row was built by Docker, with pip 26.3 and uv 0.13; those of groups and of the projects of uv were tried without it.
"""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, LIBRARY, inspect_rest, view_of

ALL = BASE + "COPY . .\n"
_PROJECT = (
    '[project]\nname = "api"\nversion = "1"\ndependencies = ["our-common"]\n{}'
    '[tool.uv]\npackage = false\n[tool.uv.sources]\nour-common = {{ path = "common", editable = true }}\n'
)
PROJECT = {"pyproject.toml": _PROJECT.format("")}
GROUPS = {
    "pyproject.toml": _PROJECT.format(
        "[project.optional-dependencies]\nfast = []\n[dependency-groups]\nlint_all = []\n"
    )
}
OF_GROUP = {
    "pyproject.toml": '[dependency-groups]\ndev = ["our-common @ file:./common"]\nother = ["x @ file:./gone"]\n'
}
OLD_GROUP = {"pyproject.toml": _PROJECT.format("") + "[tool.uv.x]\n"}
RUN = 'CMD [".venv/bin/python", "main.py"]\n'
_MEMBER = '[project]\nname = "web"\nversion = "1"\n[tool.uv]\npackage = false\n'
MEMBERS = {
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["apps/*"]\nexclude = ["apps/alone"]\n',
    "uv.lock": '[[package]]\nname = "web"\n',
    "apps/web/pyproject.toml": _MEMBER,
    "apps/alone/pyproject.toml": _MEMBER.replace("web", "alone"),
}
INSIDE = ALL + "RUN pip install ./common\nWORKDIR /app/apps/{}\nRUN uv sync --frozen\n"
ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    "pip: an option that is none": (ALL + "RUN pip install --no-such ./common\n", {}, "CS213:4"),
    "pip: the beginning of one": (ALL + "RUN pip install --no-cache --no-warn-s ./common\n", {}, ""),
    "pip: the beginning of one with a value": (ALL + "RUN pip install --requirem r.txt ./common\n", {}, "CS213:4"),
    "pip: what it was once called": (ALL + "RUN pip install --use-pep517 ./common\n", {}, ""),
    "pip: after the options": (ALL + "RUN pip install ./common -- ./common\n", {}, ""),
    "pip: of the program before it": (ALL + "RUN python -m pip --no-color install ./common\n", {}, ""),
    "pip: of a variable that nobody reads": (ALL + "ENV PIP_NO_SUCH=1\nRUN pip install ./common\n", {}, ""),
    "pip: only in an environment": (ALL + "RUN pip install --require-virtualenv ./common\n", {}, "CS218:4"),
    "pip: only in an environment, by a variable": (
        ALL + "ENV PIP_REQUIRE_VIRTUALENV=1\nRUN pip install ./common\n",
        {},
        "CS218:5",
    ),
    "pip: only in an environment, off": (ALL + "ENV PIP_REQUIRE_VIRTUALENV=0\nRUN pip install ./common\n", {}, ""),
    "pip: in an environment": (
        ALL + "ENV PIP_REQUIRE_VIRTUALENV=1\nRUN python -m venv /v\nENV PATH=/v/bin:$PATH\nRUN pip install ./common\n",
        {},
        "",
    ),
    "pip: in an environment, by its path": (
        ALL
        + "ENV PIP_REQUIRE_VIRTUALENV=1\nRUN python -m venv /v\nRUN /v/bin/pip install ./common\n"
        + 'CMD ["/v/bin/python", "main.py"]\n',
        {},
        "",
    ),
    "pip: in an environment that is activated": (
        ALL + "RUN python -m venv /v && . /v/bin/activate && pip install --require-virtualenv ./common\n"
        'CMD ["/v/bin/python", "main.py"]\n',
        {},
        "",
    ),
    "a constraint without a name": (ALL + "RUN pip install -c c.txt ./common\n", {"c.txt": "./common\n"}, "CS218:4"),
    "a constraint that is editable": (
        ALL + "RUN pip install -c c.txt ./common\n",
        {"c.txt": "-e ./common\n"},
        "CS218:4",
    ),
    "a constraint of uv without a name": (
        ALL + "RUN uv pip install --system -c c.txt ./common\n",
        {"c.txt": "./common\n"},
        "CS218:4",
    ),
    "a constraint that is included": (
        ALL + "RUN pip install -r r.txt\n",
        {"r.txt": "-c c.txt\n./common\n", "c.txt": "idna\n-e common/\n"},
        "CS218:4",
    ),
    "a constraint with a name": (
        ALL + "RUN uv pip install --system -c c.txt ./common\n",
        {"c.txt": "our-common @ file:///app/common\nidna==3\n"},
        "",
    ),
    "uv: an override without a name": (
        ALL + "RUN uv pip install --system --override o.txt ./common\n",
        {"o.txt": "./common\n"},
        "",
    ),
    "uv: an option that is none": (ALL + "RUN uv pip install --system --nope ./common\n", {}, "CS213:4"),
    "uv: an option of pip": (ALL + "RUN uv pip install --system --no-input ./common\n", {}, "CS213:4"),
    "uv: --user": (ALL + "RUN uv pip install --system --user ./common\n", {}, "CS218:4"),
    "uv: an option of what it runs": (
        ALL + 'RUN uv run --frozen python -c "" --nope\n' + RUN,
        {**PROJECT, "uv.lock": '[[package]]\nname = "our-common"\n'},
        "",
    ),
    "pip: variables that it passes over": (
        ALL + "ENV PIP_CONSTRAINT=gone.txt\nRUN pip --isolated install ./common\n",
        {},
        "",
    ),
    "pip: a file of settings that a line writes": (
        ALL + "ENV PIP_CONFIG_FILE=/p.conf\nRUN echo x > /p.conf\nRUN pip install ./common\n",
        {},
        "CS213:6",
    ),
    "pip: a group": (ALL + "RUN pip install --group dev\n", {**OF_GROUP, "requirements.txt": ""}, ""),
    "pip: a group of another file": (
        ALL + "RUN pip install --group app/pyproject.toml:dev\n",
        {"app/pyproject.toml": OF_GROUP["pyproject.toml"], "requirements.txt": ""},
        "",
    ),
    "pip: a group that leads to nothing": (
        ALL + "RUN pip install --group dev\n",
        {"pyproject.toml": OF_GROUP["pyproject.toml"].replace("./common", "./gone")},
        "CS201:4",
    ),
    "pip: a group of a file that is not there": (ALL + "RUN pip install --group dev ./common\n", {}, "CS204:4"),
    "uv: a group": (
        ALL + "RUN uv pip install --system --group dev\n",
        {
            "pyproject.toml": '[dependency-groups]\ndev = ["our-common"]\n[tool.uv.sources]\nour-common = { path = "common" }\n',
            "requirements.txt": "",
        },
        "",
    ),
    "uv sync: no wheel of what is editable": (ALL + "RUN uv sync --no-build\n" + RUN, PROJECT, "CS218:4"),
    "uv sync: no wheel of one": (ALL + "RUN uv sync --no-build-package our-common\n" + RUN, PROJECT, "CS218:4"),
    "uv pip: editable all the same": (ALL + "RUN uv pip install --system --no-build -e ./common\n", {}, ""),
    "uv sync: no such group": (ALL + "RUN uv sync --group docs\n" + RUN, GROUPS, "CS218:4"),
    "uv sync: no such group to leave out": (ALL + "RUN uv sync --no-group docs\n" + RUN, GROUPS, "CS218:4"),
    "uv sync: no such extra": (ALL + "RUN uv sync --extra slow\n" + RUN, GROUPS, "CS218:4"),
    "uv sync: no such member": (ALL + "RUN uv sync --package web\n" + RUN, GROUPS, "CS218:4"),
    "uv sync: a member, where a workspace begins": (
        ALL + "RUN uv sync --package web --extra more\n" + RUN,
        {"pyproject.toml": _PROJECT.format("") + "[tool.uv.workspace]\nmembers = ['web']\n"},
        "",
    ),
    "uv sync: a member by the lock of its workspace": (INSIDE.format("web"), MEMBERS, ""),
    "uv sync: what is left out of the workspace has none": (INSIDE.format("alone"), MEMBERS, "CS204:6"),
    "uv sync: below a member there is another project": (
        INSIDE.format("web/inner"),
        {**MEMBERS, "apps/web/inner/pyproject.toml": _MEMBER},
        "CS204:6",
    ),
    "uv sync: a group, an extra and itself": (
        ALL + "RUN uv sync --group lint-all --extra fast --package api\n" + RUN,
        GROUPS,
        "",
    ),
    "uv sync: no group at all": (ALL + "RUN uv sync --no-dev --all-groups\n" + RUN, PROJECT, ""),
    "uv sync: the group of an older setting": (
        ALL + "RUN uv sync --group dev\n" + RUN,
        {"pyproject.toml": _PROJECT.format("").replace("package = false", "package = false\ndev-dependencies = []")},
        "",
    ),
    "a user who is not there": (ALL + "RUN pip install ./common\nUSER app\n", {}, "CS213:5"),
    "a user of the system": (ALL + "RUN pip install ./common\nUSER nobody\n", {}, ""),
    "a number": (ALL + "RUN pip install ./common\nUSER 1000:1000\n", {}, ""),
    "a user who is made": (ALL + "RUN pip install ./common\nRUN useradd -m app\nUSER app\n", {}, ""),
    "a user who is written down": (
        ALL + "RUN pip install ./common\nRUN echo app:x:1:1:::/bin/sh >> /etc/passwd\nUSER app\n",
        {},
        "",
    ),
    "users that are copied": (
        ALL + "RUN pip install ./common\nCOPY passwd /etc/passwd\nUSER app\n",
        {"passwd": "app:x:1:1:::/bin/sh\n"},
        "",
    ),
    "a user of a base that nobody knows": ("FROM some/base\nUSER app\n", {}, ""),
    "a user whom a variable names": (ALL + "ARG U\nRUN pip install ./common\nUSER $U\n", {}, ""),
    "a user who is made in the stage before": (
        BASE.replace("\n", " AS a\n", 1) + "RUN useradd app\nFROM a\nCOPY . .\nRUN pip install ./common\nUSER app\n",
        {},
        "",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_stops_an_install_is_named(name: str) -> None:
    """An image that cannot be built, or not be started, would be called proven; or one that can, broken."""
    dockerfile, files, expected = ROWS[name]
    text = dockerfile if "CMD" in dockerfile else dockerfile + 'CMD ["python", "main.py"]\n'
    (image,) = view_of({**LIBRARY, "main.py": "import our_common\n", **files}, text).images
    found = inspect_rest(image)
    assert " ".join(dict.fromkeys(f"{one.code}:{one.line}" for one in found)) == expected
