"""`units`: bring the installed systemd units of services in sync, or remove them."""

import os
from collections.abc import Sequence

from common_sync.commands.steps.environments.units import Unit, describe, read_units, settings_of
from common_sync.core.environments.unit_text import is_untouched
from common_sync.core.environments.units import find_program
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.edges.environments import systemd
from common_sync.edges.environments.manager import Manager
from common_sync.edges.project.load import Project


def write_units(project: Project, names: Sequence[str], manager: Manager, *, force: bool) -> tuple[Unit, ...]:
    """Bring the installed units of services in sync; what a person has written stays unless it is forced, and then is kept.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        manager: Whose units.
        force: Replace units that were edited, or were written by somebody else.

    Raises:
        CommonSyncError: A unit cannot be made or written, or systemd does not take it; then nothing is written.
    """
    if manager.is_of_user:
        read_units(project, names, manager)  # where that is refused, no folder is made
    with systemd.locked_units(manager) as descriptor:
        units = [one for one in read_units(project, names, manager) if one.text or one.kind != "service"]
        _verify(project, [one for one in units if one.text], manager)
        done = tuple(_write(descriptor, manager.folder, one, force=force) for one in units)
    systemd.reload_units(manager)
    return done


def _verify(project: Project, units: Sequence[Unit], manager: Manager) -> None:
    """Refuse units that systemd does not take, or that start what is not there."""
    problems = []
    for one in (one for one in units if one.kind == "service"):
        program = find_program(describe(project, one.service))
        if not os.access(program, os.X_OK):
            remedy = "common-sync env sync" if program.startswith(project.root) else "install it, or name another"
            line = settings_of(project, one.service).service.line
            problems.append(
                Problem(f"{one.service}: there is no program {program}", project.configuration.file, line, remedy)
            )
    if not problems and units:
        said = systemd.verify_units({one.name: one.text for one in units}, manager)
        problems = [Problem(f"systemd does not take it: {line}") for line in said]
    if problems:
        raise ConfigurationError(*problems)


def _write(descriptor: int, folder: str, unit: Unit, *, force: bool) -> Unit:
    if unit.state == "in sync":
        return unit
    if not unit.text:
        return _remove(descriptor, folder, unit, force=force)
    guarded = unit.state in {"edited", "foreign"}
    if guarded and not force:
        return unit._replace(action="refused")
    kept = systemd.write_unit(descriptor, folder, unit.name, unit.held, unit.text, keep=guarded)
    return unit._replace(action="written", kept=kept)


def remove_units(project: Project, names: Sequence[str], manager: Manager, *, force: bool) -> tuple[Unit, ...]:
    """Remove the installed units of services; one that is enabled, or that a person has written, stays.

    Args:
        project: The project.
        names: The services that the user named; all when there are none.
        manager: Whose units.
        force: Remove those that were edited, too; they are kept under another name.

    Raises:
        CommonSyncError: A unit cannot be read or removed.
    """
    with systemd.locked_units(manager) as descriptor:
        held = [one for one in read_units(project, names, manager) if one.held is not None]
        needed = {one.service for one in held if one.enabled}  # what is enabled stays, and so does what it starts
        units = tuple(
            _remove(descriptor, manager.folder, one._replace(enabled=one.service in needed), force=force)
            for one in held
        )
    systemd.reload_units(manager)
    return units


def _remove(descriptor: int, folder: str, unit: Unit, *, force: bool) -> Unit:
    mine = unit.held is not None and is_untouched(unit.held)
    if unit.enabled or not (mine or force):
        return unit._replace(action="refused")
    kept = systemd.write_unit(descriptor, folder, unit.name, unit.held, None, keep=not mine)
    return unit._replace(action="removed", kept=kept)
