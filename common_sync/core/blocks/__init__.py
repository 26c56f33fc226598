"""Managed blocks: the tool's own lines in files that people write."""
