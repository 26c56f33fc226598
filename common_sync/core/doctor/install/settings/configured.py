"""What an install is told by files of settings, whichever tool it is."""

from posixpath import join

from common_sync.core.doctor.image.files import Context, Image
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.markers import UNTOLD, Target, admits_python
from common_sync.core.doctor.install.need import read_text
from common_sync.core.doctor.install.project.projects import read_project
from common_sync.core.doctor.install.settings.pip import configured
from common_sync.core.doctor.install.settings.poetry_settings import configured_poetry
from common_sync.core.doctor.install.settings.uv import configured_uv
from common_sync.core.doctor.install.upward import upward
from common_sync.core.doctor.install.wheels import installs_for_itself


def configure(install: Install, image: Image, context: Context, target: Target = UNTOLD) -> Install:
    """Return an install with the options that files of settings in the image give it.

    Args:
        install: What is installed.
        image: The files that are there then.
        context: The build context that they came from.
        target: What is installed for, unless something has another Python used.
    """
    by_pip = configured(install, image, context)
    known = configured_poetry(configured_uv(by_pip, image, context), image, context)
    return known._replace(target=target) if _takes(known, target, image, context) else known


def _takes(install: Install, target: Target, image: Image, context: Context) -> bool:
    """Tell whether an install surely is for the image's own Python; uv may fetch another that a project wants."""
    if (
        install.tool not in {"pip", "uv"}
        or install.synced
        or install.folder is None
        or not installs_for_itself(install)
    ):
        return False
    if install.tool == "pip" or install.has("--system"):
        return True
    for folder in upward(install.folder):
        if any(image.look(join(folder, name)) is not None for name in (".python-version", ".python-versions")):
            return False
        place = image.look(join(folder, "pyproject.toml"))
        text = read_text(place, context) if place is not None else ""
        project = read_project(text) if text is not None else None
        if project is None or not admits_python(project.requires_python or "", target):
            return False
    return True
