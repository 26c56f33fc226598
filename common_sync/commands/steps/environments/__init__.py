"""What the commands of environments, units and releases share."""
