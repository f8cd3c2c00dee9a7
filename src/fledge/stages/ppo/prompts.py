"""Read the prompts of PPO, render them, and hold some out by their beginning."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fledge.data.prompts import prompt_from
from fledge.data.records import Placed, Skipped
from fledge.data.rendering import render_prompts
from fledge.data.sources import load_placed
from fledge.data.splits import split_conversations
from fledge.errors import ConfigError
from fledge.stages.ppo.columns import ANYTHING, Ids, Row, Wanted, asked_by, rows_by_ids
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.ppo.reward_functions import Functions, names_a_function
from fledge.text.conversation import Conversation
from fledge.text.renderer import Renderer

HELD_OUT = 64
"""Maximum held-out prompts that an evaluation answers."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """Prompts as ids, to train on, held out, and of the monitor; the text and record of each."""

    train: tuple[Ids, ...]
    held_out: tuple[Ids, ...]
    monitored: tuple[Ids, ...]
    texts: Mapping[Ids, str]
    rows: Mapping[Ids, Row]
    monitored_rows: Mapping[Ids, Row]


@dataclass(frozen=True, slots=True)
class Rendered:
    """Different prompts with their ids, and the record of each."""

    ids: Mapping[Conversation, Ids]
    rows: Mapping[Ids, Row]


def read_prompts(
    config: PPOConfig,
    renderer: Renderer,
    skipped: Skipped | None,
    functions: Functions | None = None,
) -> Prompts:
    """Read and render the prompts that leave room for a whole answer, then hold some out.

    `functions` may take columns of the files; None leaves them unknown.

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
    trained, watched = taken_by(functions, config)
    monitor = config.score.monitor
    read = _rendered(config.prompts, config, renderer, skipped, trained)
    monitored = (
        Rendered({}, {})
        if monitor is None
        else _rendered(monitor.prompts, config, renderer, skipped, watched)
    )
    refuse_shared(read.ids, monitored.ids)
    train, held_out = split_conversations(list(read.ids), config.held_out_fraction)
    texts = {**monitored.ids, **read.ids}
    return Prompts(
        train=tuple(read.ids[one] for one in train),
        held_out=tuple(read.ids[one] for one in held_out[:HELD_OUT]),
        monitored=tuple(monitored.ids.values()),
        texts={ids: prompt_text(one) for one, ids in texts.items()},
        rows=read.rows,
        monitored_rows=monitored.rows,
    )


def taken_by(
    functions: Functions | None, config: PPOConfig
) -> tuple[tuple[Wanted, ...], tuple[Wanted, ...]]:
    """Return what functions take from the prompts' files, and what the judge does from its own.

    Of functions that are not loaded yet any field may be a parameter: no warning calls it unread.
    """
    if functions is None:
        monitor = config.score.monitor
        reads = names_a_function(config.reward) or config.score.gold is not None
        return (ANYTHING,) if reads else (), () if monitor is None else (ANYTHING,)
    trained = (Wanted.of(one) for one in (functions.reward, functions.gold) if one is not None)
    return tuple(trained), () if functions.judge is None else (Wanted.of(functions.judge),)


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
    sources: Sequence[str],
    config: PPOConfig,
    renderer: Renderer,
    skipped: Skipped | None,
    wanted: Sequence[Wanted],
) -> Rendered:
    """Return the ids of every different prompt that leaves room for an answer."""
    context_length, answer = renderer.context_length, config.rollout.max_new_tokens
    asked = load_placed(sources, asked_by(prompt_from, wanted), skipped=skipped, kind="prompts")
    placed: dict[Conversation, Placed[Conversation]] = {}
    for one in asked:
        conversation = one.item.conversation
        placed.setdefault(conversation, Placed(conversation, one.path, one.line))
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
    return Rendered(rendered, rows_by_ids(asked, rendered, wanted, skipped))


def prompt_text(conversation: Conversation) -> str:
    """Join the messages of a prompt by blank lines, for reward functions."""
    return "\n\n".join(message.content for message in conversation.messages)
