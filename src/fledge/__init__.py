"""fledge raises a chat model: from raw text, to demonstrations, to human feedback."""

__version__ = "0.1.0"
