"""What the files of a project say of its install, and what its build needs."""
