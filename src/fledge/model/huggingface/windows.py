"""Sliding windows of attention: computed where no text is longer than the window."""

import logging
from collections.abc import Collection

from fledge.errors import CheckpointError
from fledge.model.huggingface.settings import Settings

MISTRAL_WINDOW = 4096
"""Window of a Mistral that names none."""
FULL, SLIDING = "full_attention", "sliding_attention"

_log = logging.getLogger(__name__)


def context_in(settings: Settings, window: int | None) -> int:
    """Return the context: within `window`, where each token sees all before it as without one.

    A longer context is cut to the window, with a warning.
    """
    context = settings.integer("max_position_embeddings")
    if window is None or context <= window:
        return context
    _log.warning(
        "the model's context of %s tokens is cut to its sliding window of %s, because fledge "
        "computes no attention beyond a window; within it every answer is the same",
        f"{context:,}",
        f"{window:,}",
    )
    return window


def mistral_window(settings: Settings) -> int | None:
    """Read the window of a Mistral; null is none, and absent is 4,096.

    Raises:
        CheckpointError: it is no number above 0.
    """
    if "sliding_window" in settings.values and settings.values["sliding_window"] is None:
        return None
    return settings.integer("sliding_window", MISTRAL_WINDOW)


def qwen_window(settings: Settings) -> int | None:
    """Read the window of a Qwen; None where no layer has one.

    Raises:
        CheckpointError: a layer has another kind of attention, or a window without a size.
    """
    is_on = settings.flag("use_sliding_window", False)
    kinds = _kinds(settings)
    layers = settings.integer("num_hidden_layers")
    if kinds is None:
        # Layers below this number see everything; transformers' default is 28.
        has_window = is_on and settings.count("max_window_layers", 28) < layers
    else:
        has_window = SLIDING in kinds
    if is_on and settings.values.get("sliding_window") is None:
        raise CheckpointError("'use_sliding_window' is true, but 'sliding_window' has no size")
    if has_window and not is_on:
        raise CheckpointError(
            f"option 'layer_types' has {SLIDING!r}, but 'use_sliding_window' is not true"
        )
    return settings.integer("sliding_window") if has_window else None


def _kinds(settings: Settings) -> Collection[str] | None:
    kinds = settings.values.get("layer_types")
    if kinds is None:
        return None
    if not isinstance(kinds, list) or any(kind not in (FULL, SLIDING) for kind in kinds):
        raise CheckpointError(
            f"option 'layer_types' is {kinds!r}; fledge computes only {FULL!r}, and {SLIDING!r} "
            "where the context is within the window"
        )
    return kinds
