"""What pins and the lock come to."""
