"""Whether markers of requirements hold, held against `packaging`, which pip asks."""

import pytest
from packaging.markers import Marker, default_environment

from common_sync.core.doctor.install.markers import UNTOLD, Target, admits_python, holds

SURE, EXACT = Target("3.12", sure=True), Target("3.12.4", sure=True)
ROWS: list[
    tuple[str, bool | None, bool | None, bool | None]
] = [  # the marker; for 3.12, for 3.12.4, for what nobody can tell
    ("", True, True, True),
    ("python_version >= '3.9' and python_version < '4.0'", True, True, True),
    ('python_version >= "3.11" and python_version < "4.0"', True, True, None),
    ("python_version < '3.8'", False, False, None),
    ("python_version == '3.12' or python_version != '3.12'", True, True, True),
    ("python_version == '3.*'", True, True, True),
    ("python_version != '3.12.*'", False, False, None),
    ("python_version ~= '3.11'", True, True, None),
    ("python_version ~= '3'", None, None, None),
    ("python_version > '3.12'", False, False, None),
    ("python_version <= '3.12'", True, True, None),
    ("python_version >= '3.12.1'", None, None, None),
    ("python_version >= '3.11.1'", True, True, None),
    ("python_version > '3.*'", None, None, None),
    ("python_version == 'three'", None, None, None),
    ("python_version === '3.12'", None, None, None),
    ("python_version in '3.11 3.12'", True, True, None),
    ("python_version not in '3.11, 3.13'", True, True, None),
    ("python_version in 'x'", None, None, None),
    ("'3.11' <= python_version", True, True, None),
    ("'3.11' in python_version", None, None, None),
    ("python_full_version >= '3.12'", True, True, None),
    ("python_full_version >= '3.12.3'", None, True, None),
    ("python_full_version < '3.12.4' or python_full_version >= '3.12.4'", True, True, True),
    ("python_full_version != '3.12.4'", None, False, None),
    ("python_full_version ~= '3.12.2'", None, True, None),
    ("implementation_version >= '3.12'", True, True, None),
    ("sys_platform == 'linux'", True, True, True),
    ("sys_platform == 'win32'", False, False, False),
    ("sys_platform == 'win32' and python_version >= '3.11'", False, False, False),
    ("sys_platform == 'linux' or python_version >= '3.11'", True, True, True),
    ("(sys_platform == 'linux' and (python_version >= '3.11'))", True, True, None),
    ("sys_platform not in 'win32 darwin'", True, True, True),
    ("sys_platform in 'linux linux2'", True, True, True),
    ("'linux' in sys_platform", True, True, True),
    ("'win' not in sys_platform", True, True, True),
    ("sys_platform > 'linux'", None, None, None),
    ("platform_system == 'Linux' and os_name == 'posix'", True, True, True),
    ("platform_system == 'linux'", False, False, False),
    ("os.name == 'posix' and sys.platform != 'win32'", True, True, True),
    ("implementation_name == 'cpython'", True, True, None),
    ("platform_python_implementation != 'PyPy'", True, True, None),
    ("platform_machine == 'x86_64'", None, None, None),
    ("platform_machine == 'x86_64' and sys_platform == 'win32'", False, False, False),
    ("extra == 'dev'", False, False, None),
    ("extra in 'dev'", None, None, None),
    ("python_version", None, None, None),
    ("python_version >=", None, None, None),
    ("python_version >= '3.11' and", None, None, None),
    ("python_version >= '3.11' sys_platform", None, None, None),
    ("(python_version >= '3.11'", None, None, None),
    ("(python_version >= '3.11' or or", None, None, None),
    ("(python_version >= '3.11' and )", None, None, None),
    ("((python_version >= '3.11') '3'", None, None, None),
    ("python_version >= os_name", None, None, None),
    ("python_version >= 3.11", None, None, None),
    ("(" * 99 + "sys_platform == 'linux'" + ")" * 99, None, None, None),
]


@pytest.mark.parametrize(("marker", "sure", "exact", "untold"), ROWS)
def test_a_marker_holds_where_nothing_else_can_be(
    marker: str, sure: bool | None, exact: bool | None, untold: bool | None
) -> None:
    """A library would be called installed that pip passes over, or one that it installs could not be told."""
    assert (holds(marker, SURE), holds(marker, EXACT), holds(marker, UNTOLD)) == (sure, exact, untold)
    for patch in ("0", "3", "4", "99"):
        assert sure in {None, ask_packaging(marker, f"3.12.{patch}")}
    assert exact in {None, ask_packaging(marker, "3.12.4")}


def ask_packaging(marker: str, version: str) -> bool | None:
    """Return what `packaging` says on Linux; None where it refuses the marker."""
    if not marker:
        return True
    here = {
        **{name: str(value) for name, value in default_environment().items()},
        "python_version": "3.12",
        "python_full_version": version,
        "implementation_version": version,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "extra": "",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    try:
        return Marker(marker).evaluate(here)
    except (ValueError, KeyError):
        return None


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [("", True), (">=3.11, <4", True), ("==3.12.*", True), (">=3.13", False), ("^3.12", False)],
)
def test_what_a_project_wants_of_python(specifier: str, expected: bool) -> None:
    """A marker would be judged by the image's Python where uv fetches another one."""
    assert admits_python(specifier, SURE) is expected
