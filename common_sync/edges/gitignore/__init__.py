"""Gitignore patterns and files."""
