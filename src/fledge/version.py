"""The version of this fledge, which every checkpoint names."""

__version__ = "0.1.0"
