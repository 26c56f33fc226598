"""What builds of services take, from which folder, who starts them, and which scripts copy by hand before."""
