"""The demo: a small chat model raised from text that is already on the machine."""
