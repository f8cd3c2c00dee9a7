"""`fledge info`: show a checkpoint's kind, sizes, costs, lineage and data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.options import Checkpoint

if TYPE_CHECKING:
    from rich.tree import Tree

    from fledge.checkpoint.lineage import Lineage, Parent
    from fledge.model.config import GPTConfig

MOST_FILES = 4
"""Number of data files to show of each run."""

EXAMPLE = "Example: `fledge info checkpoints/ppo`"


def info(
    checkpoint: Checkpoint,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show a model's sizes, its lineage and its data."""
    from rich.console import Console
    from rich.text import Text

    from fledge.checkpoint.directory import find_checkpoint
    from fledge.checkpoint.lineage import read_lineage

    directory = find_checkpoint(checkpoint)
    lineage = read_lineage(directory)
    facts = facts_of(directory)
    console = Console()
    if as_json:
        past = None if lineage is None else lineage.model_dump(mode="json")
        console.print_json(data={"path": str(directory), **facts, "lineage": past})
        return
    console.print(Text(str(directory), style="bold"))
    for name, value in facts.items():
        shown = f"{value:,}" if isinstance(value, int) else str(value)
        console.print(Text(f"  {name.replace('_', ' '):<24} {shown}"), soft_wrap=True)
    if lineage is None:
        console.print(
            "\nThere is no fledge.json: fledge did not make this model, so its past is unknown."
        )
    else:
        console.print()
        console.print(family_tree(str(directory), lineage))


def facts_of(directory: Path) -> dict[str, int | str]:
    """Return sizes and costs, with units in their names; loading the weights proves them sound."""
    from fledge.checkpoint.model_files import load_language_model, load_scalar_model
    from fledge.checkpoint.resolved import resolve
    from fledge.model import counting

    checkpoint = resolve(directory)
    architecture = str(checkpoint.config_json.get("model_type"))
    if checkpoint.kind == "translation":
        return translation_facts(directory, architecture)
    if checkpoint.kind == "scalar":
        scalar = load_scalar_model(directory)
        config, tokenizer = scalar.model.trunk.config, scalar.tokenizer
        parameters = counting.learnt_numbers(scalar.model)
    else:
        loaded = load_language_model(directory)
        config, tokenizer = loaded.model.config, loaded.tokenizer
        parameters = counting.learnt_numbers(loaded.model)
    length = config.context_length
    return {
        "kind": "reward or value model" if checkpoint.kind == "scalar" else "language model",
        "architecture": architecture,
        "parameters": parameters,
        "shape": shape_of(config),
        "context_tokens": length,
        "vocabulary": tokenizer.vocabulary_size,
        "training_flops_per_token": counting.training_flops(config, length),
        "cache_bytes_per_chat": counting.cache_bytes(config, rows=1, capacity=length),
        "bytes_on_disk": bytes_on_disk(directory),
    }


def translation_facts(directory: Path, architecture: str) -> dict[str, int | str]:
    """Return the same facts for an encoder-decoder."""
    from fledge.checkpoint.translation_files import load_translation_model
    from fledge.model.counting import learnt_numbers

    loaded = load_translation_model(directory)
    config = loaded.model.config
    source, target = (language or "unknown" for language in loaded.languages)
    return {
        "kind": f"translation model, {source} to {target}",
        "architecture": architecture,
        "parameters": learnt_numbers(loaded.model),
        "shape": (
            f"{config.encoder_layers} encoder and {config.decoder_layers} decoder layers, "
            f"width {config.width}, {config.num_heads} heads of {config.head_width}, "
            f"feed-forward {config.feed_forward_width}"
        ),
        "context_tokens": config.context_length,
        "vocabulary": loaded.target.vocabulary_size,
        "bytes_on_disk": bytes_on_disk(directory),
    }


def bytes_on_disk(directory: Path) -> int:
    """Add up the files of the weights."""
    return sum(path.stat().st_size for path in directory.glob("*.safetensors"))


def shape_of(config: "GPTConfig") -> str:
    """Describe layers, width, heads and feed-forward width in one line."""
    return (
        f"{config.num_layers} layers, width {config.width}, {config.num_heads} heads "
        f"({config.num_key_value_heads} key-value) of {config.head_width}, "
        f"feed-forward {config.feed_forward_width}"
    )


def family_tree(name: str, lineage: "Lineage") -> "Tree":
    """Draw the checkpoint, its data, and under it its ancestors, back to the text."""
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text.assemble((name, "bold"), f"  {_summary(lineage)}"))
    _add_past(tree, lineage, set())
    return tree


def _add_past(branch: "Tree", lineage: "Lineage", told: set[str]) -> None:
    """Add data and parents; `told` holds the weights whose past is already in the tree."""
    from rich.text import Text

    files = list(lineage.data.items())
    for path, digest in files[:MOST_FILES]:
        branch.add(Text.assemble(f"data {path}  ", (f"sha256 {digest[:12]}", "dim")))
    if len(files) > MOST_FILES:
        branch.add(f"data … and {len(files) - MOST_FILES} more files (--json lists them)")
    for role, parent in lineage.parents.items():
        _add_parent(branch, role, parent, told)


def _add_parent(branch: "Tree", role: str, parent: "Parent", told: set[str]) -> None:
    from rich.text import Text

    if parent.lineage is None:
        branch.add(Text.assemble(f"{role} {parent.path}  ", ("not made by fledge", "dim")))
        return
    if parent.weights and parent.weights in told:
        branch.add(Text.assemble(f"{role} ", (parent.path, "bold"), "  as above"))
        return
    told.add(parent.weights)
    summary = _summary(parent.lineage)
    child = branch.add(Text.assemble(f"{role} ", (parent.path, "bold"), f"  {summary}"))
    _add_past(child, parent.lineage, told)


def _summary(lineage: "Lineage") -> str:
    if lineage.steps == 0:
        return f"imported, fledge {lineage.fledge_version}"
    state = "" if lineage.finished else " (unfinished)"
    return (
        f"{lineage.stage}, step {lineage.step:,} of {lineage.steps:,}{state}, "
        f"{lineage.seen:,} {lineage.unit}, fledge {lineage.fledge_version}"
    )
