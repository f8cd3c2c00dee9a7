"""The report card in the terminal."""

from collections.abc import Mapping

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fledge.evaluate.report import MODEL_NAMES, MODELS, ReportCard
from fledge.text.printable import printable

SAMPLES_SHOWN = 6


def print_report(card: ReportCard, console: Console) -> None:
    """Print all tables, with a few of the HTML report's samples."""
    console.print()
    console.print(Panel.fit(f"[bold]Report card[/bold], seed {card.seed}"))
    console.print(kinds_table(card))
    console.print(turns_table(card))
    console.print(numbers_table(card))
    console.print(changes_table(card))
    console.print(stage_times(card.seconds))
    console.print(samples_table(card))
    console.print("[bold]What did not work[/bold]")
    for sentence in card.did_not_work:
        console.print(Text(f"  • {sentence}"))


def kinds_table(card: ReportCard) -> Table:
    """Tabulate the shares of valid answers by kind and model."""
    table = Table(title="Valid answers on held-out prompts", title_justify="left")
    table.add_column("kind")
    for model in MODELS:
        table.add_column(MODEL_NAMES[model], justify="right")
    for kind in card.valid["sft"]:
        name = kind.replace("_", " ")
        shares = [f"{card.valid[model][kind]:.0%}" for model in MODELS]
        table.add_row(name, *shares, style="bold" if kind == "all" else None)
        if kind == "all":
            table.add_section()
    return table


def turns_table(card: ReportCard) -> Table:
    """Tabulate the shares of valid answers by turn of a talk, after SFT and after PPO."""
    turns = max(len(shares) for shares in card.turns["sft"].values())
    table = Table(title="Valid answers by turn of a talk: SFT / PPO", title_justify="left")
    table.add_column("kind")
    for turn in range(turns):
        table.add_column(str(turn + 1), justify="right")
    for kind, shares in card.turns["sft"].items():
        cells = [
            f"{before:.0%} / {after:.0%}"
            for before, after in zip(shares, card.turns["ppo"].get(kind, []), strict=False)
        ]
        table.add_row(kind.replace("_", " "), *cells, style="bold" if kind == "all" else None)
        if kind == "all":
            table.add_section()
    return table


def changes_table(card: ReportCard) -> Table:
    """Tabulate each merit before and after PPO, and what else changed."""
    before, after = card.changes.merits["sft"], card.changes.merits["ppo"]
    table = Table(title="Changes by PPO", title_justify="left")
    for column in ("", MODEL_NAMES["sft"], MODEL_NAMES["ppo"]):
        table.add_column(column, justify="right" if column else "left")
    for name in type(before).model_fields:
        table.add_row(name, f"{getattr(before, name):.1%}", f"{getattr(after, name):.1%}")
    distinct = card.changes.distinct
    table.add_row("different answers", f"{distinct['sft']:.1%}", f"{distinct['ppo']:.1%}")
    asked = len(card.everyday)
    sensible = [f"{card.sensible(model)} of {asked}" for model in ("sft", "ppo")]
    table.add_row("everyday questions answered sensibly", *sensible)
    untaught = [str(card.sensible(model, taught=False)) for model in ("sft", "ppo")]
    table.add_row(f"  of the {asked - card.taught} that no grammar asks", *untaught)
    return table


def numbers_table(card: ReportCard) -> Table:
    """Tabulate the numbers of pretraining, reward model and PPO."""
    reward, ppo = card.reward_model, card.ppo
    table = Table(title="Numbers", title_justify="left", show_header=False)
    table.add_row("bits per byte of unseen text", f"{card.bits_per_byte:.3f}")
    table.add_row(
        "reward model: pairs ordered as labelled",
        f"{reward.accuracy:.1%} of {reward.pairs:,} (at best {reward.ceiling:.1%})",
    )
    if reward.right_against_wrong is not None:
        table.add_row(
            "reward model: a right answer above a wrong one",
            f"{reward.right_against_wrong:.1%} of {reward.right_against_wrong_pairs:,}",
        )
    table.add_row(
        "gold score, SFT → PPO",
        f"{ppo.gold_before:.3f} → {ppo.gold_after:.3f} (p = {ppo.p_value:.2g})",
    )
    table.add_row("gold score, best of 4 SFT answers", f"{ppo.gold_best_of_4:.3f}")
    table.add_row(
        "gain that one constant sentence explains",
        "no gain" if card.changes.constant_share is None else f"{card.changes.constant_share:.0%}",
    )
    table.add_row(
        "distance from SFT, nats per answer",
        f"{ppo.kl:.1f} (k1 {ppo.kl_k1:.1f}, k3 {ppo.kl_k3:.1f})",
    )
    table.add_row("answers that end", f"{ppo.eos_rate:.1%}")
    return table


def stage_times(times: Mapping[str, float]) -> Table:
    """Tabulate the wall time by stage."""
    table = Table(title="Time", title_justify="left", show_header=False)
    for stage, seconds in times.items():
        style = "bold" if stage == "total" else None
        table.add_row(stage.replace("_", " "), f"{seconds:.0f} s", style=style)
    return table


def samples_table(card: ReportCard) -> Table:
    """Tabulate a few prompts with the answers of all models."""
    table = Table(title="Samples", title_justify="left", show_lines=True)
    for column in ("prompt", *(MODEL_NAMES[model] for model in MODELS)):
        table.add_column(column, overflow="fold", ratio=1)
    step = max(1, len(card.samples) // SAMPLES_SHOWN)
    for sample in card.samples[::step][:SAMPLES_SHOWN]:
        texts = (sample.prompt, *(sample.answers[model].text[:200] for model in MODELS))
        table.add_row(*(Text(printable(text)) for text in texts))
    return table
