"""The files of an image while it is built."""
