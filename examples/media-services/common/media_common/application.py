"""The application that every service starts from."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from .dependencies import make_store
from .errors import install_error_handlers
from .health import make_health_router
from .logs import configure_logging
from .middleware import RequestIdMiddleware
from .settings import Settings

_logger = logging.getLogger(__name__)


def create_app(settings: Settings, *routers: APIRouter) -> FastAPI:
    """Create a service's application: its own routes, and what all services have."""
    configure_logging(settings.service_name, settings.log_level)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = make_store(settings)
        app.state.store = store
        _logger.info("started", extra={"store": settings.store})
        try:
            yield
        finally:
            await store.close()

    app = FastAPI(title=settings.service_name, lifespan=lifespan)
    app.add_middleware(RequestIdMiddleware)
    install_error_handlers(app)
    for router in (make_health_router(settings), *routers):
        app.include_router(router)
    return app
