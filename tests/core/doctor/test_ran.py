"""Programs that run while an image is built, and import what is installed only later.

The rules are the shell's and Python's: a program that cannot import ends with an error, and that ends the build.
Docker did not build these rows; `make e2e` builds one like them.
"""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, LIBRARY, view_of

from common_sync.core.doctor.checks.ran import check_ran

ALL = BASE + "COPY . .\n"
I = "RUN pip install ./common\n"  # noqa: E741 - as short as what it stands for
VENV = "RUN python -m venv /v\n"
FAR = {"a.py": "import b\n", "b/__init__.py": "import os\nfrom b.c import d\n", "b/c.py": "import our_common.x\n"}
ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    "before": (ALL + "RUN python -c 'import our_common'\n" + I, {}, "CS216:4"),
    "after": (ALL + I + "RUN python -c 'import our_common'\n", {}, ""),
    "from it": (ALL + 'RUN python3 -c "import os; from our_common.x import y"\n' + I, {}, "CS216:4"),
    "among others": (ALL + "RUN python -c 'import os, our_common as o'\n" + I, {}, "CS216:4"),
    "twice": (ALL + "RUN python -c 'import os; import os; import our_common,'\n" + I, {}, "CS216:4"),
    "in the line of the install": (ALL + "RUN pip install ./common && python -c 'import our_common'\n", {}, ""),
    "right before the install": (ALL + "RUN python -c 'import our_common' && pip install ./common\n", {}, "CS216:4"),
    "by a script": (ALL + "RUN python main.py\n" + I, {}, "CS216:4"),
    "by a module": (ALL + "RUN python -m main\n" + I, {}, "CS216:4"),
    "by a folder": (ALL + "RUN python app\n" + I, {"app/__main__.py": "import our_common\n"}, "CS216:4"),
    "by what a script imports": (ALL + "RUN python a.py migrate\n" + I, FAR, "CS216:4"),
    "by what the words import": (ALL + "RUN python -c 'import a'\n" + I, FAR, "CS216:4"),
    "only in a function": (ALL + "RUN python a.py\n" + I, {"a.py": "def f():\n    import our_common\n"}, ""),
    "where nobody minds": (ALL + "RUN python -c 'import our_common' || true\n" + I, {}, ""),
    "where the script goes on": (ALL + "RUN python -c 'import our_common'; true\n" + I, {}, ""),
    "where the script ends": (ALL + "RUN set -e; python -c 'import our_common'; true\n" + I, {}, "CS216:4"),
    "as a question": (ALL + "RUN if python -c 'import our_common'; then echo; fi\n" + I, {}, ""),
    "under a condition": (ALL + "RUN test -f x && python -c 'import our_common'\n" + I, {}, "CS213:4"),
    "from the current folder": (ALL + "RUN cd common && python -c 'import our_common'\n" + I, {}, ""),
    "from PYTHONPATH": (ALL + "RUN PYTHONPATH=common python -c 'import our_common'\n" + I, {}, ""),
    "from a PYTHONPATH that nobody knows": (ALL + "RUN PYTHONPATH=$X python -c 'import our_common'\n" + I, {}, ""),
    "by words that follow": (ALL + "RUN python <<EOF\nimport our_common\nEOF\n" + I, {}, "CS216:4"),
    "by words that follow, from the input": (
        ALL + "RUN /usr/bin/python3 - <<-'END'\n\timport os\n\timport our_common\n\tEND\n" + I,
        {},
        "CS216:4",
    ),
    "by words that follow, after": (ALL + I + "RUN python <<EOF\nimport our_common\nEOF\n", {}, ""),
    "by words that say what runs them": (
        ALL + "RUN <<EOF\n#!/usr/bin/env python3\nimport our_common\nEOF\n" + I,
        {},
        "CS216:4",
    ),
    "words that a script gets": (ALL + "RUN python main.py <<EOF\nimport nosuch\nEOF\n" + I, {}, "CS216:4"),
    "words that another program gets": (ALL + "RUN cat > x <<EOF\nimport our_common\nEOF\n" + I, {}, ""),
    "in another environment": (ALL + VENV + I + "RUN /v/bin/python -c 'import our_common'\n", {}, "CS213:6"),
    "in its environment": (ALL + VENV + "RUN /v/bin/pip install ./common && /v/bin/python main.py\n", {}, ""),
    "only maybe installed": (
        ALL + "RUN test -f x && pip install ./common\nRUN python -c 'import our_common'\n",
        {},
        "",
    ),
    "after a script": (ALL + "RUN ./x.sh\nRUN python main.py\n" + I, {"x.sh": ""}, ""),
    "no program of the service's": (ALL + "RUN python -m compileall . && python -m venv /v\n" + I, {}, ""),
    "nothing that is imported": (ALL + "RUN python -c 'print(1)'\nRUN python /opt/x.py\n" + I, {}, ""),
    # other packages
    "another package": (ALL + "RUN python -c 'import nltk; nltk.download()'\n" + I, {}, "CS213:4"),
    "another package, later": (ALL + I + "RUN python -c 'import nltk'\nRUN pip install nltk\n", {}, "CS213:5"),
    "another package, before": (ALL + "RUN pip install nltk\nRUN python -c 'import nltk'\n" + I, {}, ""),
    "what another package may bring": (ALL + "RUN pip install fastapi\nRUN python -c 'import x'\n" + I, {}, ""),
    "what Python has": (ALL + "RUN python -c 'import sys, json; import pip'\n" + I, {}, ""),
    "what lies beside it": (ALL + "RUN python -c 'import app'\n" + I, {"app.py": ""}, ""),
    "what a stage has": (ALL.replace("slim", "slim AS b") + I + "FROM b\nRUN python -c 'import x'\n", {}, ""),
    "what is copied": (
        ALL.replace("slim", "slim AS b") + I + "FROM python:3.12\nCOPY --from=b / /\nRUN python -c 'import x'\n",
        {},
        "",
    ),
    "what a base image may have": ("FROM team/base\nCOPY . .\nRUN python -c 'import x'\n" + I, {}, ""),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_is_imported_during_a_build_has_to_be_there(name: str) -> None:
    """A build would be called proven that ends at an import; or one that does not, broken."""
    dockerfile, files, expected = ROWS[name]
    (image,) = view_of({**LIBRARY, "main.py": "import our_common\n", **files}, dockerfile).images
    assert " ".join(f"{one.code}:{one.line}" for one in check_ran(image)) == expected
