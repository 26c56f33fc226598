"""The master, and its copies."""
