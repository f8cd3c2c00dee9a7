"""Model card of a round: data, sizes, results, limits and intended use, in Markdown."""

from pathlib import Path

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.inference import settings_of
from fledge.checkpoint.resolved import resolve
from fledge.files import write_text
from fledge.model.counting import parameters
from fledge.rounds.files import RoundFiles, read_json
from fledge.rounds.intake import MANIFEST, Manifest
from fledge.rounds.past import chain, learned_from
from fledge.rounds.report import RoundReport, bullets, comparison_text, gate_table, table

INTENDED = (
    "Answers of the kind that the demonstrations and rankings show, in a chat whose users know "
    "that a model answers."
)
LIMITS = (
    "It knows what its base and these records taught it, and says wrong things with confidence.",
    "The judge and the reward model learned from the same people: what all of them overlook, the "
    "gate overlooks, too.",
    "It was measured on prompts like those of the records. Other prompts were not tried.",
)


def write_card(place: Path, files: RoundFiles, report: RoundReport) -> None:
    """Write the card of the round's model.

    Raises:
        WriteError: the disk is full or not writable.
        CheckpointError: the model is missing or damaged.
    """
    write_text(files.card, card(place, files, report))


def card(place: Path, files: RoundFiles, report: RoundReport) -> str:
    """Return the card in Markdown."""
    checkpoint = find_checkpoint(files.ppo)
    config = settings_of(resolve(checkpoint))
    begun, found = report.begun, report.comparison
    parent = "the base" if begun.start_round == 0 else f"round {begun.start_round}"
    parts = [
        f"# {place.name}, round {files.number}",
        f"Made by fledge {report.fledge_version} from {parent} (`{begun.start}`).",
        "## Size",
        f"{parameters(config):,} parameters: {config.num_layers} layers, width {config.width}, "
        f"context {config.context_length:,} tokens."
        + (" Trained as adapters." if begun.config.lora is not None else ""),
        "## Data",
        lineage_text(place, files),
        "## Results",
        gate_table(report.verdict),
        *([comparison_text(found)] if found is not None else []),
        "## Intended use",
        INTENDED,
        "## Limits",
        bullets((*report.verdict.why, *LIMITS)),
    ]
    return "\n\n".join(parts) + "\n"


def lineage_text(place: Path, files: RoundFiles) -> str:
    """Tell the rounds behind a model, their data with digests, and the people behind them."""
    rows = []
    for each in chain(place, files.number):
        if not (each.given / MANIFEST).is_file():
            continue
        manifest = read_json(each.given / MANIFEST, Manifest)
        for name, digest in manifest.sources.items():
            rows.append((str(each.number), f"`{name}`", f"`{digest[:16] or 'the Hub'}`"))
    people = [
        (person, *(f"{stages.get(stage, 0):,}" for stage in ("sft", "reward", "judge")))
        for person, stages in sorted(learned_from(place, files.number).items())
    ]
    return "\n\n".join(
        (
            table(("round", "file", "sha256"), rows),
            table(("person", "demonstrations", "rankings", "rankings of the judge"), people),
        )
    )
