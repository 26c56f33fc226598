"""YAML documents as trees that know where they are written."""
