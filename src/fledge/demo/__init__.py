"""The embedded default: a small chat model raised from what is already on the machine."""
