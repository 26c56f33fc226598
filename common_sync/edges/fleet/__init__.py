"""Other machines: the inventory on the disk, and asking many hosts at once."""
