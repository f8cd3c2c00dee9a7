"""Read the pairs of stage "translate", hold some out, and make the tokenizer for both sides."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fledge.checkpoint.directory import latest
from fledge.checkpoint.translation_files import LoadedTranslationModel
from fledge.data.pair_batch import Ids
from fledge.data.records import Skipped, refuse
from fledge.data.sentence_pairs import (
    SentencePair,
    files_of_pairs,
    load_pairs,
    sentence_key,
    split_pairs,
)
from fledge.errors import DataError
from fledge.files import file_hash, write_directory
from fledge.stages.translate.config import TranslateConfig
from fledge.text.tokenizer import Tokenizer
from fledge.train.stage import StageContext

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ParallelText:
    """Pairs to train on, and held-out pairs; they share no source sentence."""

    train: list[SentencePair]
    held_out: list[SentencePair]
    hashes: dict[str, str]
    skipped: Skipped | None


def load_parallel_text(config: TranslateConfig, seed: int) -> ParallelText:
    """Read the pairs, and hold some out by source sentence.

    Raises:
        DataError: a file cannot be used, or all training sentences are held out.
    """
    skipped = Skipped() if config.skip_bad else None
    train = load_pairs(config.pairs, config.languages, skipped=skipped)
    if config.held_out:
        held_out = load_pairs(config.held_out, config.languages, skipped=skipped)
        train = without_sources_of(train, held_out)
    else:
        train, held_out = split_pairs(train, config.held_out_fraction, seed)
    files = files_of_pairs((*config.pairs, *config.held_out))
    hashes = {str(file): file_hash(file) for file in files}
    return ParallelText(train, held_out, hashes, skipped)


def without_sources_of(
    train: Sequence[SentencePair], held_out: Sequence[SentencePair]
) -> list[SentencePair]:
    """Keep the pairs whose source sentence is not held out.

    Raises:
        DataError: none is left.
    """
    measured_on = {sentence_key(pair) for pair in held_out}
    kept = [pair for pair in train if sentence_key(pair) not in measured_on]
    if not kept:
        raise DataError(
            "every source sentence of stage.pairs is also in stage.held_out, so nothing is left to "
            "train on; name other files"
        )
    if len(kept) < len(train):
        logger.info(
            "%d training pairs are left out: their source sentence is held out",
            len(train) - len(kept),
        )
    return kept


def own_tokenizer(
    config: TranslateConfig, train: Sequence[SentencePair], context: StageContext
) -> Tokenizer:
    """Load the tokenizer of the settings, or train one on both sides of the pairs.

    All processes get the same one.
    """
    if config.tokenizer is not None:
        return Tokenizer.load(config.tokenizer)
    directory = context.output / "tokenizer"
    # Until the first checkpoint, a tokenizer that is there may belong to other settings.
    is_kept = directory.is_dir() and latest(context.output) is not None
    if context.runtime.is_main and not is_kept:
        texts = (text for pair in train for text in (pair.source, pair.target))
        tokenizer = Tokenizer.train(texts, config.vocabulary_size)
        write_directory(directory, tokenizer.save, "tokenizer")
    context.runtime.barrier()
    return Tokenizer.load(directory)


def encode_pairs(
    pairs: Sequence[SentencePair], loaded: LoadedTranslationModel, skipped: Skipped | None
) -> tuple[list[SentencePair], list[tuple[Ids, Ids]]]:
    """Encode the pairs that fit the model; return them, and both sides' ids with end tokens.

    Raises:
        RecordError: a side is longer than the model's context, unless bad records are skipped.
        DataError: no pair is short enough.
    """
    length = loaded.model.config.context_length
    usable: list[SentencePair] = []
    encoded: list[tuple[Ids, Ids]] = []
    end = loaded.model.config.end_id
    sources = loaded.source.encode_batch([pair.source for pair in pairs])
    targets = loaded.target.encode_batch([pair.target for pair in pairs])
    for pair, *sides in zip(pairs, sources, targets, strict=True):
        source, target = ([*side, end] for side in sides)
        longest = max(len(source), len(target))
        if longest > length:
            side = "source" if len(source) == longest else "target"
            expected = f"at most {length:,} tokens on each side (stage.size.context_length)"
            refuse(pair.error(expected, f"{longest:,} in the {side}"), skipped)
        else:
            usable.append(pair)
            encoded.append((source, target))
    if pairs and not encoded:
        raise DataError(
            f"none of {len(pairs):,} pairs fits in {length:,} tokens per side; use "
            "shorter sentences or a longer context"
        )
    return usable, encoded


def sample_file(output: Path) -> Path:
    """Name the file with a run's last scores and sample translations."""
    return output / "translations.json"
