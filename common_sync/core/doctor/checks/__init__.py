"""What is wrong with a service, check by check."""
