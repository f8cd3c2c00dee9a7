"""A text corpus as ids on disk: built once for a tokenizer, and opened at once afterwards."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fledge.data.document_split import Piece, cut_long, split_documents
from fledge.data.records import Skipped
from fledge.data.sources import HUB, Source, as_sources, files_of, read_texts
from fledge.data.tokens import SHARD_TOKENS, Tokens, TokensIndex, TokensWriter
from fledge.errors import DataError
from fledge.files import explained, file_hash, whole_directory
from fledge.text.tokenizer import Tokenizer

INDEX_FILE = "index.json"

_log = logging.getLogger(__name__)

Progress = Callable[[int, int | None], None]
"""Called with the bytes of text done and the bytes in all (None if unknown)."""


class CorpusSource(BaseModel):
    """One source of a corpus; a hub dataset and plain texts have no hash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Path within the source; the whole path where two sources have the same."""
    bytes: int | None = None
    sha256: str | None = None


class CorpusRecipe(BaseModel):
    """All that decides what the files hold; an equal recipe need not be built again."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )

    tokenizer: str
    """The tokenizer's fingerprint."""
    vocabulary_size: int
    sources: tuple[CorpusSource, ...]
    held_out_fraction: float = Field(alias="validation_fraction")
    """Share of the text in the validation part; index.json keeps the key it has always had."""
    seed: int


class CorpusIndex(BaseModel):
    """Contents of `index.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    recipe: CorpusRecipe
    dtype: Literal["<u2", "<u4"]
    train: TokensIndex
    validation: TokensIndex
    bytes_per_token: tuple[int, ...]
    """UTF-8 bytes that each id stands for, 0 for special tokens: bits per byte needs them."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """An opened corpus: two parts that share no document."""

    directory: Path
    index: CorpusIndex
    train: Tokens
    validation: Tokens

    @classmethod
    def open(cls, directory: Path, tokenizer: Tokenizer | None = None) -> "Corpus":
        """Map the files of `directory`, and check that `tokenizer`, if given, built them.

        Raises:
            DataError: nothing or something damaged is there, or another tokenizer built it.
        """
        index = _read_index(directory)
        built_with = index.recipe.tokenizer
        if tokenizer is not None and tokenizer.fingerprint != built_with:
            raise DataError(
                f"{directory}: the corpus was built with another tokenizer (fingerprint "
                f"{built_with[:12]}, {index.recipe.vocabulary_size:,} tokens) than the one in use "
                f"({tokenizer.fingerprint[:12]}, {tokenizer.vocabulary_size:,} tokens); "
                "build it again with this tokenizer, or use the tokenizer it was built with"
            )
        dtype = np.dtype(index.dtype)
        train = Tokens(directory, index.train, dtype)
        return cls(directory, index, train, Tokens(directory, index.validation, dtype))

    @property
    def hashes(self) -> dict[str, str]:
        """sha256 of the source files, by name; "" for texts that were not files."""
        return {source.name: source.sha256 or "" for source in self.index.recipe.sources}

    def verify(self) -> None:
        """Read every file and compare its hash; a DataError names the first damaged one."""
        self.train.verify()
        self.validation.verify()


def build_corpus(
    sources: Source | Iterable[Source],
    tokenizer: Tokenizer,
    directory: Path,
    *,
    held_out_fraction: float = 0.05,
    seed: int = 0,
    progress: Progress | None = None,
    skipped: Skipped | None = None,
) -> Corpus:
    """Build a corpus of text files, folders, record files or `hub:` datasets in `directory`.

    If the directory already holds this corpus (same contents, tokenizer and split), it is opened
    instead. An interrupted build leaves nothing that could be taken for a corpus.

    Raises:
        DataError: a source cannot be read or is empty, or the directory holds something else.
        WriteError: the disk is full or not writable.
    """
    paths = as_sources(sources)
    recipe = _recipe(tokenizer, _described(paths), held_out_fraction, seed)
    if (directory / INDEX_FILE).is_file() and _read_index(directory).recipe == recipe:
        return Corpus.open(directory, tokenizer)
    texts = (text for path in paths for text in read_texts(path, skipped))
    return _build(texts, tokenizer, directory, recipe, progress, SHARD_TOKENS)


def build_corpus_from_texts(
    texts: Iterable[str],
    tokenizer: Tokenizer,
    directory: Path,
    *,
    held_out_fraction: float = 0.05,
    seed: int = 0,
    progress: Progress | None = None,
    shard_tokens: int = SHARD_TOKENS,
) -> Corpus:
    """Build a corpus of documents in memory, every time: nothing tells whether they changed."""
    recipe = _recipe(tokenizer, (CorpusSource(name="texts"),), held_out_fraction, seed)
    return _build(texts, tokenizer, directory, recipe, progress, shard_tokens)


def _build(
    texts: Iterable[str],
    tokenizer: Tokenizer,
    directory: Path,
    recipe: CorpusRecipe,
    progress: Progress | None,
    shard_tokens: int,
) -> Corpus:
    sizes = [source.bytes for source in recipe.sources if source.bytes is not None]
    total = sum(sizes) if len(sizes) == len(recipe.sources) else None
    dtype = "<u2" if tokenizer.vocabulary_size <= 2**16 else "<u4"
    _refuse_to_replace(directory)
    with whole_directory(directory, "corpus") as partial:
        train = TokensWriter(partial, "train", np.dtype(dtype), shard_tokens)
        validation = TokensWriter(partial, "validation", np.dtype(dtype), shard_tokens)
        opening, ending = tokenizer.opening_ids, (tokenizer.special.separator,)
        done = 0
        documents = split_documents(texts, recipe.held_out_fraction, recipe.seed)
        # SentencePiece-like tokenizers begin every text with a space of their own.
        pieces = documents if tokenizer.drops_first_space else cut_long(documents)
        for batch in _batches(pieces):
            encoded = tokenizer.encode_batch([piece.text for piece in batch])
            with explained(directory, "corpus"):
                for piece, ids in zip(batch, encoded, strict=True):
                    size = len(piece.text.encode("utf-8"))
                    done += size
                    writer = validation if piece.validation else train
                    before, after = opening * piece.begins, ending * piece.ends
                    writer.add([*before, *ids, *after], size, piece.ends)
            if progress:
                progress(done, total)
        with explained(directory, "corpus"):
            index = CorpusIndex(
                recipe=recipe,
                dtype=dtype,
                train=train.finish(),
                validation=validation.finish(),
                bytes_per_token=tuple(tokenizer.bytes_per_token),
            )
            (partial / INDEX_FILE).write_bytes(index.model_dump_json().encode("utf-8"))
        if not index.train.shards:
            raise DataError(f"{directory}: the corpus is empty; expected at least one document")
        if recipe.held_out_fraction and not index.validation.shards:
            _log.warning(
                "%s: no text is held out, so nothing will be measured: the text is too short for a "
                "share of %s; give more text or a larger held_out_fraction",
                directory,
                recipe.held_out_fraction,
            )
    return Corpus.open(directory, tokenizer)


def _batches(pieces: Iterable[Piece], characters: int = 4_000_000) -> Iterator[list[Piece]]:
    """Group pieces to encode at once, about `characters` in all, to keep every core busy."""
    batch: list[Piece] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += len(piece.text)
        if size >= characters:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _refuse_to_replace(directory: Path) -> None:
    """Raise `DataError` where something else than a corpus would be lost."""
    taken = directory.is_file() or (directory.is_dir() and any(directory.iterdir()))
    if taken and not (directory / INDEX_FILE).is_file():
        raise DataError(f"{directory}: holds something other than a corpus; name another folder")


def _read_index(directory: Path) -> CorpusIndex:
    path = directory / INDEX_FILE
    if not path.is_file():
        raise DataError(f"{directory}: no corpus here ({INDEX_FILE} is missing)")
    try:
        return CorpusIndex.model_validate_json(path.read_bytes())
    except ValidationError as error:
        problem = error.errors()[0]["msg"]
        raise DataError(f"{path}: not a corpus index: {problem}; build the corpus again") from error


def _recipe(
    tokenizer: Tokenizer, sources: tuple[CorpusSource, ...], fraction: float, seed: int
) -> CorpusRecipe:
    if not 0 <= fraction < 1:
        raise DataError(f"held_out_fraction is {fraction}; expected 0 or more, and less than 1")
    return CorpusRecipe(
        tokenizer=tokenizer.fingerprint,
        vocabulary_size=tokenizer.vocabulary_size,
        sources=sources,
        held_out_fraction=fraction,
        seed=seed,
    )


def _described(sources: Iterable[Source]) -> tuple[CorpusSource, ...]:
    described: list[CorpusSource] = []
    files: dict[str, Path] = {}
    for source in sources:
        if str(source).startswith(HUB):
            described.append(CorpusSource(name=str(source)))
            continue
        for file in files_of(Path(source)):
            name = _name_within(Path(source), file)
            if files.setdefault(name, file) != file:
                name = file.as_posix()
            size = file.stat().st_size
            described.append(CorpusSource(name=name, bytes=size, sha256=file_hash(file)))
    return tuple(described)


def _name_within(source: Path, file: Path) -> str:
    """Name a file by its path within the source, so that a source may move as a whole."""
    return file.name if source == file else file.relative_to(source).as_posix()
