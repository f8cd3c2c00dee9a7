"""The prompts that PPO's policy answers: read, rendered, and parted by first question."""

from collections.abc import Mapping
from dataclasses import dataclass

from fledge.data.prompts import prompt_from
from fledge.data.records import Placed, Skipped
from fledge.data.rendering import render_prompts
from fledge.data.sources import load_placed
from fledge.data.splits import split_conversations
from fledge.errors import ConfigError
from fledge.stages.ppo.config import PPOConfig
from fledge.text.conversation import Conversation
from fledge.text.renderer import Renderer

HELD_OUT = 64
"""Held-out prompts that an evaluation answers, at most."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """Prompts as ids, and what each says."""

    train: tuple[tuple[int, ...], ...]
    held_out: tuple[tuple[int, ...], ...]
    texts: Mapping[tuple[int, ...], str]


def read_prompts(
    config: PPOConfig, renderer: Renderer, seed: int, skipped: Skipped | None
) -> Prompts:
    """Load, render and split by first question; each leaves room for a whole answer.

    Raises:
        ConfigError: the context has no room for prompt and answer.
        RecordError: a prompt does not fit, unless `skipped` collects it.
    """
    context_length, answer = renderer.context_length, config.rollout.max_new_tokens
    if answer >= context_length - 1:
        raise ConfigError(
            f"stage.rollout.max_new_tokens is {answer}, but the policy's context holds "
            f"{context_length} tokens, prompt included; lower it"
        )
    placed: dict[Conversation, Placed[Conversation]] = {}
    for one in load_placed(config.prompts, prompt_from, skipped=skipped):
        placed.setdefault(one.item, one)
    rendered = dict(
        render_prompts(
            list(placed.values()),
            renderer.tokenizer,
            renderer.template,
            context_length - answer,
            skipped,
        )
    )
    if not rendered:
        raise ConfigError(
            f"no prompt leaves room for an answer of {answer} tokens in a context of "
            f"{context_length}; lower stage.rollout.max_new_tokens"
        )
    train, held_out = split_conversations(list(rendered), config.held_out_fraction, seed)
    return Prompts(
        train=tuple(rendered[one] for one in train),
        held_out=tuple(rendered[one] for one in held_out[:HELD_OUT]),
        texts={ids: prompt_text(one) for one, ids in rendered.items()},
    )


def prompt_text(conversation: Conversation) -> str:
    """What a reward function sees of a prompt: its messages, separated by blank lines."""
    return "\n\n".join(message.content for message in conversation.messages)
