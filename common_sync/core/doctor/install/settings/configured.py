"""What an install is told by files of settings, whichever tool it is."""

from common_sync.core.doctor.image.files import Context, Image
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.settings.pip import configured
from common_sync.core.doctor.install.settings.poetry_settings import configured_poetry
from common_sync.core.doctor.install.settings.uv import configured_uv


def configure(install: Install, image: Image, context: Context) -> Install:
    """Return an install with the options that files of settings in the image give it.

    Args:
        install: What is installed.
        image: The files that are there then.
        context: The build context that they came from.
    """
    by_pip = configured(install, image, context)
    return configured_poetry(configured_uv(by_pip, image, context), image, context)
