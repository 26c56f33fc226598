"""The application that uvicorn runs: ``app.main:app``."""

from media_common.application import create_app
from media_common.settings import Settings

from . import notifications


class NotifierSettings(Settings):
    """The settings of the notifier."""

    service_name: str = "notifier"


app = create_app(NotifierSettings(), notifications.router)
