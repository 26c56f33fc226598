"""What a report says in words, in each of its forms."""

from common_sync.core.report.document import Document
from common_sync.interface.show.text import count


def verdict(document: Document) -> str:
    """Return in one sentence how the services stand."""
    total = len(document.services)
    good = sum(row.in_sync for row in document.services)
    if good < total:
        return f"{good:,} of {count(total, 'service')} {'is' if good == 1 else 'are'} in sync"
    few = {0: "No service is", 1: "The only service is", 2: "Both services are"}
    all_of_them = few.get(total, f"All {total:,} services are")
    return f"{all_of_them} in sync" + ("" if document.in_sync else ", but a file that belongs to no service is not")
