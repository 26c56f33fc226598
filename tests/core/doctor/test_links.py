"""Folders of packages: whether a file there is what an install asks for.

The rules are those of pip's and uv's documentation for `--no-index` and `--find-links`. Only the row of a folder that nothing builds was
tried, with pip; none was tried with uv.
"""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, LIBRARY, troubles_of

BUILDER = {"w/setuptools-80.0-py3-none-any.whl": ""}
FILES = {
    **LIBRARY,
    "w/our_common-1-py3-none-any.whl": "",
    "w/idna-3.7-py3-none-any.whl": "",
    "w/six-1.16.0.tar.gz": "",
    "w/README.txt": "",
}
ALONE = "pip install --no-index --find-links w "
ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    "its version": (ALONE + "our-common==1 six", {}, ""),
    "any version": (ALONE + "Our.Common", {}, ""),
    "another version": (ALONE + "our-common==9", {}, "CS204:4"),
    "another version of another": (ALONE + "idna==9", {}, "CS204:4"),
    "what is not there": (ALONE + "requests", {}, "CS204:4"),
    "a source": (ALONE + "'six>=2'", {}, "CS204:4"),
    "under a condition": ("test -f x && " + ALONE + "idna==9", {}, "CS213:4"),
    "a marker": (ALONE + "'x; python_version<\"3\"'", {}, ""),
    "in a file": (ALONE + "-r r.txt", {"r.txt": "idna\nrequests==2\n"}, "CS204:4"),
    "by a file": ("pip install -r r.txt", {"r.txt": "--no-index\n-f w\nidna==9\n"}, "CS204:4"),
    "a far folder": ("pip install --no-index -r r.txt", {"r.txt": "-f w\n-f https://example.org/\nidna==9\n"}, ""),
    "a far folder by an option": (ALONE + "--find-links https://example.org idna==9", {}, ""),
    "a constraint": (ALONE + "-c c.txt six", {"c.txt": "requests==2\n"}, ""),
    "an index, too": ("pip install --find-links w idna==3.7 requests", {}, ""),
    "an index for another version": ("pip install --find-links w idna==9", {}, "CS213:4"),
    "uv": ("uv pip install --system --no-index --find-links w idna==9", {}, "CS204:4"),
    "by variables": ("PIP_NO_INDEX=1 PIP_FIND_LINKS=w pip install idna==9", {}, "CS204:4"),
    "installed before": ("pip install requests && " + ALONE + "requests", {}, ""),
    "what every Python has": (ALONE + "pip", {}, ""),
    "what a line has put there": ("pip wheel -w /w ./common && pip install --no-index -f /w our-common idna", {}, ""),
    "what only packs": ("pip download --no-index -f w -d /x idna==9", {}, ""),
    "a folder": (ALONE + "./common our-common", BUILDER, ""),
    "a folder that nothing builds": (ALONE + "./common", {}, "CS204:4"),
    "a folder that nothing builds, without isolation": (ALONE + "--no-build-isolation ./common", {}, "CS213:4"),
    "what a folder needs": (
        ALONE + "./common",
        {**BUILDER, "common/pyproject.toml": '[project]\nname = "our-common"\nversion = "1"\ndependencies = ["x"]\n'},
        "CS204:4",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_file_of_packages_has_to_fit(name: str) -> None:
    """An install would be called proven that finds nothing in the one folder that it looks into."""
    command, files, expected = ROWS[name]
    found = troubles_of(f"{BASE}COPY . .\nRUN {command}\n", {**FILES, **files})
    assert " ".join(f"{one.code}:{one.line}" for one in found) == expected


def test_what_another_stage_brings_is_not_asked_for() -> None:
    """An install would be called broken that finds all in place."""
    other = "FROM python:3.12 AS b\nRUN pip install requests\n"
    below = "FROM b\nWORKDIR /app\nCOPY . .\nRUN " + ALONE + "requests\n"
    taken = BASE + "COPY --from=b /usr/local /usr/local\nCOPY . .\nRUN " + ALONE + "requests\n"
    assert not troubles_of(other + below, FILES)
    assert not troubles_of(other + taken, FILES)
