"""A service's files."""
