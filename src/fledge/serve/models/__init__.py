"""Models behind the server: on disk, in memory or on another server."""
