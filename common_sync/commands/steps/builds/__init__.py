"""What builds of services take, from which folder, and who starts them."""
