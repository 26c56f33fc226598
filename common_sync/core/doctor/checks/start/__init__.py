"""What an image is started with, and whether it is there."""
