"""The people of a server: who asks, and how much they may use."""
