"""Run a command as a unit of systemd that goes afterwards: with the user, the variables and the limits of a service."""

from collections.abc import Sequence

from common_sync.edges.environments.health import Failure, run_command
from common_sync.edges.environments.manager import Manager
from common_sync.edges.environments.systemd import stop_unit

_MARGIN = 10
"""Seconds after which systemd itself ends the command, where this process was killed and cannot."""


def run_as_unit(
    manager: Manager, unit: str, words: Sequence[str], rights: Sequence[str], patience: int
) -> Failure | None:
    """Run a command of a release; return how it has failed, or None where it ended with 0.

    Args:
        manager: Whose systemd.
        unit: The name of the unit, without `.service`.
        words: The command; the program is an absolute path.
        rights: Lines of a unit: as whom it runs, where, and with which limits.
        patience: Seconds in which it must end.
    """
    options = ("--quiet", "--wait", "--pipe", "--collect", "--service-type=exec", f"--unit={unit}.service")
    ends = (f"RuntimeMaxSec={patience + _MARGIN}", "KillSignal=SIGKILL", "Environment=PYTHONDONTWRITEBYTECODE=1")
    properties = (f"--property={one}" for one in (*rights, *ends))
    stop_unit(manager, unit)  # a run that was killed may have left it
    try:
        return run_command(
            ("systemd-run", *manager.option, *options, *properties, "--", *words), "/", None, patience, words[0]
        )
    finally:
        stop_unit(manager, unit)
