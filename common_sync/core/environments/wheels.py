"""Whether an index has built packages for a 32-bit ARM, as a Raspberry Pi may have: PyPI has few, piwheels.org nearly all."""

from collections.abc import Mapping
from typing import NamedTuple

from common_sync.core.environments.closure import Closure
from common_sync.core.environments.inputs import INDEX
from common_sync.core.environments.record import Interpreter
from common_sync.core.expressions import expression
from common_sync.core.formats.pip.names import find_names

_ARM = expression(r"linux-armv[678]l")
_BINARY_INTERFACE = "-arm-linux-"
_PIWHEELS = "piwheels.org"
_HASH = "--hash="
_REGISTRY = expression(r"\bregistry = \"([^\"]+)\"")
_OWN = expression(r"(?:-i|-f|--index-url|--extra-index-url|--find-links|--no-index)\b")
_PYPI = expression(r"https://pypi\.(?:org|python\.org)/simple/?")
_URL = expression(r"https?://\S+")


class WheelTrouble(NamedTuple):
    """What is to be said, and of which line."""

    file: str  # the file of requirements, a path from the service's folder
    line: int | None  # counted from 1
    message: str
    remedy: str


def is_small_arm(interpreter: Interpreter) -> bool:
    """Tell whether a Python is built for a 32-bit ARM; the kernel may be a 64-bit one, which the platform then says."""
    return _BINARY_INTERFACE in interpreter.abi or _ARM.fullmatch(interpreter.platform) is not None


def find_wheel_trouble(
    interpreter: Interpreter, closure: Closure, items: Mapping[str, str], *, pip_config: bool
) -> WheelTrouble | None:
    """Return what keeps a 32-bit ARM from built packages, or None where nothing is known to.

    Args:
        interpreter: What the environment is made with.
        closure: Its requirements.
        items: All that goes into it: labels of indexes, of pip's and uv's variables, and of files of settings.
        pip_config: Whether pip's settings count.
    """
    if not is_small_arm(interpreter):
        return None
    lines = [line for text in closure.files.values() for line in text.splitlines() if not closure.is_lock]
    said = [value for name, value in items.items() if name.startswith(INDEX)]
    said += [line for line in lines if _OWN.match(line)]
    if any(_PIWHEELS in one for one in said):
        return _find_hashes(closure)
    if not _asks_index(closure) or not all(map(_is_pypi, said)) or _may_ask_others(items, closure):
        return None
    remedy = "extra-index-url = https://www.piwheels.org/simple below [global] in /etc/pip.conf"
    if closure.is_lock:
        remedy = f'requirements = "requirements.txt" in its settings, and {remedy}'
    message = "PyPI has few built packages for 32-bit ARM, and piwheels is not asked: what has parts in C is built here"
    return WheelTrouble(closure.first, None, message, remedy if pip_config else f"pip-config = true, and {remedy}")


def _find_hashes(closure: Closure) -> WheelTrouble | None:
    for path, text in closure.files.items() if not closure.is_lock else ():
        for number, line in enumerate(text.splitlines(), 1):
            if _HASH in line and not line.lstrip().startswith("#"):
                message = "piwheels is asked, whose files are others than those of PyPI: hashes of the latter fit none of them"
                remedy = "take the hashes from piwheels, or leave them out of what this machine installs"
                return WheelTrouble(path, number, message, remedy)
    return None


def _asks_index(closure: Closure) -> bool:
    texts = closure.files.values()
    return any(_REGISTRY.search(text) if closure.is_lock else any(find_names(text)) for text in texts)


def _is_pypi(said: str) -> bool:
    """Tell whether a setting, or a line, names no index but PyPI, and no folder: what others have is not known."""
    urls = _URL.findall(said)
    return bool(urls) and all(_PYPI.fullmatch(url) for url in urls)


def _may_ask_others(items: Mapping[str, str], closure: Closure) -> bool:
    """Tell whether uv has settings, which are not looked into, or a lock names another index."""
    if any(name.endswith(("uv.toml", "pyproject.toml")) for name in items):
        return True
    registries = (one for text in closure.files.values() for one in _REGISTRY.findall(text) if closure.is_lock)
    return not all(_PYPI.fullmatch(one) for one in registries)
