"""Read the inventory, and find the services and hosts that it names."""

import os

from common_sync.core import limits
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.fleet.hosts import UnusableHostsError
from common_sync.core.fleet.inventory import (
    CLONE,
    COMPOSE,
    INVENTORY,
    Inventory,
    Place,
    Site,
    find_clashes,
    find_shared_clones,
    list_places,
    parse_inventory,
)
from common_sync.core.fleet.waves import find_strangers
from common_sync.edges.files.folders import explain_os_error, read_regular
from common_sync.edges.fleet.hosts import find_hosts
from common_sync.edges.project.load import Project, select_services


def load_inventory(root: str, file: str | None) -> Inventory:
    """Return the inventory.

    Args:
        root: The absolute path of the configuration's folder.
        file: The inventory's path; None for the one beside the configuration.

    Raises:
        ConfigurationError: There is none, or something in it is wrong; all that is wrong is reported at once.
    """
    path = file if file is not None else os.path.join(root, INVENTORY)
    text = _read_text(path)
    try:
        inventory, problems = parse_inventory(text, path)
    except (ValueError, RecursionError) as error:
        from common_sync.core.formats.toml_errors import toml_problem  # most inventories are TOML

        raise ConfigurationError(toml_problem(error, text, path)) from None
    if problems:
        raise ConfigurationError(*sorted(problems, key=lambda problem: (problem.line or 0, problem.message)))
    return inventory


def _read_text(path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        remedy = "docs/fleet.md shows one; --inventory FILE names another file"
        raise ConfigurationError(Problem("there is no inventory", path, remedy=remedy)) from None
    except OSError as error:
        raise explain_os_error(error, path, "read it") from error
    try:
        return read_regular(descriptor, limits.CONFIGURATION).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise explain_os_error(error, path, "read it") from error
    finally:
        os.close(descriptor)


def find_sites(project: Project, inventory: Inventory, ssh_config: str | None = None) -> list[Site]:
    """Return all targets, once for each of their hosts.

    Args:
        project: The project.
        inventory: The inventory.
        ssh_config: The path of ssh's configuration; None for the user's own.

    Raises:
        ConfigurationError: A service is unknown, there is no host where several are listed, two targets name one place, or two one clone.
    """
    sites: list[Site] = []
    problems: list[Problem] = []
    told: dict[str, str] = {}
    above = os.path.dirname(os.path.abspath(inventory.file))
    for target in inventory.targets:
        try:
            (service,) = select_services(project, [target.service.value])
        except ConfigurationError as error:
            problems += [one._replace(file=inventory.file, line=target.service.line) for one in error.problems]
            continue
        copies = len(project.libraries_of(service))
        if copies > 1 and (target.containers or target.kind == COMPOSE):
            message = f"{service} has copies of {copies} libraries, and containers are asked about one"
            remedy = f'take `containers` out of the target, and use kind = "{CLONE}"'
            problems.append(Problem(message, inventory.file, target.line, remedy))
        try:
            hosts = find_hosts(target.hosts, above, ssh_config, told) if target.hosts is not None else [target.host]
        except UnusableHostsError as error:
            problems.append(Problem(error.message, inventory.file, target.line, error.remedy))
            continue
        sites += (Site(host, service, target) for host in hosts)
    places = [place for site in sites for place in find_places(project, site)]
    problems += (*find_clashes(places, inventory.file), *find_shared_clones(sites, inventory.file))
    problems += find_strangers(inventory.order, sites, inventory.file) if not problems else ()
    if problems:
        raise ConfigurationError(*sorted(problems, key=lambda problem: (problem.line or 0, problem.message)))
    return sites


def find_places(project: Project, site: Site) -> list[Place]:
    """Return the places of a target on one of its hosts; none where its service takes its library from an index."""
    return [*list_places(site, [library.copy for library in project.libraries_of(site.service)])]
