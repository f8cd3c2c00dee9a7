"""Import a model by its short name: fetched, verified, and with its licence and source written."""

from pathlib import Path

from pydantic import JsonValue

from fledge.checkpoint.exchange import Copied, import_model, refuse_to_overwrite
from fledge.checkpoint.gguf.import_file import import_gguf
from fledge.checkpoint.hub import fetch
from fledge.checkpoint.json_files import read_json, write_json
from fledge.checkpoint.lineage import read_lineage, write_lineage
from fledge.checkpoint.named_models import NamedModel, WheelFile
from fledge.checkpoint.recommended import GENERATION, NOTHING_RECOMMENDED, read_recommended
from fledge.checkpoint.wheel_fetch import model_file
from fledge.files import whole_directory


def import_named(
    model: NamedModel,
    output: Path,
    cache: Path,
    *,
    revision: str | None = None,
    precision: str | None = None,
    chat_tokens: bool = False,
) -> Copied:
    """Make a checkpoint of a named model; see `import_gguf` and `import_model`.

    The lineage tells its licence and where it came from. `revision` is of a model of the Hub.

    Raises:
        CheckpointError: it cannot be fetched, is not what is expected, or `output` exists.
        WriteError: the disk is full or not writable.
    """
    refuse_to_overwrite(output)
    source = model.source
    origin: dict[str, JsonValue] = {"title": model.title, "licence": model.licence}
    if isinstance(source, WheelFile):
        origin |= {"source": f"{source.place} ({source.name})", "sha256": source.sha256}
        found = model_file(source, cache)
    else:
        name = f"{source.repository}@{revision}" if revision else source.repository
        # The Hub's cache names the directory of a snapshot after its commit.
        found = fetch(source.repository, revision)
        origin |= {"source": name, "commit": found.name}
    load = import_gguf if isinstance(source, WheelFile) else import_model
    with whole_directory(output, "model") as unfinished:
        copied = load(
            found,
            unfinished,
            precision=precision,
            chat_tokens=chat_tokens,
            name=str(origin["source"]),
        )
        _write_origin(unfinished, origin)
        _recommend(unfinished, model)
    return copied


def _write_origin(directory: Path, origin: dict[str, JsonValue]) -> None:
    lineage = read_lineage(directory)
    assert lineage is not None, "an import writes a lineage"
    run = {**lineage.run, **origin}
    write_lineage(directory, lineage.model_copy(update={"run": run}))


def _recommend(directory: Path, model: NamedModel) -> None:
    """Write the table's sampling where the model's own files recommend none."""
    if read_recommended(directory) == NOTHING_RECOMMENDED:
        path = directory / GENERATION
        write_json(path, {**read_json(path), **model.recommended.settings()})
