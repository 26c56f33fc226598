"""Follow a Dockerfile as the build would."""
