"""The program: its entry, and the one place where exceptions become exit codes.

0 in sync, 1 drift or something left alone, 2 usage, configuration or I/O error, 3 a bug, 130 interrupted.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from common_sync.core.errors import CommonSyncError
from common_sync.edges.folders import explain_os_error
from common_sync.interface.actions import Options, run_distribute, run_verify
from common_sync.interface.terminal import look_at, write

ERROR, BUG, INTERRUPTED = 2, 3, 130

_TERMINATED = 143


def main() -> None:
    """Run the command line and exit."""
    leave(guard(_dispatch))


def leave(code: int) -> NoReturn:
    """Exit at once: taking every module apart first takes 5 ms, and nothing here waits for it.

    Args:
        code: The exit code.
    """
    sys.stderr.flush()
    os._exit(code)


def guard(action: Callable[[], int]) -> int:
    """Run an action; return its exit code, or the one for what it raised.

    Args:
        action: Returns an exit code.
    """
    gc.disable()  # a short run makes many values and no cycles; this saves a tenth of the time
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = action()
        sys.stdout.flush()
    except CommonSyncError as error:
        return _report(error)
    except KeyboardInterrupt:
        write("interrupted: the next run finishes what was begun", sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader has gone, as in `common-sync diff | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    except OSError as error:
        return _report(explain_os_error(error, os.fsdecode(error.filename or "common-sync"), "go on"))
    except Exception:  # noqa: BLE001 - the one boundary
        return _report_bug()
    return code


def _dispatch() -> int:
    """Run the two commands that run often without a parser, as long as there is no option to parse."""
    command, services = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if command in ("distribute", "verify") and not any(word.startswith("-") for word in services):
        run = run_distribute if command == "distribute" else run_verify
        return run(services, Options())
    from common_sync.interface.cli import run_command_line  # typer costs more than all the rest

    return run_command_line()


def _report(error: CommonSyncError) -> int:
    from common_sync.interface.text import problem_lines  # only where something is wrong

    terminal = look_at(sys.stderr)
    for problem in error.problems:
        for line in problem_lines(problem, terminal):
            write(line, sys.stderr)
    return ERROR


def _report_bug() -> int:
    import traceback  # only for a bug

    from common_sync import __version__

    traceback.print_exc()
    write(f"this is a bug in common-sync {__version__}: please report it, with the lines above", sys.stderr)
    return BUG


def _terminate(_signal: int, _frame: object) -> None:
    """Leave as after Ctrl-C: temporary files are removed on the way out."""
    sys.exit(_TERMINATED)
