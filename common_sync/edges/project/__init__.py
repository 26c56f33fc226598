"""The configuration, and what it comes to on this disk."""
