"""What `doctor` finds in a service and in the repository around it."""
