"""All checks of a service at once: what is imported and installed by nothing, what leads out, and what only looks so."""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, FILES, INSTALL, LIBRARY, found_in, view_of

from common_sync.core.doctor.checks.layout import find_importable
from common_sync.core.doctor.view import find_imports
from common_sync.core.model import Reference

from support.contexts import Folder, context_of  # isort: skip

ALL = BASE + "COPY . .\n"
FULL = ALL.replace("-slim", "")  # it has git
OTHERS = {**FILES, "requirements.txt": "fastapi\n"}
NAMESPACE = {"common/setup.py": "", "common/corp/common/__init__.py": "", "requirements.txt": "fastapi\n"}
PLAIN = {"common/settings.py": "", "requirements.txt": "fastapi\n"}
SHARED = {
    "common/setup.py": "",
    "common/corp/__init__.py": "",
    "common/corp/common/__init__.py": "",
    "corp/__init__.py": "",
    "corp/api/__init__.py": "",
}


def imports(text: str, more: Mapping[str, str] = LIBRARY) -> dict[str, str]:
    """Return a service that does something in its main file, and asks for nothing else."""
    return {**more, "requirements.txt": "fastapi\n", "main.py": text}


START_LATER = "#!/bin/sh\npip install -e ./common\nexec python -m main\n"
IN_IMAGE: dict[str, tuple[str, Mapping[str, str], list[tuple[str, str, int | None]]]] = {
    "installed": (ALL + INSTALL, FILES, []),
    "nothing installs it": (ALL + INSTALL, OTHERS, [("CS216", "Dockerfile", None)]),
    "nothing is installed at all": (ALL, OTHERS, [("CS216", "Dockerfile", None)]),
    "a namespace": (ALL, NAMESPACE | {"main.py": "from corp.common import X\n"}, [("CS216", "Dockerfile", None)]),
    "a namespace, by its last part": (
        ALL,
        NAMESPACE | {"main.py": "from corp import a, common\n"},
        [("CS216", "Dockerfile", None)],
    ),
    "a namespace in src": (
        ALL,
        {"common/setup.py": "", "common/src/corp/x/__init__.py": "", "main.py": "import corp.x\n"},
        [("CS216", "Dockerfile", None)],
    ),
    "a namespace that is where Python looks": (
        BASE + "COPY common/ ./\nCOPY main.py .\n",
        NAMESPACE | {"main.py": "import corp.common\n"},
        [],
    ),
    "another namespace": (ALL, NAMESPACE | {"main.py": "import corp.other\n"}, []),
    "a folder without a project": (ALL, PLAIN | {"main.py": "from common.settings import T\n"}, []),
    "a folder without a project, elsewhere": (
        BASE + "COPY common /lib/c\nCOPY main.py .\n",
        PLAIN | {"main.py": "from common.settings import T\n"},
        [("CS216", "Dockerfile", None)],
    ),
    "the file that imports it is not in the image": (BASE + "COPY requirements.txt .\n", OTHERS, []),
    "tests that import it": (ALL, imports("", LIBRARY | {"tests/test_x.py": "import our_common\n"}), []),
    # what may bring it
    "an index by its name": (
        ALL + INSTALL,
        {**FILES, "requirements.txt": "our_common==1\n"},
        [("CS213", "requirements.txt", 1)],
    ),
    "an address with a name": (
        FULL + INSTALL,
        {**FILES, "requirements.txt": "git+https://h/mono@main#egg=our-common&subdirectory=common\nflask\n"},
        [("CS213", "requirements.txt", 1)],
    ),
    "an address after a name": (
        FULL + INSTALL,
        {**FILES, "requirements.txt": "x\nour_common[a] @ git+ssh://git@h/mono\n"},
        [("CS213", "requirements.txt", 2)],
    ),
    "an address without a name": (
        FULL + INSTALL,
        {**FILES, "requirements.txt": "-e git+https://h/mono@main\n"},
        [("CS213", "requirements.txt", 1)],
    ),
    "a wheel at an address": (
        ALL + INSTALL,
        {**FILES, "requirements.txt": "https://h/our_common-1-py3-none-any.whl\n"},
        [("CS213", "requirements.txt", 1)],
    ),
    "another's address": (
        FULL + INSTALL,
        {**FILES, "requirements.txt": "https://h/other-1.whl\nother @ git+https://h/other\n"},
        [("CS216", "Dockerfile", None)],
    ),
    "an address in a command": (
        FULL + 'RUN pip install "git+https://h/mono#egg=our-common"\n',
        OTHERS,
        [("CS213", "Dockerfile", 4)],
    ),
    "its name in a command": (ALL + "RUN pip install flask our.common\n", OTHERS, [("CS213", "Dockerfile", 4)]),
    "its name in a file of another name": (
        ALL + "RUN pip install -r deps.list\n",
        {**OTHERS, "deps.list": "our-common\n"},
        [("CS213", "deps.list", 1)],
    ),
    "a git source of uv": (
        ALL + "RUN pip install uv && uv sync --frozen\n",
        imports("import our_common\n")
        | {
            "uv.lock": "",
            "pyproject.toml": '[project]\ndependencies = ["our-common"]\n[tool.uv.sources]\nour-common = { git = "https://h/mono" }\n',
        },
        [("CS213", "pyproject.toml", 2)],
    ),
    "a git dependency of poetry": (
        ALL + "RUN pip install poetry && poetry install\n",
        imports("import our_common\n")
        | {"pyproject.toml": '[tool.poetry.dependencies]\nour-common = { git = "https://h/mono.git" }\n'},
        [("CS213", "pyproject.toml", 2)],
    ),
    "a git address in a project": (
        ALL + "RUN pip install .\n",
        imports("import our_common\n")
        | {"pyproject.toml": '[project]\nname = "api"\ndependencies = ["our-common @ git+https://h/mono"]\n'},
        [("CS213", "pyproject.toml", 3)],
    ),
    "a base image": ("FROM team/base:1\nCOPY main.py .\n", OTHERS, [("CS213", "Dockerfile", None)]),
    "PYTHONPATH with a variable": (
        BASE + "ARG P\nENV PYTHONPATH=$P\nCOPY main.py .\n",
        OTHERS,
        [("CS213", "Dockerfile", None)],
    ),
    "a script that is started": (
        ALL + 'ENTRYPOINT ["./entry.sh"]\n',
        {**OTHERS, "entry.sh": START_LATER},
        [("CS213", "Dockerfile", 4)],
    ),
    "a script that may set PYTHONPATH": (
        BASE + "COPY . .\nCMD export $(cat x) && python main.py\n",
        OTHERS,
        [("CS213", "Dockerfile", None)],
    ),
    "a script that a shell starts": (
        ALL + "CMD sh ./entry.sh --now\n",
        {**OTHERS, "entry.sh": START_LATER},
        [("CS213", "Dockerfile", 4)],
    ),
    "a command that installs and starts": (
        ALL + "CMD pip install ./common && python main.py\n",
        OTHERS,
        [("CS213", "Dockerfile", 4)],
    ),
    "uv, which synchronises when it starts": (
        ALL + 'CMD ["uv", "run", "main.py"]\n',
        OTHERS,
        [("CS213", "Dockerfile", 4)],
    ),
    "make": (ALL + 'CMD ["make", "run"]\n', OTHERS, [("CS213", "Dockerfile", 4)]),
    "a script that does not end": (
        ALL + 'ENTRYPOINT ["sh", "entry.sh"]\n',
        {**OTHERS, "entry.sh": "echo 'x\n"},
        [("CS213", "Dockerfile", 4)],
    ),
    "a script that installs nothing": (
        ALL + 'ENTRYPOINT ["sh", "entry.sh"]\n',
        {**OTHERS, "entry.sh": "exec python main.py\n"},
        [("CS216", "Dockerfile", None)],
    ),
    "a program": (ALL + 'CMD ["python", "main.py"]\n', OTHERS, [("CS216", "Dockerfile", None)]),
    "requirements that the build makes": (
        BASE + "COPY . .\nRUN pip install uv && uv export --frozen -o made.txt\nRUN pip install -r made.txt\n",
        OTHERS,
        [("CS213", "Dockerfile", 5)],
    ),
    "requirements that a stage makes": (
        "FROM python AS r\nWORKDIR /t\nRUN pip install uv && uv export -o r.txt\n"
        + BASE
        + "COPY main.py .\nCOPY --from=r /t/r.txt .\nRUN pip install -r r.txt\n",
        OTHERS,
        [("CS213", "Dockerfile", 8)],
    ),
    "requirements that pip-tools makes": (
        ALL + "RUN pip install pip-tools && pip-compile -o made.txt requirements.in && pip-sync made.txt\n",
        {**OTHERS, "requirements.in": "-e ./common\n"},
        [("CS213", "Dockerfile", 4)],
    ),
    # sys.path
    "the copy's place in the image": (
        ALL,
        imports('import sys\nsys.path.insert(0, "/app/common")\nimport our_common\n'),
        [],
    ),
    "the copy's place, by the file": (
        ALL,
        imports(
            "import sys\nfrom pathlib import Path\nsys.path.append(str(Path(__file__).parent / 'common'))\nimport our_common\n"
        ),
        [],
    ),
    "a place that the image has not": (
        ALL,
        imports('import sys\nsys.path.insert(0, "/opt/lib")\n'),
        [("CS206", "main.py", 2)],
    ),
    "the repository": (ALL, imports('import sys\nsys.path.append("../..")\n'), [("CS206", "main.py", 2)]),
    "the master, where the library is installed": (
        ALL + INSTALL,
        FILES | {"main.py": 'import sys\nsys.path.append("../../common")\nimport our_common\n'},
        [],
    ),
    "the master and the root in a line, where it is installed": (
        ALL + INSTALL,
        FILES | {"main.py": 'import sys\nsys.path += ["../../common", "../.."]\nimport our_common\n'},
        [("CS206", "main.py", 2)],
    ),
    "the master, where PYTHONPATH has the copy": (
        ALL + "ENV PYTHONPATH=/app/common\n",
        imports('import sys\nsys.path.insert(0, "../../common/src")\nimport our_common\n'),
        [],
    ),
    "the master, and nothing installs it": (
        ALL,
        imports('import sys\nsys.path.append("../../common")\nimport our_common\n'),
        [("CS216", "Dockerfile", None), ("CS206", "main.py", 2)],
    ),
    "the master, in one of two stages that are run": (
        ALL + INSTALL + "FROM python:3.12-slim\nWORKDIR /app\nCOPY main.py .\n",
        FILES | {"main.py": 'import sys\nsys.path.append("../../common")\nimport our_common\n'},
        [("CS216", "Dockerfile", None), ("CS206", "main.py", 2)],
    ),
    "another library's master": (ALL, imports('import sys\nsys.path.append("../../events")\n'), []),
    "a file that the image has not": (
        BASE + "COPY main.py .\n",
        imports("") | {"tool.py": 'import sys\nsys.path.append("../..")\n'},
        [],
    ),
    "a test": (ALL, imports("") | {"tests/conftest.py": 'import sys\nsys.path.append("../../..")\n'}, []),
}


@pytest.mark.parametrize("name", IN_IMAGE)
def test_an_image_is_looked_at_by_all_checks(name: str) -> None:
    """A service that cannot start would be called proven, or one that can, broken."""
    dockerfile, files, expected = IN_IMAGE[name]
    assert found_in(view_of(files, dockerfile)) == expected


WITHOUT: dict[str, tuple[Mapping[str, str], list[tuple[str, str, int | None]]]] = {
    "it is installed": (FILES, []),
    "nothing installs it": (OTHERS, [("CS213", "main.py", 1)]),
    "a package of which the service has another part": (
        imports("", SHARED)
        | {
            "corp/api/x.py": "import corp.api.y\nfrom corp.common import X\n",
            "tests/test_x.py": "import corp.common\n",
        },
        [("CS213", "corp/api/x.py", 2)],
    ),
    "such a package in src, by a module": (
        {
            "common/setup.py": "",
            "common/src/corp/__init__.py": "",
            "common/src/corp/money.py": "",
            "corp/__init__.py": "",
            "main.py": "import corp.money\n",
        },
        [("CS213", "main.py", 1)],
    ),
    "such a package, and only what the service has of it": (
        imports("import corp.api\nfrom corp import x\nimport corp.no\n", SHARED),
        [],
    ),
    "such a package, both parts of which are in the service": (
        imports("import corp.common\n", {**SHARED, "corp/common/__init__.py": ""}),
        [],
    ),
    "nothing imports it": (imports("import os\n"), []),
    "an index by its name": ({**FILES, "requirements.txt": "our-common\n"}, [("CS213", "requirements.txt", 1)]),
    "by a file that is included": (
        {**FILES, "requirements.txt": "-r deps.list\n", "deps.list": "our-common\n"},
        [("CS213", "deps.list", 1)],
    ),
    "a constraint asks for nothing": (
        {**FILES, "requirements.txt": "-c constraints.txt\n", "constraints.txt": "our-common==1\n"},
        [("CS213", "main.py", 1)],
    ),
    "its folder is a package beside the program": (PLAIN | {"main.py": "import common.settings\n"}, []),
    "the program says where it is": (
        imports("import sys\nsys.path.append('common')\nimport our_common\n"),
        [],
    ),
    "the environment says where it is": (OTHERS | {"Makefile": "run:\n\tPYTHONPATH=common python main.py\n"}, []),
    "the environment says something else": (
        OTHERS | {"run.sh": "PYTHONPATH=lib python main.py\n"},
        [("CS213", "main.py", 1)],
    ),
    "a folder outside": (imports('import sys\nsys.path.append("../..")\n'), [("CS206", "main.py", 2)]),
    "a test with a folder outside": (
        imports("") | {"tests/conftest.py": 'import sys\nsys.path.append("../..")\n'},
        [("CS206", "tests/conftest.py", 2)],
    ),
    "an old build": (
        {**FILES, "common/build/lib/our_common/old.py": ""},
        [("CS211", "common/build", None)],
    ),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_a_service_without_an_image_is_looked_at_by_all_checks(name: str) -> None:
    """A service that runs from a virtual environment would be called proven, and end with ModuleNotFoundError."""
    files, expected = WITHOUT[name]
    references = (
        [Reference("services/api/requirements.txt", 2, "points-at-copy")]
        if files.get("requirements.txt") == FILES["requirements.txt"]
        else []
    )
    assert found_in(view_of(files, references=references)) == expected


def test_what_leads_to_the_master_is_told_once() -> None:
    """A person would read of one line twice, with two remedies."""
    files = {**FILES, "requirements.txt": "-e ../../common\n"}
    reference = Reference("services/api/requirements.txt", 1, "points-at-master")
    assert found_in(view_of(files)) == [("CS213", "main.py", 1), ("CS205", "requirements.txt", 1)]
    assert found_in(view_of(files, references=[reference])) == []


def test_the_names_that_are_imported_are_found() -> None:
    """An import of the library would not be recognised, and its absence not be noticed."""
    files = {
        "c/setup.cfg": "",
        "c/one/__init__.py": "",
        "c/space/deep/two/__init__.py": "",
        "c/space/tests/__init__.py": "",
        "c/src/three/__init__.py": "",
        "c/data/x.txt": "",
    }
    assert find_importable(context_of(files), "c") == ["one", "three", "space.deep.two"]
    assert find_importable(context_of({"libs/c/x.py": ""}), "libs/c") == ["libs.c"]
    deep = "/".join("abcdefgh")  # nobody imports by so many names, and a tree may have no end
    assert find_importable(context_of({f"c/{deep}/__init__.py": ""}), "c") == []
    service = {
        "a.py": "x = 1\nimport one.x\n",
        "b.py": "from space.deep import (a, two)\n",
        "tests/c.py": "import one\n",
    }
    found = find_imports(Folder(service), [*service, "d.txt"], ["one", "space.deep.two"])
    assert [tuple(one) for one in found] == [("one", "a.py", 2), ("space.deep.two", "b.py", 1)]
    assert find_imports(Folder(service), service, []) == ()
