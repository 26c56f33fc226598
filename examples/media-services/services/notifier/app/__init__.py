"""The notifier: tells users what became of their media."""
