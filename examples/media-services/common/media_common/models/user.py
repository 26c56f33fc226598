"""Users: who owns media, and who is told about it."""

from pydantic import Field

from .base import Record, Value


class NewUser(Value):
    """What a client sends to create a user."""

    # Only the shape is checked: whether an address works is known by writing to it.
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)
    display_name: str = Field(min_length=1, max_length=100)
    wants_notifications: bool = True


class User(NewUser, Record):
    """One user of the media services."""
