"""What people and scripts meet: command line, hook, and how results are shown."""
