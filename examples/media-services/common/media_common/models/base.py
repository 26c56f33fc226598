"""What all models have in common."""

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Value(BaseModel):
    """A model that does not change, and that refuses fields it does not know.

    A misspelt field is an error at the service that sent it, not a puzzle at the one
    that reads it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class Record(Value):
    """Something that is kept in a store under its id."""

    id: str
    created_at: AwareDatetime
