"""Compose files: what they build, mount and include."""
