"""What the services of the greenhouse share: readings, where they are stored, and how they arrive."""
