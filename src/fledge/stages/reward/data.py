"""Read rankings for a reward model, render them, and hold some out by prompt."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from fledge.data.comparisons import load_rankings
from fledge.data.demonstrations import demonstration_from
from fledge.data.records import Placed, Skipped, refuse
from fledge.data.rendering import RankingRenderer, RenderedRanking
from fledge.data.sources import load_placed, source_hashes
from fledge.data.splits import split_rankings
from fledge.errors import ConversationRefused, DataError
from fledge.feedback.records import Ranking
from fledge.stages.reward.config import RewardConfig
from fledge.text.conversation import Conversation
from fledge.text.renderer import Renderer

MOST_DEMONSTRATIONS = 512
"""Demonstrations, or rankings, that mean and deviation of the saved scores are taken over."""
MOST_TOKENS = 2**14
"""Tokens of these, at most: every save reads them all. About sixty answers of 250 tokens tell the
deviation to a tenth."""


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Rendered rankings to train on and held out, and the hash of each file.

    `zero` are prompts with answers whose mean score becomes 0.
    """

    train: tuple[RenderedRanking, ...]
    held_out: tuple[RenderedRanking, ...]
    zero: tuple[tuple[int, ...], ...]
    hashes: Mapping[str, str]


def read_comparisons(
    config: RewardConfig, renderer: Renderer, skipped: Skipped | None
) -> Comparisons:
    """Read and render the rankings, then hold some out by prompt.

    Raises:
        RecordError: one cannot be read, unless `skipped` collects it.
        DataError: no ranking has two answers of different rank that fit the length.
    """
    length = renderer.row_length(config.length, "stage.length")
    render = RankingRenderer(renderer.tokenizer, renderer.template, length, config.max_answers)
    train = load_rankings(config.rankings, skipped=skipped, check=render.render)
    if config.held_out:
        held_out = load_rankings(config.held_out, skipped=skipped, check=render.render)
    else:
        train, held_out = split_rankings(train, config.held_out_fraction)
    rendered = _render(train, render)
    demonstrations = _demonstrations(config, renderer, skipped)
    return Comparisons(
        train=rendered,
        held_out=_render(held_out, render) if held_out else (),
        zero=demonstrations or tuple(one.answers[0] for one in rendered[:MOST_DEMONSTRATIONS]),
        hashes=source_hashes((*config.rankings, *config.held_out, *config.demonstrations)),
    )


def first_of(rankings: Sequence[RenderedRanking]) -> Sequence[RenderedRanking]:
    """Return the first rankings, as many as a save has time to read, and at least one."""
    sizes = (sum(map(len, one.answers)) for one in rankings[:MOST_DEMONSTRATIONS])
    return rankings[: max(1, bisect_right(list(accumulate(sizes)), MOST_TOKENS))]


def as_rankings(texts: Sequence[tuple[int, ...]]) -> list[RenderedRanking]:
    """Return texts as rankings of a single answer, to be scored as those are."""
    return [RenderedRanking((ids,), (0,)) for ids in texts]


def _render(rankings: Sequence[Ranking], render: RankingRenderer) -> tuple[RenderedRanking, ...]:
    rendered = render(rankings)
    if not rendered.rankings:
        raise DataError(
            f"none of {len(rankings):,} rankings has two answers of different rank within "
            f"{render.length:,} tokens; use a longer context or shorter answers"
        )
    return rendered.rankings


def _demonstrations(
    config: RewardConfig, renderer: Renderer, skipped: Skipped | None
) -> tuple[tuple[int, ...], ...]:
    """Encode prompts with a person's answer, those that fit the length."""
    if not config.demonstrations:
        return ()
    length = renderer.row_length(config.length, "stage.length")
    placed = load_placed(
        config.demonstrations, demonstration_from, skipped=skipped, kind="demonstrations"
    )
    ids = [_up_to_answer(one, renderer, skipped) for one in placed[:MOST_DEMONSTRATIONS]]
    fitting = tuple(one for one in ids if one and len(one) <= length)
    if not fitting:
        raise DataError(
            f"{', '.join(config.demonstrations)}: no demonstration fits in {length:,} "
            "tokens; use a longer context"
        )
    return fitting


def _up_to_answer(
    placed: Placed[Conversation], renderer: Renderer, skipped: Skipped | None
) -> tuple[int, ...]:
    """Encode a demonstration to the end of its last answer; a bad one is empty, if skipped."""
    try:
        rendered = renderer.template.render(placed.item, renderer.tokenizer)
    except ConversationRefused as error:
        refuse(placed.refused(error), skipped)
        return ()
    ends = [index for index, trained in enumerate(rendered.loss_mask) if trained]
    return tuple(rendered.ids[: ends[-1] + 1]) if ends else ()
