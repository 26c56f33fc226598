"""The route that tells an orchestrator or a load balancer whether a service works."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from .dependencies import StoreDep


class Health(BaseModel):
    """The answer of a service that works."""

    status: Literal["ok"] = "ok"
    service: str


def make_health_router(service_name: str) -> APIRouter:
    """Make the router for one service."""
    router = APIRouter(tags=["health"])

    @router.get("/health")
    async def health(store: StoreDep) -> Health:
        """Answer 200 if the service and its store work, and 503 if the store fails."""
        await store.ping()
        return Health(service=service_name)

    return router
