"""The chat page and its API: conversations, running answers, opinions and exports."""
