"""What keeps a 32-bit ARM from built packages: a table of settings and requirements."""

import pytest

from common_sync.core.environments.closure import Closure
from common_sync.core.environments.record import Interpreter
from common_sync.core.environments.wheels import find_wheel_trouble, is_small_arm

SMALL = Interpreter(
    "/usr/bin/python3.11", "CPython", "3.11.2", "cpython-311-arm-linux-gnueabihf", "linux-armv7l", "glibc 2.36"
)
PYPI, PIWHEELS = "https://pypi.org/simple", "https://www.piwheels.org/simple"
FEW, HASHES = "PyPI has few", "piwheels is asked"
LOCK = '[[package]]\nname = "uvloop"\nsource = {{ registry = "{}" }}\n'


@pytest.mark.parametrize(
    ("abi", "platform", "small"),
    [
        ("cpython-311-arm-linux-gnueabihf", "linux-armv7l", True),
        ("cpython-311-arm-linux-gnueabihf", "linux-aarch64", True),  # the kernel is a 64-bit one
        ("cpython-311-aarch64-linux-gnu", "linux-aarch64", False),
        ("", "linux-armv6l", True),
        ("cpython-311-x86_64-linux-gnu", "linux-x86_64", False),
    ],
)
def test_which_machines(abi: str, platform: str, small: bool) -> None:
    """A 64-bit machine would be warned of what does not concern it, or a Pi not be."""
    assert is_small_arm(SMALL._replace(abi=abi, platform=platform)) == small


@pytest.mark.parametrize(
    ("text", "items", "said"),
    [
        ("uvloop\n", {}, FEW),
        ("uvloop\n", {"index --index-url": PYPI, "index UV_INDEX": f"{PYPI}/"}, FEW),
        (f"-i {PYPI}\nuvloop\n", {}, FEW),
        ("-e ./common\n", {}, ""),
        ("uvloop\n", {"index --extra-index-url": PIWHEELS}, ""),
        (f"--extra-index-url {PIWHEELS}\nuvloop\n", {}, ""),
        ("uvloop\n", {"index --index-url": "https://pypi.corp.example/simple"}, ""),
        ("uvloop\n", {"index --find-links": "/srv/wheels"}, ""),
        ("uvloop\n", {"index --no-index": "on"}, ""),
        ("--find-links wheels\nuvloop\n", {}, ""),
        ("uvloop\n", {"file /etc/uv/uv.toml": "0"}, ""),
        ("# --hash=sha256:00\nuvloop==1 --hash=sha256:00\n", {"index --extra-index-url": PIWHEELS}, HASHES),
    ],
)
def test_requirements(text: str, items: dict[str, str], said: str) -> None:
    """A Pi would build for hours what another index has, or a person look for that where there is none."""
    closure = Closure("requirements.txt", {"requirements.txt": text}, ())
    found = find_wheel_trouble(SMALL, closure, items, pip_config=True)
    assert (found.message[: len(said)] if found is not None else "") == said
    assert (found.line if found is not None else None) == (2 if said == HASHES else None)
    assert find_wheel_trouble(SMALL._replace(abi="", platform="linux-x86_64"), closure, items, pip_config=True) is None


def test_locks() -> None:
    """A lock whose wheels are all of PyPI would be taken for one that piwheels helps with."""
    pypi = Closure("uv.lock", {"uv.lock": LOCK.format(PYPI)}, ())
    found = find_wheel_trouble(SMALL, pypi, {}, pip_config=False)
    assert found is not None
    assert found.remedy.startswith('pip-config = true, and requirements = "requirements.txt" in its settings, and ')
    assert find_wheel_trouble(SMALL, pypi, {"index --extra-index-url": PIWHEELS}, pip_config=True) is None
    other = Closure("uv.lock", {"uv.lock": LOCK.format("https://pypi.corp.example/simple")}, ())
    assert find_wheel_trouble(SMALL, other, {}, pip_config=True) is None
