"""Where poetry makes its environments, by `poetry.toml`.

Source: https://python-poetry.org/docs/configuration/#local-configuration.
"""

from posixpath import join

from common_sync.core.doctor.image.files import Context, Image
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import read_text
from common_sync.core.formats.tables import find_table
from common_sync.core.formats.toml import parse_toml
from common_sync.core.text import UnparsableError

IN_PROJECT, CREATE = "virtualenvs.in-project", "virtualenvs.create"
"""Settings, by the names that `poetry config` takes."""


def configured_poetry(install: Install, image: Image, context: Context) -> Install:
    """Return an install by poetry with the settings of the `poetry.toml` beside its project.

    Args:
        install: What is installed.
        image: The files that are there then.
        context: The build context that they came from.
    """
    place = image.look(join(install.folder, "poetry.toml")) if install.tool == "poetry" and install.folder else None
    text = read_text(place, context) if place is not None and place.kind == "file" else None
    try:
        table = find_table(parse_toml(text or "").tables, "virtualenvs")
    except UnparsableError:
        return install  # poetry itself ends there
    given = ((name, table.get(name.partition(".")[2])) for name in (IN_PROJECT, CREATE))
    more = tuple((name, str(value).lower()) for name, value in given if value is not None)
    return install._replace(options=(*install.options, *more))
