"""The edges: everything that touches the disk, git, another process or the clock, one module each."""
