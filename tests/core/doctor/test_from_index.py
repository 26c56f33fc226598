"""A service that takes the library from an index: what lets a stranger's file answer, and what does not."""

from collections.abc import Mapping

import pytest
from support.contexts import Folder

from common_sync.core.doctor.checks.from_index import check_from_index
from common_sync.core.doctor.view import Service

HASH = f"--hash=sha256:{'0' * 64}"
HASHED = f"our-common==1.2.3 {HASH}\n"
SOURCE = '[tool.uv.sources]\nOur_Common = { index = "private" }\n'
PROJECT = '[project]\nname = "api"\ndependencies = [\n  "our-common",\n]\n'
LOCK = """\
[[package]]
name = "our-common"
version = "1.2.3"
source = { registry = "https://packages.example/simple/" }
wheels = [{ url = "https://packages.example/x.whl", hash = "sha256:00" }]
"""
REQ = "requirements.txt"

SAFE: dict[str, Mapping[str, str]] = {
    "a hash": {REQ: HASHED},
    "a hash, by another spelling": {REQ: f"Our.Common[x] == 1.2.3 ; python_version > '3' {HASH}\n"},
    "hashes on their own lines": {REQ: f"idna==3 {HASH}\nour-common==1.2.3 \\\n    {HASH} \\\n    {HASH}\n"},
    "the last line ends in a backslash": {REQ: f"our-common==1.2.3 {HASH} \\\n"},
    "other indexes, and a hash": {REQ: f"--extra-index-url https://pypi.example\n{HASHED}"},
    "an address with a hash": {REQ: "our-common @ https://packages.example/our_common-1-py3-none-any.whl#sha256=00\n"},
    "uv, its index and its lock": {"pyproject.toml": PROJECT + SOURCE, "uv.lock": LOCK},
    "an sdist": {
        "pyproject.toml": PROJECT + SOURCE,
        "uv.lock": LOCK.replace("wheels = [", "sdist = ").replace("}]", "}"),
    },
    "others": {REQ: f"{HASHED}our-common-extras>=1\n", "Dockerfile": "RUN pip install our-common-extras\n"},
    "a comment": {REQ: HASHED, "run.sh": "# pip install our-common\n"},
    "no installation": {REQ: HASHED, "compose.yml": "image: our-common\n"},
    "a constraint": {REQ: HASHED, "constraints.txt": "our-common>=1\n"},
    "another package's lock": {REQ: HASHED, "poetry.lock": 'name = "idna"\n', "pyproject.toml": "[tool.x]\n"},
}

UNSAFE: dict[str, tuple[Mapping[str, str], str]] = {
    "any version": ({REQ: "our-common\n"}, "requirements.txt:1 CS422 `our-common` takes whatever version an index has"),
    "a range": (
        {REQ: f"idna\nour-common>=1,<2 {HASH}\n"},
        "requirements.txt:2 CS422 `our-common>=1,<2` takes whatever",
    ),
    "a wildcard": ({REQ: f"our-common==1.* {HASH}\n"}, "requirements.txt:1 CS422 `our-common==1.*` takes whatever"),
    "a version of a marker": ({REQ: f"our-common; python_version=='3.12' {HASH}\n"}, "takes whatever version"),
    "no hash": ({REQ: "our-common==1.2.3\n"}, "`our-common==1.2.3` has no hash, so any index"),
    "another index": (
        {REQ: "--extra-index-url https://pypi.example\nour-common==1.2.3\n"},
        "so any index that has this version may answer; requirements.txt:1 asks other indexes as well",
    ),
    "another index, by a variable": (
        {REQ: "our-common==1.2.3\n", "Dockerfile": "FROM x\nENV PIP_EXTRA_INDEX_URL=https://pypi.example\n"},
        "Dockerfile:2 asks other indexes as well",
    ),
    "uv takes the best of all": (
        {REQ: "our-common==1.2.3\n", "uv.toml": 'index-strategy = "unsafe-best-match"\n'},
        "uv.toml:1 asks other indexes as well",
    ),
    "nobody looks at the hash": (
        {REQ: HASHED, "Dockerfile": "RUN uv pip install --no-verify-hashes -r requirements.txt\n"},
        "`our-common==1.2.3` has a hash, and Dockerfile:1 has it not looked at",
    ),
    "an address": ({REQ: "our-common @ https://packages.example/x.whl\n"}, "has no hash"),
    "a command": (
        {REQ: HASHED, "Dockerfile": "FROM x\nRUN apt-get update \\\n && pip3 install 'our-common==1.2.3' idna\n"},
        "Dockerfile:2 CS422 `our-common==1.2.3` on a command line has no hash",
    ),
    "uv names no index": (
        {"pyproject.toml": PROJECT, "uv.lock": LOCK},
        "pyproject.toml:4 CS422 names no index for the library",
    ),
    "uv takes a path": (
        {"pyproject.toml": PROJECT + SOURCE.replace("index", "path")},
        "names no index for the library",
    ),
    "uv without a lock": ({"pyproject.toml": PROJECT + SOURCE}, "there is no uv.lock beside it"),
    "a lock without it": (
        {"pyproject.toml": PROJECT + SOURCE, "uv.lock": "version = 1\n"},
        "uv.lock does not take the library from an index with a hash",
    ),
    "a lock of a path": (
        {"pyproject.toml": PROJECT + SOURCE, "uv.lock": LOCK.replace("registry", "directory")},
        "uv.lock does not take",
    ),
    "a lock without hashes": (
        {"pyproject.toml": PROJECT + SOURCE, "uv.lock": LOCK.replace("hash", "size")},
        "uv.lock does not take",
    ),
    "a lock that is none": ({"pyproject.toml": PROJECT + SOURCE, "uv.lock": "= x"}, "uv.lock does not take"),
    "nothing asks": ({REQ: "fastapi\n"}, ":None CS213 no file is seen to ask an index for our-common"),
    "a project that cannot be parsed": ({"pyproject.toml": "our-common = \n"}, ":None CS213 no file is seen"),
    "another lock": (
        {"poetry.lock": '[[package]]\nname = "our-common"\n'},
        "poetry.lock:1 CS213 nobody can tell here whether poetry.lock holds",
    ),
}


def look(files: Mapping[str, str]) -> list[str]:
    """Return what is found in a service with these files."""
    service = Service(
        "services/api", "/r/services/api", "common", "our-common", Folder(files), tuple(sorted(files)), (), ()
    )
    return [f"{one.file}:{one.line} {one.code} {one.message}" for one in check_from_index(service)]


@pytest.mark.parametrize("name", SAFE)
def test_what_only_one_file_can_answer(name: str) -> None:
    """Somebody who has done all that can be done would be told to do more."""
    assert look(SAFE[name]) == []


@pytest.mark.parametrize("name", UNSAFE)
def test_what_a_stranger_can_answer(name: str) -> None:
    """A stranger's package would be installed in the library's place, and run with the service's rights."""
    files, said = UNSAFE[name]
    (found,) = look(files)
    assert said in found
