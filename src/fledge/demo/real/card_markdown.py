"""Tables of report cards for docs/real-model.md.

`python -m fledge.demo.real.card_markdown REPORT.json...` prints them, a column for each card.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from fledge.demo.real.card import MODEL_NAMES, MODELS, RealCard
from fledge.demo.real.card_files import read_card
from fledge.errors import ConfigError

Row = Callable[[RealCard], str]


def markdown(cards: Sequence[RealCard]) -> str:
    """Return the results by seed, then every question with the answers of the first card."""
    return "\n\n".join(
        (
            results(cards),
            kinds(cards[0]),
            answers("Twenty questions to the lamp shop", cards[0], "shop"),
            answers("Twenty questions about anything else", cards[0], "general"),
            not_working(cards),
        )
    )


def results(cards: Sequence[RealCard]) -> str:
    """Tabulate the numbers, a column for each card."""
    rows: dict[str, Row] = {
        f"lamp shop, of {len(cards[0].shop)}": lambda card: _by_model(card, card.num_right),
        f"anything else, of {len(cards[0].general)}": lambda card: _by_model(card, card.num_kept),
        "held-out shops": lambda card: _each(card, lambda m: f"{card.models[m].right['all']:.0%}"),
        "tone kept": lambda card: _each(card, lambda m: f"{card.models[m].tone:.0%}"),
        "tokens of an answer": lambda card: _each(card, lambda m: f"{card.models[m].tokens:.0f}"),
        "answers that end": lambda card: _each(card, lambda m: f"{card.models[m].ends:.0%}"),
        "bits per byte of others' text": lambda card: _each(
            card, lambda m: f"{card.models[m].bits_per_byte:.3f}"
        ),
        **{f"win rate, {name}": _win_rate(name) for name in cards[0].comparisons},
        "reward model, pairs as labelled": lambda card: (
            f"{card.reward_model.accuracy:.1%} (at best {card.reward_model.ceiling:.1%})"
        ),
        "a right answer above a wrong one": _right_against_wrong,
        "PPO's gain by reward model, by rule": lambda card: (
            f"{card.ppo.reward_gain:+.2f}, {card.ppo.rule_gain:+.2f} deviations"
        ),
        "gain that one ending explains": lambda card: f"{card.ppo.suffix_share:.0%}",
        "KL from SFT": lambda card: f"{card.ppo.kl:.2f} nats per answer",
        "answers in the chat": lambda card: MODEL_NAMES[card.chosen],
        "minutes": lambda card: f"{card.seconds['total'] / 60:.0f}",
        "memory at most": lambda card: f"{(card.peak_memory_bytes or 0) / 2**30:.1f} GiB",
    }
    head = ["imported → SFT → PPO", *(f"seed {card.seed}" for card in cards)]
    return table(head, [[name, *(row(card) for card in cards)] for name, row in rows.items()])


def kinds(card: RealCard) -> str:
    """Tabulate the shares of right answers to held-out shops."""
    head = [f"held-out shops, seed {card.seed}", *MODEL_NAMES.values(), "questions"]
    rows = [
        [kind, *(f"{card.models[name].right[kind]:.0%}" for name in MODELS), str(count)]
        for kind, count in card.questions_per_kind.items()
    ]
    return table(head, rows)


def answers(title: str, card: RealCard, which: str) -> str:
    """Tabulate questions with all models' answers, right ones marked."""
    asked = card.shop if which == "shop" else card.general
    rows = [
        [
            cell(one.question),
            *(f"{'✓' if one.right[name] else '✗'} {cell(one.answers[name])}" for name in MODELS),
        ]
        for one in asked
    ]
    return f"### {title}, seed {card.seed}\n\n{table(['question', *MODEL_NAMES.values()], rows)}"


def not_working(cards: Sequence[RealCard]) -> str:
    """List the weaknesses by seed."""
    parts = [
        f"Seed {card.seed}:\n\n" + "\n".join(f"- {cell(one)}" for one in card.did_not_work)
        for card in cards
    ]
    return "### What did not work\n\n" + "\n\n".join(parts)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """Return a text as it may stand in a cell: on one line, its marks as they are."""
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return " ".join(escaped.split())


def _by_model(card: RealCard, count: Callable[[str], int]) -> str:
    return _each(card, lambda name: str(count(name)))


def _each(card: RealCard, value: Callable[[str], str]) -> str:
    return " → ".join(value(name) for name in card.models)


def _win_rate(name: str) -> Row:
    def row(card: RealCard) -> str:
        one = card.comparisons[name]
        return f"{one.win_rate:.0%} ({one.low:.0%} to {one.high:.0%})"

    return row


def _right_against_wrong(card: RealCard) -> str:
    share = card.reward_model.right_against_wrong
    return "no such pairs" if share is None else f"{share:.1%}"


def main(paths: Sequence[str]) -> None:
    """Print the tables of these report cards.

    Raises:
        ConfigError: a path is no report card of `fledge demo --real`.
    """
    found = {path: read_card(Path(path).parent) for path in paths}
    cards = [card for card in found.values() if card is not None]
    missing = [path for path, card in found.items() if card is None]
    if missing or not cards:
        raise ConfigError(
            f"expected report.json files of `fledge demo --real`, found none at "
            f"{', '.join(missing) or 'all'}"
        )
    print(markdown(cards))


if __name__ == "__main__":
    main(sys.argv[1:])
