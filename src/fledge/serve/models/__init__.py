"""The models behind the server, on disk, in memory or on another server, and what asks them."""
