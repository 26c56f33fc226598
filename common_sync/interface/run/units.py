"""`units`: options in, exit code out."""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.core.errors import ConfigurationError, Problem
from common_sync.edges.project.load import load_project
from common_sync.interface.show.environment_fields import unit_fields
from common_sync.interface.show.options import Option, Options, Services
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.terminal import printable, say
from common_sync.interface.show.text import compared_lines, finding_lines

if TYPE_CHECKING:
    from common_sync.commands.steps.environments.units import Unit
    from common_sync.core.model import Finding
    from common_sync.edges.project.load import Project


def run_units(
    options: Options,
    services: Services = None,
    *,
    check: Annotated[
        bool, Option("--check", "Tell whether the installed units are as printed; exit 1 if not.")
    ] = False,
    diff: Annotated[
        bool, Option("--diff", "Show the differences to the installed units; exit 1 where there is one.")
    ] = False,
    write: Annotated[bool, Option("--write", "Verify the units, and install them.")] = False,
    remove: Annotated[bool, Option("--remove", "Remove the installed units.")] = False,
    force: Annotated[
        bool, Option("--force", "Also units that somebody has edited; the edited ones are kept beside.")
    ] = False,
    into: Annotated[
        str | None, Option("--into", "The folder of units. Default: /etc/systemd/system, or a user's own.", "DIR")
    ] = None,
) -> int:
    """Print the systemd units of services; compare, install or remove them."""
    from common_sync.commands.steps.environments.units import manager_of, read_units
    from common_sync.commands.units import remove_units, write_units

    _check_options(force=force, check=check, diff=diff, write=write, remove=remove)
    project, names = load_project(options.root), services or ()
    manager = manager_of(project)
    manager = manager if into is None else manager._replace(folder=os.path.abspath(into))
    if not (write or remove):
        units = read_units(project, names, manager)
        if not units and not options.quiet:
            say("no service has a `command` in the configuration, so there are no units")
        return present(_check(project, units) if check else _look(units, diff=diff), options)
    units = (write_units if write else remove_units)(project, names, manager, force=force)
    passes, control = all(one.action != "refused" for one in units), " ".join(manager.control)
    return present(
        View("units", passes, list, partial(_done_lines, units, control), partial(unit_fields, units, ())), options
    )


def _check(project: "Project", units: "Sequence[Unit]") -> View:
    from common_sync.commands.steps.environments.unit_checks import check_set_up
    from common_sync.commands.steps.environments.units import list_findings

    findings = (*list_findings(units), *check_set_up(project, [one.service for one in units if one.kind == "service"]))
    passes = not any(one.severity == "error" for one in findings)
    text, fields = partial(_check_lines, units, findings), partial(unit_fields, units, findings)
    return View("units", passes, lambda: findings, text, fields, project.root)


def _look(units: "Sequence[Unit]", *, diff: bool) -> View:
    passes = not (diff and any(one.state != "in sync" for one in units))
    text = partial(_diff_lines if diff else _print_lines, units)
    return View("units", passes, list, text, partial(unit_fields, units, ()))


def _check_options(*, force: bool, **chosen: bool) -> None:
    given = [f"--{name}" for name, is_chosen in chosen.items() if is_chosen]
    if given[1:]:
        raise ConfigurationError(
            Problem(f"{' and '.join(given)} exclude each other", remedy="common-sync units --help")
        )
    if force and given not in (["--write"], ["--remove"]):
        raise ConfigurationError(Problem("--force is for --write and --remove", remedy="common-sync units --help"))


def _print_lines(units: "Sequence[Unit]", _options: Options) -> Iterator[str]:
    """Yield the text of units; of one alone nothing but that, so that it can go into a file."""
    shown = [one for one in units if one.text]
    for one in shown:
        if shown[1:]:
            yield f"# {printable(one.path)}"
        yield from one.text.removesuffix("\n").split("\n")
        if one is not shown[-1]:
            yield ""


def _check_lines(units: "Sequence[Unit]", findings: "Sequence[Finding]", options: Options) -> Iterator[str]:
    terminal = options.terminal
    for one in () if options.quiet else units:
        if one.finding is None and one.state == "in sync" and (one.enabled or one.is_helper):  # and not CS312 ignored
            yield f"{terminal.mark('✓')} {printable(one.path)}  in sync{'' if one.is_helper else ' and enabled'}"
    yield from finding_lines(findings, terminal, everything=options.verbose)


def _diff_lines(units: "Sequence[Unit]", options: Options) -> Iterator[str]:
    for one in units:
        where = one.path if one.held is not None else "/dev/null"
        yield from compared_lines(one.held or b"", one.text.encode(), where, f"{one.path} (as it should be)", options)


_MARKS = {"nothing": "·", "written": "✓", "removed": "✓", "refused": "✗"}


def _done_lines(units: "Sequence[Unit]", control: str, options: Options) -> Iterator[str]:
    terminal = options.terminal
    if not units and not options.quiet:
        yield "nothing to do"
    for one in units:
        if not options.quiet or one.action == "refused":
            yield f"{terminal.mark(_MARKS[one.action])} {printable(one.path)}  {_sentence(one, control)}"
    names = [
        one.name for one in units if one.action != "refused" and one.text and not one.enabled and not one.is_helper
    ]
    if names and not options.quiet and all(one.action != "removed" for one in units):
        yield f"to start them now and at every boot: {control} enable --now {' '.join(names)}"
    again = [one.name for one in units if one.action == "written" and one.enabled]
    if again and not options.quiet:
        yield f"these go on as before until: {control} restart {' '.join(again)}"


def _sentence(unit: "Unit", control: str) -> str:
    if unit.action == "refused":
        if unit.enabled and unit.state not in {"edited", "foreign"}:
            if unit.is_helper:
                return "left alone: a unit that starts it is enabled"
            return f"left alone: it is enabled; first: {control} disable --now {unit.name}"
        return f"left alone: {'it was edited' if unit.state == 'edited' else 'common-sync has not written it'} (--force keeps it beside)"
    what = {"nothing": "in sync", "written": "written", "removed": "removed"}[unit.action]
    return f"{what}; the former one is {printable(unit.kept)}" if unit.kept else what
