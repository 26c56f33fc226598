"""The application that uvicorn runs: ``app.main:app``."""

from media_common.application import create_app
from media_common.settings import Settings

from . import routes


class OrchestratorSettings(Settings):
    """The settings of the orchestrator."""

    service_name: str = "orchestrator"


app = create_app(OrchestratorSettings(), routes.router)
