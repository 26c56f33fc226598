"""The fleet: what other machines are asked."""
