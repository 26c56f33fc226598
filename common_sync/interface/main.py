"""The program: its entry, and the boundary where exceptions become exit codes.

0 in sync, 1 drift or something left alone, 2 usage, configuration or I/O error, 3 a bug, 130 interrupted.

What the commands need is imported inside the boundary, so that Ctrl-C during the imports is no traceback either.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from common_sync.core.errors import CommonSyncError, ConfigurationError, Problem
from common_sync.edges.processes.signals import stop_once

ERROR, BUG, INTERRUPTED = 2, 3, 130


def main() -> None:
    """Run the command line and exit."""
    leave(guard(_dispatch))


def leave(code: int) -> NoReturn:
    """Exit at once, without taking every module apart, which takes 5 ms.

    Args:
        code: The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # nobody reads it any more
            stream.flush()
    os._exit(code)


def guard(action: Callable[[], int]) -> int:
    """Run an action; return its exit code, or that of its exception.

    Args:
        action: Returns an exit code.
    """
    gc.disable()  # a short run makes many values and no cycles; this saves a tenth of the time
    _open_missing_streams()
    _handle_signals()
    try:
        _check_file_names()
        code = action()
        _flush()
    except BrokenPipeError:  # the reader has gone, as in `common-sync diff | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one boundary
        with suppress(OSError, CommonSyncError):  # when nobody reads standard error, the exit code has to say it
            return _report(error)
        return _code(error)
    return code


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        from common_sync.interface.show.terminal import flush  # it fails again, and says why

        flush(sys.stdout)


def _open_missing_streams() -> None:
    """Open the streams that were closed, as by `>&-`.

    The next file to be opened would get such a stream's descriptor, and be written what is printed.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - for as long as the process lives


def _handle_signals() -> None:
    signal.signal(signal.SIGTERM, stop_once)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as it is in the background of a shell
        signal.signal(signal.SIGINT, stop_once)


def _check_file_names() -> None:
    """Refuse the encoding of an old locale: the same tree would get another manifest."""
    encoding = sys.getfilesystemencoding()
    if encoding != "utf-8":
        message = f"Python reads the names of files as {encoding} here, and not as UTF-8"
        raise ConfigurationError(Problem(message, remedy="set PYTHONUTF8=1"))


def _dispatch() -> int:
    """Run the command line; the commands that run often need no parser without options, and most others not typer."""
    command, *services = sys.argv[1:] or [""]
    if command in ("distribute", "verify") and not any(word.startswith("-") for word in services):
        from common_sync.interface.show.options import Options

        if command == "verify":
            from common_sync.interface.run.verify import run_verify

            return run_verify(Options(), services)
        from common_sync.interface.run.distribute import run_distribute

        return run_distribute(Options(), services)
    if command == "env" and services[:1] in (["sync"], ["status"]) and not any(one[:1] == "-" for one in services):
        from common_sync.interface.show.options import Options

        if services[0] == "sync":
            from common_sync.interface.run.env_sync import run_env_sync

            return run_env_sync(Options(), services[1:])
        from common_sync.interface.run.env_status import run_env_status

        return run_env_status(Options(), services[1:])
    shell = os.environ.get("_COMMON_SYNC_COMPLETE", "").removeprefix("complete_")
    if shell in ("bash", "zsh", "fish"):  # typer answers the others
        from common_sync.interface.completion import complete

        return complete(shell)
    from common_sync.interface.help import show_help, wants_help

    if not shell and wants_help(sys.argv[1:]):
        return show_help(sys.argv[1:])
    from common_sync.interface.plain import read_plain

    if not shell and (action := read_plain(sys.argv[1:])) is not None:
        return action()
    from common_sync.interface.cli import run_command_line  # typer costs more than all the rest

    return run_command_line()


def _code(error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return ERROR if isinstance(error, CommonSyncError | OSError | MemoryError) else BUG


def _report(error: BaseException) -> int:
    """Say what is wrong on standard error; return the exit code."""
    from common_sync.interface.show.terminal import look_at, write  # only where something is wrong, as all below

    if isinstance(error, KeyboardInterrupt):
        write("interrupted: the next run finishes what was begun", sys.stderr)
    elif isinstance(error, CommonSyncError):
        from common_sync.interface.show.text import problem_lines

        terminal = look_at(sys.stderr)
        if not sys.stderr.isatty():  # in a log, a message is one line
            terminal = terminal._replace(width=sys.maxsize)
        for problem in error.problems:
            for line in problem_lines(problem, terminal):
                write(line, sys.stderr)
    elif isinstance(error, MemoryError):
        write("error: there is not enough memory", sys.stderr)
    elif isinstance(error, OSError):
        from common_sync.edges.files.folders import explain_os_error

        return _report(explain_os_error(error, error.filename if isinstance(error.filename, str) else None, "go on"))
    else:
        import traceback

        from common_sync import __version__

        traceback.print_exception(error)
        write(f"this is a bug in common-sync {__version__}: please report it, with the lines above", sys.stderr)
    return _code(error)
