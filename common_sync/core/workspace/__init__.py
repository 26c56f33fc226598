"""A uv workspace without the members that one of them does not need."""
