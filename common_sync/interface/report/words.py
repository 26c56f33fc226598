"""What a report says in words, in each of its forms."""

from common_sync.core.report.document import Document
from common_sync.interface.show.text import count


def verdict(document: Document) -> str:
    """Return in one sentence how the services stand."""
    total = len(document.services)
    good = sum(row.in_sync for row in document.services)
    if good < total:
        return f"{good:,} of {count(total, 'service')} {'is' if good == 1 else 'are'} in sync"
    all_of_them = "The only service is" if total == 1 else f"All {total:,} services are" if total else "No service is"
    return f"{all_of_them} in sync" + ("" if document.in_sync else ", but a file that belongs to no service is not")
