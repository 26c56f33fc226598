"""Settings, read from the environment."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The settings that every service has.

    A service subclasses this to name itself and to add its own. Each field is read
    from the environment variable ``MEDIA_`` + its name in capitals.
    """

    model_config = SettingsConfigDict(env_prefix="MEDIA_", frozen=True)

    service_name: str = "media"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    # Memory is the default so that a service starts on a laptop that has no Redis.
    store: Literal["memory", "redis"] = "memory"
    redis_url: str = "redis://localhost:6379/0"
    redis_timeout_seconds: float = Field(default=2.0, gt=0)

    # The services that this one calls, as http://host:port; /health compares their library with its own.
    peers: tuple[str, ...] = ()
