"""What installers are told elsewhere than by the names and files of a command."""
