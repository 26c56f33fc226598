"""The report as people see it: a page, a picture, a table, a document."""
