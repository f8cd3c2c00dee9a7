"""Serve models to people and programs: a web chat and an OpenAI-compatible API."""

from fledge.serve.app import create_app
from fledge.serve.models.registry import ServedModel

__all__ = ["ServedModel", "create_app"]
