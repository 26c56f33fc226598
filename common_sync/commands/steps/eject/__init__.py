"""How `eject` puts references and build contexts back."""
