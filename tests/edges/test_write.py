"""The configuration's file, as pins are written into it: to the keys of their library, and nothing else is touched."""

from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import parse as parse_version

from common_sync.core.errors import ConfigurationError
from common_sync.edges.project.write import Pins, plan_pins

PIN = 'pins = {"services/api" = "v1"}\n'

TABLES = [
    ("common-sync.toml", '[[library]]\nmaster = "a"\n', PIN, ""),
    ("common-sync.toml", '[[library]]\nmaster = "a"\n', PIN, '\n[[library]]\nmaster = "b"\n'),
    ("common-sync.toml", '[[library]]\nmaster = "a" # its folder\n', PIN, '\n# the other one\n\n[[library]]\nmaster = "b"'),
    ("common-sync.toml", '[[library]]\r\nmaster = "a"\r\n', PIN.replace("\n", "\r\n"), '\r\n# b\r\n[[library]]\r\nmaster = "b"\r\n'),
    ("common-sync.toml", '[[library]]\nmaster = "a"\n[library.pins]\nx = "v"\n', '"services/api" = "v1"\n', "\n[service.x]\nport = 1\n"),
    ("pyproject.toml", '[[tool.common-sync.library]]\nmaster = "a"\n', PIN, "\n# for people\n[tool.x]\ny = 1\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "above", "added", "below"), TABLES)
def test_a_pin_stands_with_the_keys_of_its_library(
    tmp_path: Path, name: str, above: str, added: str, below: str
) -> None:
    """A pin would stand behind the heading of another table, or below what is said of it; or leave a trace when it goes."""
    file = tmp_path / name
    file.write_text(above + below, newline="")
    pinned = plan_pins(str(file), Pins({"services/api": "v1"}, library=0)).after
    assert pinned == f"{above}{added}{below}".encode()
    file.write_bytes(pinned)
    assert plan_pins(str(file), Pins({}, ["services/api"], library=0)).after == f"{above}{below}".encode()


def test_tables_that_stand_apart(tmp_path: Path) -> None:
    """What stands between two tables would be lost: a tomlkit before 0.15.1 cannot write such a file, and nothing is written then."""
    above = '[[tool.common-sync.library]]\nmaster = "a"\n'
    below = (
        '\n[project]\nname = "x"\n\n[[tool.common-sync.library]]\nmaster = "b"\n[tool.common-sync.deploy]\nkeep = 1\n'
    )
    file = tmp_path / "pyproject.toml"
    file.write_text(f"{above}{below}")
    if parse_version(version("tomlkit")) < parse_version("0.15.1"):
        with pytest.raises(ConfigurationError, match="cannot be changed without touching the rest"):
            plan_pins(str(file), Pins({"services/api": "v1"}, library=0))
    else:
        assert plan_pins(str(file), Pins({"services/api": "v1"}, library=0)).after == f"{above}{PIN}{below}".encode()


def test_a_pin_in_the_second_table(tmp_path: Path) -> None:
    """A service would be held to the release of another library."""
    file = tmp_path / "common-sync.toml"
    file.write_text('[[library]]\nmaster = "a"\n\n[[library]]\nmaster = "b"\n')
    pinned = plan_pins(str(file), Pins({"services/api": "v1"}, library=1)).after
    assert pinned == f'[[library]]\nmaster = "a"\n\n[[library]]\nmaster = "b"\n{PIN}'.encode()
