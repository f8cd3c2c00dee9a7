"""The web chat: its pages, and the API that they call."""
