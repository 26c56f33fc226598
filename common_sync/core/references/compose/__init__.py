"""References to the library in compose files."""
