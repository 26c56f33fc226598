"""What `doctor` knows: how an image is built, what an install reads, and whether it finds it there."""
