"""References to the library in Dockerfiles."""
