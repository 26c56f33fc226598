"""What the tool remembers beside the repository: the lock, discarded edits, rewritten lines."""
