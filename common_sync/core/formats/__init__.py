"""Parsers with exact places: they know nothing of libraries or copies."""
