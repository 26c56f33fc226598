"""The route that tells an orchestrator or a load balancer whether a service works."""

import asyncio
import json
from typing import Literal
from urllib.request import urlopen

from fastapi import APIRouter
from pydantic import BaseModel, ValidationError

from .dependencies import StoreDep
from .running import RUNNING
from .settings import Settings

_SECONDS_FOR_A_PEER = 2.0


class Running(BaseModel):
    """The state of the library that a process has imported; nothing where that cannot be told."""

    library: str
    version: str | None
    digest: str | None


class Health(BaseModel):
    """The answer of a service whose store works.

    It is degraded where a service that it calls does not answer, or runs another state of the library.
    """

    status: Literal["ok", "degraded"] = "ok"
    service: str
    common_sync: Running
    peers: dict[str, Running | None] = {}


def make_health_router(settings: Settings) -> APIRouter:
    """Make the router for one service."""
    router = APIRouter(tags=["health"])
    running = Running.model_validate(RUNNING)

    @router.get("/health")
    async def health(store: StoreDep, *, ask_peers: bool = True) -> Health:
        """Answer 200 if the service and its store work, and 503 if the store fails."""
        await store.ping()
        asked = settings.peers if ask_peers else ()
        peers = dict(zip(asked, await asyncio.gather(*(_ask(peer) for peer in asked)), strict=True))
        status = "ok" if all(_agree(running, peer) for peer in peers.values()) else "degraded"
        return Health(status=status, service=settings.service_name, common_sync=running, peers=peers)

    return router


def _agree(running: Running, peer: Running | None) -> bool:
    """Tell whether a peer answers, and is not known to run another state of the library."""
    return peer is not None and (None in {running.digest, peer.digest} or running.digest == peer.digest)


async def _ask(peer: str) -> Running | None:
    """Return what a peer runs, or nothing if it does not say so."""
    try:
        return Running.model_validate(await asyncio.to_thread(_read, peer))
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None


def _read(peer: str) -> object:
    # A peer must not ask its own peers, or two services that call each other would never answer.
    with urlopen(f"{peer}/health?ask_peers=false", timeout=_SECONDS_FOR_A_PEER) as answer:
        return json.load(answer)["common_sync"]
