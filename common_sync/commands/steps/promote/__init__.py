"""How `promote` takes edits of copies home."""
