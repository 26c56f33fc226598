"""Environments on the disk, and the programs that make them: uv, pip, interpreters."""
