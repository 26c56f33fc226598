"""The configuration's file, as it is written: whether there is one, a new table, and pins, without touching the rest."""

import os
import tomllib
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from typing import NamedTuple

from common_sync.core.configuration import OWN_FILE, PYPROJECT, find_table
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.formats.toml_errors import toml_problem
from common_sync.core.model import FileEdit
from common_sync.edges.files.folders import explain_os_error, opened
from common_sync.edges.files.replacing import write_edit
from common_sync.edges.files.writing import replace_bytes


def find_configuration(root: str) -> Problem | None:
    """Return what says that a folder is configured already, or None.

    Raises:
        ConfigurationError: pyproject.toml is not TOML.
        TreeError: It cannot be read.
    """
    remedy = "edit it, or delete it to have it found anew"
    own = os.path.join(root, OWN_FILE)
    if os.path.lexists(own):
        return Problem("is the configuration already", own, 1, remedy)
    file = os.path.join(root, PYPROJECT)
    if not os.path.lexists(file):
        return None
    data = _read(file)
    text = data.decode("utf-8", "replace")
    try:
        table = find_table(data.decode(), file)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(toml_problem(error, text, file, _line_of_table(text))) from None
    return None if table is None else Problem("holds the configuration already", file, _line_of_table(text), remedy)


def _line_of_table(text: str) -> int:
    lines = text.splitlines()
    headers = (number for number, line in enumerate(lines, 1) if line.replace(" ", "").startswith("[tool.common-sync"))
    mentions = (number for number, line in enumerate(lines, 1) if "common-sync" in line)
    return next(headers, next(mentions, 1))


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise explain_os_error(error, file, "read it") from error


def write_table(file: str, table: str) -> None:
    """Write a table to a configuration file, atomically.

    Args:
        file: The absolute path of a pyproject.toml, which keeps all it holds, or of a file of the tool's own.
        table: The table, as TOML.

    Raises:
        ConfigurationError: pyproject.toml cannot take the table.
        TreeError: The file cannot be written.
    """
    folder, name = os.path.split(file)
    try:
        with opened(folder) as descriptor:
            if name == PYPROJECT:
                before = _read(file)
                write_edit(descriptor, FileEdit(name, before, _append(before, table, file)), file)
            else:
                replace_bytes(descriptor, name, table.encode())
    except OSError as error:
        raise explain_os_error(error, file, "write it") from error


def _append(before: bytes, table: str, file: str) -> bytes:
    """Append a table to a TOML file, in the file's own line ends, and prove that nothing else has changed."""
    text = before.decode()
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else end if text.endswith("\n") else end * 2
    after = text + gap + table.replace("\n", end)
    try:
        document = tomllib.loads(after)
        del document["tool"]["common-sync"]
        unchanged = document == {"tool": {}, **tomllib.loads(text)}
    except (ValueError, TypeError):  # it does not parse, or `tool` is something else than a table
        unchanged = False
    if not unchanged:
        message = "cannot take a [tool.common-sync] table at its end"
        raise ConfigurationError(Problem(message, file, remedy=f"write {OWN_FILE} instead, without the table's name"))
    return after.encode()


class Pins(NamedTuple):
    """What changes about the pins of a library."""

    pin: Mapping[str, str]  # what to pin: the services, as they are to be written → their tag or commit
    unpin: Collection[str] = ()  # the names of those that are pinned no more, as they are written
    library: int | None = None  # the number of the library's table; None where the pins stand at the top


def plan_pins(file: str, pins: Pins) -> FileEdit:
    """Return what changes the pins in a configuration file, and nothing else.

    Args:
        file: Its absolute path.
        pins: What changes.

    Raises:
        ConfigurationError: It cannot be changed without touching the rest.
        TreeError: It cannot be read.
    """
    from tomlkit.exceptions import TOMLKitError  # 40 ms, and only for what writes

    before = _read(file)
    text = before.decode()
    try:
        after = _set_pins(text, file, pins)
    except TOMLKitError:  # before 0.15.1: where a list's tables stand apart
        after = ""
    if not _changes_pins_only(text, after, file, pins):
        message = "the pins cannot be changed without touching the rest"
        raise ConfigurationError(
            Problem(message, file, _line_of_table(text), f"write it by hand: pins = {{ {_show(pins.pin)} }}")
        )
    return FileEdit(os.path.basename(file), before, after.encode())


def _show(pin: Mapping[str, str]) -> str:
    return ", ".join(f'"{service}" = "{ref}"' for service, ref in pin.items()) or "…"


def _set_pins(text: str, file: str, change: Pins) -> str:
    import tomlkit  # as above

    document = tomlkit.parse(text)
    table = _find_table(document, file, change.library)
    if "pins" not in table:
        table["pins"] = tomlkit.inline_table()
    pins = table["pins"]
    assert isinstance(pins, MutableMapping)
    for service in change.unpin:
        del pins[service]
    for service, ref in change.pin.items():
        pins[service] = ref
    if not pins:
        del table["pins"]
    after = tomlkit.dumps(document)
    if change.library is not None:
        after = _lift(text, after)
    if not text.endswith("\n"):
        after = after.removesuffix("\n")
    return after.replace("\r\n", "\n").replace("\n", "\r\n") if "\r\n" in text else after


def _lift(before: str, after: str) -> str:
    """Move a new line to the other keys of its table: tomlkit puts it behind what is said of the next one."""
    lines, known = after.split("\n"), before.splitlines()
    at = next(
        (number for number, (old, new) in enumerate(zip(known, lines, strict=False)) if old != new.rstrip("\r")), 0
    )
    if not lines[at].startswith("pins"):
        return after
    added, above = lines.pop(at), at
    while above and (not lines[above - 1].strip() or lines[above - 1].lstrip().startswith("#")):
        above -= 1
    return "\n".join([*lines[:above], added, *lines[above:]])


def _find_table(document: object, file: str, library: int | None) -> MutableMapping[str, object]:
    """Return the table that pins stand in."""
    table = document
    for key in ("tool", "common-sync") if file.endswith(PYPROJECT) else ():
        assert isinstance(table, Mapping)
        table = table[key]
    assert isinstance(table, MutableMapping)
    if library is None:
        return table
    tables = table["library"]
    assert isinstance(tables, Sequence)
    one = tables[library]
    assert isinstance(one, MutableMapping)
    return one


def _changes_pins_only(before: str, after: str, file: str, change: Pins) -> bool:
    """Tell whether a configuration is what it was, but for the pins."""
    try:
        was, now = tomllib.loads(before), tomllib.loads(after)
    except ValueError:
        return False
    table = _find_table(was, file, change.library)
    known = table.pop("pins", {})
    assert isinstance(known, dict)
    pins = {one: ref for one, ref in known.items() if one not in change.unpin} | {**change.pin}
    if pins:
        table["pins"] = pins
    return bool(was == now)
