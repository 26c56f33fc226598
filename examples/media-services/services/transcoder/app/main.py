"""The application that uvicorn runs: ``app.main:app``."""

from media_common.application import create_app
from media_common.settings import Settings

from . import jobs


class TranscoderSettings(Settings):
    """The settings of the transcoder."""

    service_name: str = "transcoder"


app = create_app(TranscoderSettings(), jobs.router)
