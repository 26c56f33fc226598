"""The configuration: `[tool.common-sync]` in pyproject.toml, or common-sync.toml. Parsed, not trusted.

Everything that is wrong is collected and reported at once, each with its line.
"""

import tomllib
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core.errors import Problem
from common_sync.core.paths import name_after
from common_sync.core.settings import Lines, Reader, Setting, tidy_path

if TYPE_CHECKING:
    from common_sync.core.library_settings import LibrarySettings
    from common_sync.core.model import Upstream
    from common_sync.core.pins import Pin
    from common_sync.core.service_settings import ServiceSettings

PYPROJECT = "pyproject.toml"
OWN_FILE = "common-sync.toml"
TABLE = "tool.common-sync"

KEYS = ("master", "services", "copy", "exclude", "managed", "ignore", "pins", "library", "service", "deploy")

MIN_FREE = 150 << 20
"""Bytes that must be free before an environment is built, unless the configuration says otherwise."""

MANAGED = ("dockerignore", "gitattributes")
"""The files that a managed block can be kept in."""


class Configuration(NamedTuple):
    """What the user asks for."""

    file: str  # the file that it was read from
    master: Setting  # the library's folder, relative to the root
    services: tuple[Setting, ...]  # folders or globs, relative to the root
    copy: Setting  # the copy's folder inside each service
    exclude: tuple[Setting, ...]  # gitignore patterns, after the built-in ones
    managed: frozenset[str] = frozenset(MANAGED)  # the files that a managed block is kept in, of `MANAGED`
    ignore: tuple[Setting, ...] = ()  # codes of the checks of `doctor` that are switched off
    service: "tuple[ServiceSettings, ...]" = ()  # how services are set up, for those that have settings of their own
    min_free: int = MIN_FREE  # how many bytes must be free before an environment is built
    pins: "tuple[Pin, ...]" = ()  # the services that stay at a tag or a commit of the library
    prefix: Setting | None = None  # what the name of each unit begins with; None for the root folder's name
    user: Setting | None = None  # who runs the services; None for the owner of each one's folder
    to: Setting | None = None  # the absolute path of the folder that releases are in; None where nothing is deployed
    keep: int = 3  # how many releases of a service are kept
    clean: Setting | None = None  # how often systemd runs `env clean`; None for never
    scope: Setting | None = None  # whose units are, `system` or `user`; None for the machine's
    library: "tuple[LibrarySettings, ...]" = ()  # the libraries that have tables of their own; `master` is the first one's
    upstream: "Upstream | None" = None  # where the master is, where that is another repository

    @property
    def is_of_user(self) -> bool:
        """Whether units are those of the user who runs the tool, and not the machine's."""
        return self.scope is not None and self.scope.value == "user"

    @property
    def masters(self) -> tuple[Setting, ...]:
        """The folders of all libraries."""
        return tuple(one.master for one in self.library) or (self.master,)

    @property
    def copies(self) -> tuple[str, ...]:
        """The folders of the copies inside a service, one for each library."""
        return tuple(one.copy.value for one in self.library) or (self.copy.value,)

    @property
    def all_pins(self) -> "tuple[tuple[Pin, ...], ...]":
        """The pins of all libraries, in their order."""
        return tuple(one.pins for one in self.library) or (self.pins,)


def name_table(file: str, table: str) -> str:
    """Return how a table of the configuration is headed in its file.

    Args:
        file: The configuration's file.
        table: The table's own name.
    """
    return f"[{TABLE}.{table}]" if file.endswith(PYPROJECT) else f"[{table}]"


def find_table(text: str, file: str) -> dict[str, object] | None:
    """Return the tool's own table, or None when the file has none.

    Args:
        text: The file's text.
        file: Its path; the name tells whether the keys stand at the top or in `[tool.common-sync]`.

    Raises:
        ValueError: It is not TOML, or what should be the table is something else.
    """
    document: dict[str, object] = tomllib.loads(text)
    if not file.endswith(PYPROJECT):
        return document
    tool = document.get("tool")
    table = tool.get("common-sync") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        message = f"[{TABLE}] is not a table"
        raise ValueError(message)
    return table


def parse_configuration(table: dict[str, object], text: str, file: str) -> tuple[Configuration, list[Problem]]:
    """Return the configuration and all that is wrong with it; what is wrong is left empty.

    Args:
        table: What `find_table` found.
        text: The file's text, where the lines are looked up.
        file: Its path, for messages.
    """
    reader = Reader(table, Lines.own(text, pyproject=file.endswith(PYPROJECT)), file)
    reader.check_keys(KEYS)
    library: tuple[LibrarySettings, ...] = ()
    if "library" in table:
        from common_sync.core.library_settings import read_libraries  # most projects have one library

        library = read_libraries(reader)
    upstream: Upstream | None = None
    if not library and reader.holds_table("master"):
        from common_sync.core.upstream_settings import read_upstream  # most masters are here

        master, upstream = read_upstream(reader)
    else:
        master = library[0].master if library else reader.folder("master", required="library" not in table)
    copy = library[0].copy if library else reader.folder("copy", required=False)
    if not copy.value:
        copy = Setting(upstream.name if upstream is not None else name_after(master.value), copy.line)
    services = tuple(setting._replace(value=tidy_path(setting.value)) for setting in reader.strings("services"))
    if table.get("services", []) == []:
        trouble = "is empty" if "services" in table else "is missing"
        reader.complain("services", f'key "services" {trouble}', 'services = ["services/*"]')
    managed = reader.words("managed", MANAGED) if "managed" in table else frozenset(MANAGED)
    exclude = library[0].exclude if library else reader.strings("exclude")
    ignore = reader.checks("ignore")
    configuration = Configuration(
        file, master, services, copy, exclude, managed, ignore, library=library, upstream=upstream
    )
    if "pins" in table and "library" not in table:
        from common_sync.core.pins import read_pins  # most projects pin nothing

        configuration = configuration._replace(pins=read_pins(reader))
    if "service" in table or "deploy" in table:
        from common_sync.core.service_settings import read_deploy, read_services  # most projects set up nothing

        configuration = configuration._replace(service=read_services(reader), **read_deploy(reader, MIN_FREE)._asdict())
    return configuration, reader.problems
