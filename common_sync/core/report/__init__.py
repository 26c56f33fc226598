"""What a report says: how services stand now, and how they stood."""
