"""A collection of records in a store."""

from typing import Generic, TypeVar

from .errors import NotFoundError
from .models.base import Record
from .pagination import Page, PageParams
from .store import Store

RecordT = TypeVar("RecordT", bound=Record)


class Repository(Generic[RecordT]):
    """Save and load the records of one type.

    Each record is kept as JSON under its id; a list of ids keeps their order.
    """

    def __init__(self, store: Store, name: str, record_type: type[RecordT]) -> None:
        """Use the part of the store that begins with the collection's name."""
        self._store = store
        self._name = name
        self._record_type = record_type

    async def add(self, record: RecordT) -> None:
        """Save a new record at the end of the collection."""
        # The record comes first: an id in the list must lead to something.
        await self.replace(record)
        await self._store.append(f"{self._name}:ids", record.id)

    async def replace(self, record: RecordT) -> None:
        """Save a new version of a record that is already in the collection."""
        await self._store.put(f"{self._name}:{record.id}", record.model_dump_json())

    async def get(self, record_id: str) -> RecordT:
        """Return a record, or raise NotFoundError."""
        text = await self._store.get(f"{self._name}:{record_id}")
        if text is None:
            message = f"There is no {record_id!r} in {self._name}."
            raise NotFoundError(message)
        return self._record_type.model_validate_json(text)

    async def page(self, params: PageParams) -> Page[RecordT]:
        """Return one page of the collection, oldest record first."""
        ids = f"{self._name}:ids"
        total = await self._store.length(ids)
        wanted = await self._store.slice(ids, params.start, params.size)
        items = [await self.get(record_id) for record_id in wanted]
        return Page(items=items, page=params.page, size=params.size, total=total)
