"""What runs on other machines: each module is one file of the standard library for Python 3.7 and newer, sent as text."""
