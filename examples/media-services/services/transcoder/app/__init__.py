"""The transcoder: turns an upload into files that players understand."""
