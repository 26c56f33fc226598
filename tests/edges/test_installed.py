"""What is installed of a library without `-e`, held against what is wanted: real files, and the real pip."""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.depth import deep
from support.monorepo import Monorepo, run
from support.waiting import wait_for

from common_sync.core.copies.rules import BUILT_IN
from common_sync.core.fleet.processes import read_process
from common_sync.remote import running
from common_sync.remote.installed import UntoldError, compare, find_tops

LEFT_ALONE = ["/.common-sync.json", *(rule.pattern for rule in BUILT_IN)]
LIBRARY = {
    "pyproject.toml": "[project]\n",
    "src/shop/__init__.py": "",
    "src/shop/money.py": "PLACES = 2\n",
    "src/shop/inner/__init__.py": "A = 1\n",
    "tests/test_money.py": "",
}
PACKAGE = {path.removeprefix("src/"): text for path, text in LIBRARY.items() if path.startswith("src/")}


def describe(files: dict[str, str]) -> dict[str, list[str]]:
    """Return files as the probe is told them."""
    return {path: ["file", hashlib.sha256(text.encode()).hexdigest()] for path, text in files.items()}


def lay(place: Path, files: dict[str, str], record: str | None = None) -> str:
    """Lay files where pip lays them; return the path of what says so."""
    told = place / "shop-1.0.dist-info"
    for path, text in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    told.mkdir()
    lines = [f"{path},sha256=,1" for path in files]
    (told / "RECORD").write_text(
        "\n".join([*lines, "../../bin/shop,,", f"{told.name}/RECORD,,", ""]) if record is None else record
    )
    return str(told)


def look(installed: str, wanted: dict[str, str]) -> list[str] | str:
    """Return what is not as wanted, or why that cannot be told."""
    try:
        return compare(describe(wanted), LEFT_ALONE, find_tops(installed))
    except UntoldError as reason:
        return str(reason)


ROWS: dict[str, tuple[dict[str, str], dict[str, str], list[str] | str]] = {
    "the same": (PACKAGE, LIBRARY, []),
    "at the top": (PACKAGE, {**PACKAGE, "setup.py": "", "docs/conf.py": ""}, []),
    "a module": ({"shop.py": "A = 1\n"}, {"lib/shop.py": "A = 1\n"}, []),
    "with its compiled files": ({**PACKAGE, "shop/__pycache__/money.pyc": "x"}, LIBRARY, []),
    "changed": ({**PACKAGE, "shop/money.py": "PLACES = 3\n"}, LIBRARY, ["shop/money.py"]),
    "changed, and more": ({**PACKAGE, "shop/money.py": "", "shop/new.py": ""}, LIBRARY, ["shop/money.py"]),
    "more": ({**PACKAGE, "shop/new.py": ""}, LIBRARY, "shop/new.py there is no file of the library"),
    "fewer": (PACKAGE, {**LIBRARY, "src/shop/new.py": ""}, "src/shop/new.py is not installed there"),
    "a package fewer": (
        PACKAGE,
        {**LIBRARY, "src/events/__init__.py": ""},
        "src/events/__init__.py is not installed there",
    ),
    "fewer of its data": (PACKAGE, {**LIBRARY, "src/shop/py.typed": ""}, []),
    "two that it could be": (
        PACKAGE,
        {**LIBRARY, "old/shop/money.py": "PLACES = 9\n"},
        "shop/money.py there is no file of the library",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_is_installed(tmp_path: Path, row: str) -> None:
    """A service would be called current that imports another state of the library from its site-packages."""
    installed, wanted, expected = ROWS[row]
    assert look(lay(tmp_path, installed), wanted) == expected


@pytest.mark.parametrize("record", ["", "../../bin/shop,,\nshop-1.0.dist-info/RECORD,,\n"])
def test_what_does_not_say_what_is_installed(tmp_path: Path, record: str) -> None:
    """Nothing would be looked at, and so nothing be wrong."""
    assert look(lay(tmp_path, PACKAGE, record), LIBRARY) == "its RECORD names no file"


def test_a_symlink_that_is_wanted(tmp_path: Path) -> None:
    """A file would be held against a link's target, and be called wrong."""
    wanted = {**describe(PACKAGE), "shop/money.py": ["link", "other.py"]}
    with pytest.raises(UntoldError):
        compare(wanted, LEFT_ALONE, find_tops(lay(tmp_path, PACKAGE)))


Tell = Callable[[Path], dict[str, object]]


@pytest.fixture
def tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Return what tells of the process that asks, with a copy and a place where its library is installed."""
    monkeypatch.setattr(running, "_list_environment", lambda: [str(tmp_path / "site-packages")])
    for path, text in LIBRARY.items():
        (tmp_path / "common" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "common" / path).write_text(text)

    def complete(folder: Path) -> dict[str, object]:
        start: dict[str, object] = {"started": 1.0, "now": 2.0}
        return running.complete(start, describe(LIBRARY), LEFT_ALONE, str(folder), "shop", running.CONTAINER)

    return complete


def test_a_process_that_imports_what_is_installed(tmp_path: Path, tell: Tell) -> None:
    """A library that is installed anew below a process would change nothing of what is said of it."""
    folder, money = tmp_path / "common", tmp_path / "site-packages/shop/money.py"
    lay(tmp_path / "site-packages", PACKAGE)
    first = tell(folder)
    assert (first["installed"], first["differing"]) == (f"it was installed into {money.parents[1]}", [])
    latest = float(str(first["changed"]))

    def is_later() -> bool:
        money.write_text(PACKAGE["shop/money.py"])
        return os.lstat(money).st_ctime > latest + 0.001  # a float of today has no more digits

    wait_for(is_later)
    assert float(str(tell(folder)["changed"])) > latest
    money.write_text("PLACES = 3\n")
    assert tell(folder)["differing"] == ["shop/money.py"]
    money.unlink()
    (money.parent / "more.py").write_text("")
    assert tell(folder) == {"none": f"{first['installed']}: shop/more.py there is no file of the library"}
    assert read_process(tell(folder)) is not None


@deep("an installation by the real pip")
def test_what_pip_installs(committed: Monorepo, tmp_path: Path) -> None:
    """What pip really lays into site-packages would not be known again."""
    place, library = tmp_path / "site-packages", committed.root / "common"
    words = ("-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(place), str(library))
    wanted = {str(one.relative_to(library)): one.read_text() for one in library.rglob("*") if one.is_file()}
    done = run(sys.executable, *words, cwd=tmp_path)
    assert done.code == 0, done
    (installed,) = place.glob("our_common-*.dist-info")
    assert look(str(installed), wanted) == []
    changed = next(path for path in wanted if path.endswith("__init__.py"))
    assert look(str(installed), {**wanted, changed: "NEW = 1\n"}) == ["our_common/__init__.py"]
