"""Read the prompts of PPO, render them, and hold some out by their beginning."""

from collections.abc import Collection, Mapping, Sequence
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
"""Maximum held-out prompts that an evaluation answers."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """Prompts as ids, to train on, held out, and of the monitor; and the text of each."""

    train: tuple[tuple[int, ...], ...]
    held_out: tuple[tuple[int, ...], ...]
    monitored: tuple[tuple[int, ...], ...]
    texts: Mapping[tuple[int, ...], str]


def read_prompts(config: PPOConfig, renderer: Renderer, skipped: Skipped | None) -> Prompts:
    """Read and render the prompts that leave room for a whole answer, then hold some out.

    Raises:
        ConfigError: no prompt leaves room for an answer in the context, or the monitor's prompts
            are trained on too.
        RecordError: a prompt is too long, unless `skipped` collects it.
    """
    context_length, answer = renderer.context_length, config.rollout.max_new_tokens
    if answer >= context_length - 1:
        raise ConfigError(
            f"stage.rollout.max_new_tokens is {answer}, but the policy's context holds "
            f"{context_length} tokens, prompt included; lower it"
        )
    monitor = config.score.monitor
    rendered = _rendered(config.prompts, config, renderer, skipped)
    monitored = {} if monitor is None else _rendered(monitor.prompts, config, renderer, skipped)
    refuse_shared(rendered, monitored)
    train, held_out = split_conversations(list(rendered), config.held_out_fraction)
    return Prompts(
        train=tuple(rendered[one] for one in train),
        held_out=tuple(rendered[one] for one in held_out[:HELD_OUT]),
        monitored=tuple(monitored.values()),
        texts={ids: prompt_text(one) for one, ids in (monitored | rendered).items()},
    )


def refuse_shared(prompts: Collection[Conversation], monitored: Collection[Conversation]) -> None:
    """Refuse prompts of the monitor that the policy is trained on: it would see no falling.

    Raises:
        ConfigError: there are some; the message counts them.
    """
    shared = [one for one in monitored if one in prompts]
    if shared:
        raise ConfigError(
            f"stage.score.monitor.prompts: expected prompts that nothing is trained on, found "
            f"{len(shared):,} of {len(monitored):,} in stage.prompts too; take them out of one"
        )


def _rendered(
    sources: Sequence[str], config: PPOConfig, renderer: Renderer, skipped: Skipped | None
) -> dict[Conversation, tuple[int, ...]]:
    """Return the ids of every different prompt that leaves room for an answer."""
    context_length, answer = renderer.context_length, config.rollout.max_new_tokens
    placed: dict[Conversation, Placed[Conversation]] = {}
    for one in load_placed(sources, prompt_from, skipped=skipped, kind="prompts"):
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
    return rendered


def prompt_text(conversation: Conversation) -> str:
    """Join the messages of a prompt by blank lines, for reward functions."""
    return "\n\n".join(message.content for message in conversation.messages)
