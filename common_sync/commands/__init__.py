"""One command, one module, one function that returns a result; nothing here prints."""
