"""Answering with one page of a long list."""

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

ItemT = TypeVar("ItemT")


class PageParams(BaseModel):
    """Which page a client asks for."""

    page: int = Field(default=1, ge=1, description="The page's number, from 1.")
    size: int = Field(default=20, ge=1, le=100, description="Items on a page.")

    @property
    def start(self) -> int:
        """The position of the page's first item in the whole list, from 0."""
        return (self.page - 1) * self.size


class Page(BaseModel, Generic[ItemT]):
    """One page of items, and how many there are in all."""

    items: list[ItemT]
    page: int
    size: int
    total: int


PageDep = Annotated[PageParams, Query()]
