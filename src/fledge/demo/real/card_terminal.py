"""The report card of the demo on a real model, in the terminal."""

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fledge.demo.real.card import MODEL_NAMES, MODELS, AskedQuestion, RealCard
from fledge.evaluate.report_terminal import stage_times
from fledge.text.printable import printable

SHOWN = 200
"""Characters of an answer that the terminal shows."""
SAMPLES = 6


def print_card(card: RealCard, console: Console) -> None:
    """Print all tables; the page shows every question."""
    console.print()
    console.print(Panel.fit(f"[bold]Report card[/bold], seed {card.seed}"))
    console.print(results_table(card))
    console.print(f"The model {MODEL_NAMES[card.chosen]} answers in the chat.\n")
    console.print(kinds_table(card))
    console.print(feedback_table(card))
    console.print(stage_times(card.seconds))
    console.print(answers_table(card.shop[:: max(1, len(card.shop) // SAMPLES)]))
    console.print("[bold]What did not work[/bold]")
    for sentence in card.did_not_work:
        console.print(Text(f"  • {sentence}"))


def results_table(card: RealCard) -> Table:
    """Tabulate the three models side by side."""
    table = _by_model("Before and after")
    models = [card.models[name] for name in MODELS]
    rows = {
        f"lamp shop, of {len(card.shop)}": [str(card.num_right(name)) for name in MODELS],
        f"anything else, of {len(card.general)}": [str(card.num_kept(name)) for name in MODELS],
        "tone kept": [f"{one.tone:.0%}" for one in models],
        "tokens of an answer": [f"{one.tokens:.0f}" for one in models],
        "answers that end": [f"{one.ends:.0%}" for one in models],
        "bits per byte of others' text": [f"{one.bits_per_byte:.3f}" for one in models],
    }
    for name, values in rows.items():
        table.add_row(name, *values)
    return table


def kinds_table(card: RealCard) -> Table:
    """Tabulate the shares of right answers to held-out shops, by kind."""
    table = _by_model("Right answers to held-out shops")
    table.add_column("questions", justify="right")
    for kind, count in card.questions_per_kind.items():
        shares = [f"{card.models[name].right[kind]:.0%}" for name in MODELS]
        table.add_row(kind, *shares, str(count), style="bold" if kind == "all" else None)
        if kind == "all":
            table.add_section()
    return table


def feedback_table(card: RealCard) -> Table:
    """Tabulate the numbers of reward model and PPO."""
    reward, ppo = card.reward_model, card.ppo
    table = Table(title="Feedback", title_justify="left", show_header=False)
    for name, one in card.comparisons.items():
        interval = f"{one.low:.0%} to {one.high:.0%}"
        table.add_row(f"win rate, {name}", f"{one.win_rate:.0%} ({interval})")
    table.add_row(
        "reward model: pairs ordered as labelled",
        f"{reward.accuracy:.1%} of {reward.pairs:,} (at best {reward.ceiling:.1%})",
    )
    if reward.right_against_wrong is not None:
        table.add_row(
            "a right answer above a wrong one",
            f"{reward.right_against_wrong:.1%} of {reward.right_against_wrong_pairs:,}",
        )
    table.add_row("PPO: reward model's gain", f"{ppo.reward_gain:+.2f} deviations")
    table.add_row("PPO: rule's gain", f"{ppo.rule_gain:+.2f} deviations")
    table.add_row("gain that one ending explains", f"{ppo.suffix_share:.0%}")
    table.add_row("distance from SFT", f"{ppo.kl:.1f} nats per answer")
    table.add_row("tokens, SFT → PPO", f"{ppo.tokens_before:.0f} → {ppo.tokens_after:.0f}")
    return table


def answers_table(questions: list[AskedQuestion]) -> Table:
    """Tabulate a few questions with the answers of all models."""
    table = Table(title="Answers", title_justify="left", show_lines=True)
    for column in ("question", *(MODEL_NAMES[name] for name in MODELS)):
        table.add_column(column, overflow="fold", ratio=1)
    for one in questions:
        marked = (f"{'✓' if one.right[m] else '✗'} {one.answers[m][:SHOWN]}" for m in MODELS)
        table.add_row(*(Text(printable(text)) for text in (one.question, *marked)))
    return table


def _by_model(title: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in MODELS:
        table.add_column(MODEL_NAMES[name], justify="right")
    return table
