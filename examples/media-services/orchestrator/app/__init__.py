"""The orchestrator: follows each upload through the other services."""
