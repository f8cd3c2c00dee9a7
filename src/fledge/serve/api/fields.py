"""Refuse fields of a request that an answer would silently lack."""

import json

from fledge.serve.errors import ApiError, unsupported
from fledge.serve.models.registry import Model, UpstreamModel
from fledge.serve.schemas.common import Body
from fledge.serve.schemas.fields import NEUTRAL, UNTRANSLATED, refused


def refuse_unread(body: Body, model: Model | None = None) -> None:
    """Raise `ApiError` for an undeclared field that would change the answer.

    The model of an upstream is sent what it may know, except fields whose replies are not
    translated.
    """
    for name in refused(body):
        if not isinstance(model, UpstreamModel) or name in UNTRANSLATED:
            raise _refusal(name)


def _refusal(name: str) -> ApiError:
    neutral = " or ".join(map(json.dumps, NEUTRAL[name]))
    hint = f"leave it out, or send {neutral}" if neutral else "leave it out"
    return unsupported(name, f"{name} is not supported; {hint}.")
