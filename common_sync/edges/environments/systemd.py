"""Read and write the unit files of systemd, and ask it about them; drop-ins are never touched."""

import fcntl
import json
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NoReturn

from common_sync.core import limits
from common_sync.core.environments.running import PROPERTIES, Shown, parse_shown
from common_sync.core.environments.units import name_file, name_socket
from common_sync.core.errors import ConfigurationError, Problem, TreeError
from common_sync.core.model import FileEdit
from common_sync.edges.environments.manager import SYSTEM, Manager, find_runtime, name_user
from common_sync.edges.environments.program import Done, keep_variables, run
from common_sync.edges.files.folders import explained, opened, read_bytes
from common_sync.edges.files.replacing import write_edit

_ANALYZE, _CONTROL, _JOURNAL = "systemd-analyze", "systemctl", "journalctl"
INVOCATION = "_SYSTEMD_INVOCATION_ID"
"""The field of the journal that tells one start of a unit from the next."""

_MOST_KEPT = 1000


def read_unit(folder: str, unit: str) -> bytes | None:
    """Return the bytes of an installed unit, or None where there is none.

    Args:
        folder: The folder of units.
        unit: Its name, without `.service`.

    Raises:
        TreeError: It cannot be read, or is no regular file: a unit that is masked is a symlink.
    """
    name = name_file(unit)
    path = f"{folder}/{name}"
    if os.path.islink(path):
        message = f"is a symlink to {os.readlink(path)}, as of a unit that is masked or linked, and was left alone"
        raise TreeError(Problem(message, path, remedy=f"{_CONTROL} unmask {unit}, or remove it"))
    with explained(path, "read it"):
        try:
            with opened(folder) as descriptor:
                return read_bytes(name, descriptor, limits.TEXT)
        except FileNotFoundError:
            return None


def is_enabled(folder: str, unit: str) -> bool:
    """Tell whether a unit is started when the machine is.

    Args:
        folder: The folder of units.
        unit: Its name, without `.service`.
    """
    wanting = (one for one in _list(folder) if one.endswith((".wants", ".requires")))
    return any(os.path.islink(f"{folder}/{one}/{name_file(unit)}") for one in wanting)


def _list(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def show_units(manager: Manager, names: Sequence[str]) -> dict[str, Shown]:
    """Return what systemd says of units, by their names without `.service`.

    Args:
        manager: Whose systemd.
        names: Those names.

    Raises:
        TreeError: No systemd answers.
    """
    if not names:
        return {}
    done = _run(*manager.control, "show", f"--property={','.join(PROPERTIES)}", "--", *map(name_file, names))
    if done.code:
        raise TreeError(Problem("systemd does not say how the units stand", excerpt=tuple(done.err.splitlines())))
    return {unit.removesuffix(".service"): shown for unit, shown in parse_shown(done.out).items()}


def restart_unit(manager: Manager, unit: str) -> str:
    """Restart a unit, or start it; return why that has failed, or nothing.

    Args:
        manager: Whose systemd.
        unit: Its name, without `.service`.
    """
    both = (name_file(unit), name_socket(unit))  # there may be no socket
    _run(*manager.control, "reset-failed", "--", *both)  # one that has failed too often is refused else
    done = _run(*manager.control, "restart", "--", name_file(unit))
    return (" ".join(done.err.split()) or f"{_CONTROL} has ended with {done.code}") if done.code else ""


def stop_unit(manager: Manager, unit: str) -> None:
    """Stop a unit, where it runs, and wait until it has ended.

    Args:
        manager: Whose systemd.
        unit: Its name, without `.service`.
    """
    _run(*manager.control, "stop", "--", name_file(unit))


def enable_unit(manager: Manager, unit: str) -> None:
    """Have a unit started whenever the machine is.

    Args:
        manager: Whose systemd.
        unit: Its name, without `.service`.

    Raises:
        TreeError: It cannot be enabled.
    """
    done = _run(*manager.control, "enable", "--", name_file(unit))
    if done.code:
        message = f"systemd does not enable it: {' '.join(done.err.split())}"
        remedy = f"{' '.join(manager.control)} enable {unit}"
        raise TreeError(Problem(message, f"{manager.folder}/{name_file(unit)}", remedy=remedy))


def find_starts(manager: Manager, unit: str, line: str) -> tuple[str, ...]:
    """Return the invocations of a unit, by their ids, that have written a line to the journal.

    Args:
        manager: Whose systemd.
        unit: Its name, without `.service`.
        line: The line, whole.
    """
    field = "_SYSTEMD_USER_UNIT" if manager.is_of_user else "_SYSTEMD_UNIT"
    own = (f"_UID={os.geteuid()}",) if manager.is_of_user else ()  # other users may have units of that name
    wanted = (f"{field}={name_file(unit)}", f"MESSAGE={line}", *own)
    done = _run(_JOURNAL, "--output=json", "--quiet", "--no-pager", *wanted)
    rows = (json.loads(row) for row in done.out.splitlines())
    return tuple(dict.fromkeys(str(row[INVOCATION]) for row in rows if INVOCATION in row))


def read_journal(manager: Manager, unit: str, lines: int) -> tuple[str, ...]:
    """Return the last lines that a unit has written to the journal since the machine was started.

    Args:
        manager: Whose systemd.
        unit: Its name, without `.service`.
        lines: How many.
    """
    options = ("--boot", "--output=cat", "--no-pager", f"--lines={lines}", "--quiet")
    return tuple(_run(_JOURNAL, *options, ask_journal(manager, unit)).out.splitlines())


def ask_journal(manager: Manager, unit: str) -> str:
    """Return the option by which the journal is asked for what a unit has written.

    Args:
        manager: Whose systemd.
        unit: Its name, without `.service`.
    """
    return f"--{'user-' if manager.is_of_user else ''}unit={name_file(unit)}"


def become_journal(wanted: Sequence[str], *options: str) -> NoReturn:
    """Become the program that shows what units have written; never returns.

    Args:
        wanted: What is to be shown, in its words: `--unit=…`, or a field of the journal and its value.
        options: Of that program.

    Raises:
        ConfigurationError: It is not here.
    """
    try:
        os.execvp(_JOURNAL, [_JOURNAL, *wanted, *options])  # noqa: S606 - no shell is wanted
    except OSError:
        message = f"{_JOURNAL} is not on the PATH: what services write goes to systemd's journal"
        raise ConfigurationError(Problem(message, remedy="install systemd")) from None


def reload_units(manager: Manager) -> None:
    """Have systemd read all units again, where it runs.

    Args:
        manager: Whose systemd.

    Raises:
        TreeError: It does not.
    """
    if manager.is_running:
        done = _run(*manager.control, "daemon-reload")
        if done.code:
            message = f"units are written, and systemd has not read them: {done.err.strip()}"
            remedy = f"{' '.join(manager.control)} daemon-reload"
            raise TreeError(Problem(message, manager.folder, remedy=remedy))


def verify_units(texts: Mapping[str, str], manager: Manager = SYSTEM) -> list[str]:
    """Return what systemd says against units; nothing where it takes all of them.

    Args:
        texts: Units by their names, without `.service`.
        manager: Whose systemd.

    Raises:
        ConfigurationError: There is no systemd to ask.
    """
    if shutil.which(_ANALYZE) is None:
        message = f"{_ANALYZE} is not on the PATH: units cannot be verified, and none was written"
        raise ConfigurationError(Problem(message, remedy="install systemd"))
    with tempfile.TemporaryDirectory(prefix="common-sync-") as staging:
        files = [f"{staging}/{name_file(unit)}" for unit in texts]
        for file, text in zip(files, texts.values(), strict=True):
            with open(file, "x", encoding="utf-8") as stream:
                stream.write(text)
        done = _run(_ANALYZE, *manager.option, "verify", "--man=no", *files)
    # Its exit code is 0 for a key that it does not know; and units that it loads besides may be at fault, not ours.
    said = [line.replace(f"{staging}/", "") for line in done.err.splitlines()]
    return [line for line in said if any(name_file(unit) in line for unit in texts)] or (said if done.code else [])


def _run(*command: str) -> Done:
    return run(command, "/", keep_variables(LC_ALL="C.UTF-8", XDG_RUNTIME_DIR=find_runtime()))


@contextmanager
def locked_units(manager: Manager) -> Iterator[int]:
    """Open a folder of units, and keep other runs from writing there; that of a user is made.

    Args:
        manager: Whose units.

    Raises:
        TreeError: It is not there, or cannot be opened.
    """
    with explained(manager.folder, "open it"):
        if manager.is_of_user:
            os.makedirs(manager.folder, exist_ok=True)
        with opened(manager.folder) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor


def write_unit(descriptor: int, folder: str, unit: str, before: bytes | None, after: str | None, *, keep: bool) -> str:
    """Write or remove a unit, whole or not at all; return the path where the former one is kept, if it is.

    Args:
        descriptor: The folder of units, locked.
        folder: Its path, for messages.
        unit: The unit's name, without `.service`.
        before: What it holds.
        after: What it is to hold; None to remove it.
        keep: Whether to keep the former one, under another name.

    Raises:
        TreeError: It cannot be written, or holds something else by now.
    """
    name = name_file(unit)
    kept = _keep(descriptor, name, f"{folder}/{name}") if keep else ""
    data = None if after is None else after.encode()
    write_edit(descriptor, FileEdit(name, before, data), f"{folder}/{name}")
    return f"{folder}/{kept}" if kept else ""


def _keep(descriptor: int, name: str, where: str) -> str:
    """Give a file a second name, which systemd does not read."""
    for number in range(1, _MOST_KEPT):
        with explained(where, "keep it"):
            try:
                os.link(name, f"{name}.kept-{number}", src_dir_fd=descriptor, dst_dir_fd=descriptor)
            except FileExistsError:
                continue
        return f"{name}.kept-{number}"
    raise TreeError(Problem(f"{_MOST_KEPT - 1} former ones are kept", where, remedy=f"remove some {name}.kept-*"))


def owner_of(path: str) -> str:
    """Return the name of who owns a folder, or the number where it has no name."""
    return name_user(os.stat(path).st_uid)


def is_user(name: str) -> bool:
    """Tell whether there is a user of a name; any number is one."""
    try:
        return name.isdigit() or bool(pwd.getpwnam(name))
    except KeyError:
        return False
