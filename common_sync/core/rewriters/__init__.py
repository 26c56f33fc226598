"""References to the library in each kind of file, and the edits that make them lead to the copy: text in, edits out."""
