"""What `detect` is made of: the files of a repository, what they say about other folders, and who uses a library."""
