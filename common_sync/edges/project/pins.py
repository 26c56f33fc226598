"""Who is pinned: the services that stay at a tag or a commit of a library, as the configuration names them."""

from collections.abc import Mapping, Sequence

from common_sync.core.configuration import Configuration
from common_sync.core.copies.library import Library
from common_sync.core.errors import Problem
from common_sync.edges.project.services import count_hidden, index_names, near_name


def assign_pins(
    root: str, configuration: Configuration, libraries: Sequence[Library], services: Sequence[str]
) -> tuple[tuple[Library, ...], list[Problem]]:
    """Return the libraries with what services are pinned to, and what is wrong with whom the pins are for.

    Args:
        root: The absolute path of the configuration's folder.
        configuration: The configuration.
        libraries: The libraries, in its order.
        services: The services' folders.
    """
    problems: list[Problem] = []
    pinned, known = [], index_names(services)
    for library, pins in zip(libraries, configuration.all_pins, strict=True):
        assigned: dict[str, str] = {}
        for (name, line), ref in pins:
            found = known.get(name, [])
            if not found and count_hidden(root, name):
                assigned[name] = ref  # a sparse checkout has not this one, and it is pinned all the same
            elif wrong := _explain_fault(name, found, services, library, assigned):
                problems.append(Problem(f'"pins": "{name}" {wrong[0]}', configuration.file, line, wrong[1]))
            else:
                assigned[found[0]] = ref
        pinned.append(library._replace(pins=assigned))
    return tuple(pinned), problems


def _explain_fault(
    name: str, found: Sequence[str], services: Sequence[str], library: Library, assigned: Mapping[str, str]
) -> tuple[str, str] | None:
    """Return what is wrong with whom a pin is for, and what to do; None where it is one service."""
    if not found:
        return "is no service", near_name(name, services)
    one_of = f"name one of {', '.join(found)}"
    if found[1:]:
        return "is more than one service", one_of
    if found[0] in assigned:
        return "is pinned twice", "take one of the two out"
    if not library.takes(found[0]):
        return f"does not get {library.name}", f'add "{found[0]}" to its `services`, or take the pin out'
    return None
