"""What the tests build on."""
