"""What stands where a copy is to be and is none of this library: it is refused before anything is written."""

from common_sync.core.errors import Problem, TreeError
from common_sync.core.model import Entries
from common_sync.core.paths import MANIFEST_NAME, ancestors
from common_sync.edges.library.copies import holds_manifest


def move_in_two_steps(copy: str, library: str | None = None) -> str:
    """Return how the copies of a library get to a place where something else stands.

    Args:
        copy: The place, a path in each service.
        library: The library's name, where there are several.
    """
    where = f" in {library}" if library is not None else ""
    return f'set copy = "new-{copy.rpartition("/")[2]}"{where} and run distribute, and then copy = "{copy}"'


def refuse_nested(folder: int, service: str, place: str, held: Entries) -> None:
    """Refuse to make a copy around another one, or in one: each would be taken for files of the other.

    Args:
        folder: The service's folder, an open descriptor.
        service: The service's path from the root.
        place: The copy's path in it.
        held: What is there.

    Raises:
        TreeError: It would be.
    """
    above = next((one for one in ancestors(place) if holds_manifest(folder, one)), None)
    inner = next((path for path in held if path.endswith(f"/{MANIFEST_NAME}")), None)
    if above is not None or inner is not None:
        other = f"lies in another copy, {above}" if inner is None else f"holds another copy, {inner.rpartition('/')[0]}"
        raise TreeError(Problem(f"{other}: nothing was written", f"{service}/{place}", remedy=move_in_two_steps(place)))


def refuse_own(held: Entries, library: Entries, copy_path: str, copy: str) -> None:
    """Refuse to take a service's own package for a copy: it holds modules, and nothing in it is the library's.

    Args:
        held: What is there.
        library: What the copy should hold.
        copy_path: The copy's path from the root.
        copy: Its path in the service.

    Raises:
        TreeError: It is one.
    """
    telling = {path for path in held if path.endswith(".py") and not path.endswith("__init__.py")}
    contents = {library[path] for path in library if not path.endswith("__init__.py")}
    if telling and not telling & library.keys() and not contents.intersection(held.values()):
        message = "holds files of its own, and not one of the library's: it is no copy, so nothing was written"
        remedy = f'set another folder for copies in the configuration, for example copy = "libs/{copy}"'
        raise TreeError(Problem(message, copy_path, remedy=remedy))
