"""Read and write files and folders."""
