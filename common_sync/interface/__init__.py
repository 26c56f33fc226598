"""What people and scripts meet: the command line, the hook, and how results are shown."""
