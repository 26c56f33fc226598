"""Keep a byte-exact, self-verifying copy of a shared library inside every service that needs it."""

__version__ = "0.1.0"
