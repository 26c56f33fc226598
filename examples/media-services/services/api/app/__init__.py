"""The API: users and the media that they upload."""
