"""Folders of packages: whether a file there is what an install asks for.

The rules are those of pip's and uv's documentation for `--no-index` and `--find-links`. The row of a folder that nothing builds was
tried with pip, and so were the names of wheels; none was tried with uv.
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
UV_BUILD = (
    '[build-system]\nrequires = ["uv_build>=0.8"]\nbuild-backend = "uv_build"\n[project]\nname = "our-common"\nversion = "1"\n'
    '[tool.uv.build-backend]\nmodule-root = ""\n'
)
ALONE = "pip install --no-index --find-links w "
AMD64, ARM64 = "x-1-cp312-cp312-manylinux_2_17_x86_64", "x-1-cp312-cp312-manylinux_2_17_aarch64.manylinux2014_aarch64"
MUSL = "x-1-cp312-cp312-musllinux_1_2_x86_64"
ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    "its version": (ALONE + "our-common==1 six", BUILDER, ""),
    "any version": (ALONE + "Our.Common", {}, ""),
    "another version": (ALONE + "our-common==9", {}, "CS204:4"),
    "another version of another": (ALONE + "idna==9", {}, "CS204:4"),
    "what is not there": (ALONE + "requests", {}, "CS204:4"),
    "a source": (ALONE + "'six>=2'", {}, "CS204:4"),
    "a source that nothing builds": (ALONE + "six", {}, "CS213:4"),
    "a source that is built by what is installed": (ALONE + "--no-build-isolation six", {}, ""),
    "a source, and its wheel": (ALONE + "six", {"w/six-1.16.0-py3-none-any.whl": ""}, ""),
    "a source where only wheels are taken": (ALONE + "--only-binary :all: six", BUILDER, "CS204:4"),
    "a source where one package is taken as a wheel only": (ALONE + "--only-binary Six,x six", BUILDER, "CS204:4"),
    "under a condition": ("test -f x && " + ALONE + "idna==9", {}, "CS213:4"),
    "a marker": (ALONE + "'x; python_version<\"3\"'", {}, ""),
    "in a file": (ALONE + "-r r.txt", {"r.txt": "idna\nrequests==2\n"}, "CS204:4"),
    "by a file": ("pip install -r r.txt", {"r.txt": "--no-index\n-f w\nidna==9\n"}, "CS204:4"),
    "a far folder": ("pip install --no-index -r r.txt", {"r.txt": "-f w\n-f https://example.org/\nidna==9\n"}, ""),
    "a far folder by an option": (ALONE + "--find-links https://example.org idna==9", {}, ""),
    "a constraint": (ALONE + "-c c.txt six", {**BUILDER, "c.txt": "requests==2\n"}, ""),
    "an index, too": ("pip install --find-links w idna==3.7 requests", {}, ""),
    "an index for another version": ("pip install --find-links w idna==9", {}, "CS213:4"),
    "uv": ("uv pip install --system --no-index --find-links w idna==9", {}, "CS204:4"),
    "by variables": ("PIP_NO_INDEX=1 PIP_FIND_LINKS=w pip install idna==9", {}, "CS204:4"),
    "no folder": ("pip install --no-index ./common", {}, "CS204:4"),
    "no folder, by a variable": ("PIP_NO_INDEX=1 pip install ./common", {}, "CS204:4"),
    "no folder, in a file": ("pip install -r r.txt", {"r.txt": "--no-index\n./common\n"}, "CS204:4"),
    "no folder, by uv": ("uv pip install --system --no-index ./common", {}, "CS204:4"),
    "no folder, by uv, which brings its own backend": (
        "uv pip install --system --no-index ./common",
        {"common/pyproject.toml": UV_BUILD},
        "",
    ),
    "no folder, under a condition": ("test -f x && pip install --no-index ./common", {}, "CS213:4"),
    "no folder, and nothing is asked for": ("pip install --no-index ./w/idna-3.7-py3-none-any.whl", {}, ""),
    "no folder, and what builds it is there": (
        "pip install setuptools && pip install --no-index --no-build-isolation ./common",
        {},
        "",
    ),
    "installed before": ("pip install requests && " + ALONE + "requests", {}, ""),
    "what every Python has": (ALONE + "pip", {}, ""),
    "what a line has put there": ("pip wheel -w /w ./common && pip install --no-index -f /w our-common idna", {}, ""),
    "what only packs": ("pip download --no-index -f w -d /x idna==9", {}, ""),
    "for another Python": (ALONE + "x", {"w/x-1-cp39-cp39-manylinux_2_17_x86_64.whl": ""}, "CS204:4"),
    "for another system": (ALONE + "x", {"w/x-1-cp312-cp312-win_amd64.whl": ""}, "CS204:4"),
    "for one processor, and nobody knows which": (ALONE + "x", {f"w/{AMD64}.whl": ""}, "CS213:4"),
    "for one processor, and anything": (ALONE + "x", {f"w/{AMD64}.whl": "", "w/x-1-py3-none-any.whl": ""}, ""),
    "for one processor, and anything, in other versions": (
        ALONE + "x",
        {f"w/{AMD64}.whl": "", "w/x-2-py3-none-any.whl": ""},
        "",
    ),
    "for one processor, in the version that is asked for": (
        ALONE + "x==1",
        {f"w/{AMD64}.whl": "", "w/x-2-py3-none-any.whl": ""},
        "CS213:4",
    ),
    "for two processors": (ALONE + "x", {f"w/{AMD64}.whl": "", f"w/{ARM64}.whl": ""}, "CS213:4"),
    "for one processor, or an index": ("pip install --find-links w x", {f"w/{AMD64}.whl": ""}, ""),
    "what builds a folder, for one processor": (
        ALONE + "./common",
        {"w/setuptools-80.0-cp312-cp312-linux_x86_64.whl": ""},
        "CS213:4",
    ),
    "told to be for another": (
        ALONE + "--platform win_amd64 --only-binary :all: -t /x x",
        {"w/x-1-cp312-cp312-win_amd64.whl": ""},
        "",
    ),
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


WHEELS: dict[str, str] = {
    # tried with the pip of Python 3.11, each with its own version in place of 3.12
    "x-1-py3-none-any": "",
    "x-1-py2.py3-none-any": "",
    "x-1-2-py3-none-any": "",
    "x-1-py2-none-any": "CS218:4",
    "x-1-py39-none-any": "",
    "x-1-py313-none-any": "CS218:4",
    "x-1-cp312-cp312-manylinux_2_17_x86_64": "CS213:4",
    "x-1-cp311.cp312-none-any": "",
    "x-1-cp39-none-any": "CS218:4",
    "x-1-cp39-abi3-manylinux2014_x86_64": "CS213:4",
    "x-1-cp313-abi3-manylinux2014_x86_64": "CS218:4",
    "x-1-cp312-cp312-macosx_11_0_arm64": "CS218:4",
    "x-1-cp312-cp312-macosx_11_0_arm64.linux_x86_64": "CS213:4",
    "x-1-cp312-cp312-musllinux_1_2_x86_64": "CS218:4",
    "x-1-pp310-pypy310_pp73-linux_x86_64": "CS218:4",
    "x-1-jy-none-any": "",
    "no-wheel": "",
}


@pytest.mark.parametrize("wheel", WHEELS)
def test_a_wheel_has_to_be_for_the_image(wheel: str) -> None:
    """A build would be called proven that ends at a wheel which was downloaded on a laptop of another kind."""
    for written in (f"w/{wheel}.whl", "w/x*.whl" if wheel.startswith("x") else f"./w/{wheel}.whl"):
        dockerfile = f"{BASE}COPY . .\nRUN pip install {written}\n"
        found = troubles_of(dockerfile, {**LIBRARY, f"w/{wheel}.whl": ""})
        assert " ".join(f"{one.code}:{one.line}" for one in found) == WHEELS[wheel]


@pytest.mark.parametrize(
    ("base", "requirement", "expected"),
    [
        ("FROM python\n", "./w/x-1-cp39-cp39-linux_x86_64.whl", "CS213:4"),
        ("FROM python\n", "./w/x-1-cp39-cp39-win32.whl", "CS218:4"),
        (BASE.partition("\n")[0] + "\n", './w/x-1-cp39-cp39-win32.whl ; python_version < "3.9"', ""),
        (BASE.partition("\n")[0] + "\n", './w/x-1-cp39-cp39-win32.whl ; sys_platform == "win32"', ""),
    ],
)
def test_a_wheel_in_a_file_of_requirements(base: str, requirement: str, expected: str) -> None:
    """A wheel that is only for another system or Python would be held against this one."""
    files = {**LIBRARY, requirement.partition(" ")[0].removeprefix("./"): "", "r.txt": f"{requirement}\n"}
    found = troubles_of(f"{base}WORKDIR /app\nCOPY . .\nRUN pip install -r r.txt\n", files)
    assert " ".join(f"{one.code}:{one.line}" for one in found) == expected


PLATFORMS: dict[str, tuple[str, str, str]] = {
    "this processor": ("--platform=linux/amd64 python:3.12-slim", AMD64, ""),
    "this processor, another": ("--platform=linux/arm64/v8 python:3.12-slim", ARM64, ""),
    "another processor": ("--platform=linux/arm64 python:3.12-slim", AMD64, "CS218:4"),
    "another processor, the other way": ("--platform=linux/amd64 python:3.12-slim", ARM64, "CS218:4"),
    "32 bits of ARM": ("--platform=linux/arm/v7 python:3.12-slim", ARM64, "CS218:4"),
    "a processor that nobody knows": ("python:3.12-slim", ARM64, "CS213:4"),
    "the processor of whom builds": ("--platform=$TARGETPLATFORM python:3.12-slim", AMD64, "CS213:4"),
    "a processor that no wheel is for": ("--platform=linux/mips64le python:3.12-slim", AMD64, "CS213:4"),
    "Alpine": ("--platform=linux/amd64 python:3.12-alpine", MUSL, ""),
    "a wheel of glibc in Alpine": ("--platform=linux/amd64 python:3.12-alpine", AMD64, "CS218:4"),
    "a wheel of glibc in Alpine, on any processor": ("python:3.12-alpine", AMD64, "CS218:4"),
    "a wheel of musl in Debian": ("--platform=linux/amd64 python:3.12-slim", MUSL, "CS218:4"),
    "a wheel for all of Linux in Alpine": (
        "--platform=linux/amd64 python:3.12-alpine",
        "x-1-cp312-cp312-linux_x86_64",
        "",
    ),
    "a wheel of both": ("--platform=linux/amd64 python:3.12-alpine", f"{AMD64}.musllinux_1_1_x86_64", ""),
    "a wheel for anything in Alpine": ("python:3.12-alpine", "x-1-py3-none-any", ""),
    "a libc that nobody knows": ("--platform=linux/amd64 team/python:3.12", AMD64, "CS213:4"),
    "a libc that nobody knows, and a wheel for all of Linux": (
        "--platform=linux/amd64 team/python:3.12",
        "x-1-cp312-cp312-linux_x86_64",
        "",
    ),
    "another Python": ("--platform=linux/amd64 python:3.12-slim", AMD64.replace("312", "311"), "CS218:4"),
}


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_wheel_has_to_be_for_the_processor_and_the_libc(name: str) -> None:
    """A build would be called proven that ends at a wheel for the computers of the office, on a Raspberry Pi or in Alpine."""
    base, wheel, expected = PLATFORMS[name]
    head, files = (
        f"FROM {base}\nWORKDIR /app\nCOPY . .\n",
        {**LIBRARY, f"w/{wheel}.whl": "", "r.txt": f"./w/{wheel}.whl\n"},
    )
    for command in (f"pip install w/{wheel}.whl", "pip install -r r.txt"):
        found = troubles_of(f"{head}RUN {command}\n", files)
        assert " ".join(f"{one.code}:{one.line}" for one in found) == expected
    found = troubles_of(f"{head}RUN {ALONE}x\n", files)
    linked = expected.replace("CS218", "CS204")
    assert " ".join(f"{one.code}:{one.line}" for one in found) == linked
