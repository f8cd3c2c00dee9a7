"""Serve models to people and programs: a web chat and an OpenAI-compatible API.

`api`, `web` and `accounts` hold the routes of programs, of the chat and of accounts. `show` renders
pages, `http` checks every request, `models` runs the models, and `people` knows who asks and how
much they may.
"""

from fledge.serve.app import create_app
from fledge.serve.models.registry import ServedModel

__all__ = ["ServedModel", "create_app"]
