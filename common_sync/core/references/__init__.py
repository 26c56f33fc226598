"""What leads to the library in each kind of file, and the edits that make it lead to the copy: text in, edits out."""
