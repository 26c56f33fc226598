"""What an install command reads and asks for."""
