"""What every media service shares: settings, logs, errors, storage and models."""
