"""The application that uvicorn runs: ``app.main:app``."""

from media_common.application import create_app
from media_common.settings import Settings

from . import media, users


class ApiSettings(Settings):
    """The settings of the API."""

    service_name: str = "api"


app = create_app(ApiSettings(), users.router, media.router)
