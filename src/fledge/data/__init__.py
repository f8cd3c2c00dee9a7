"""Data of every stage, from files of records or text to the batches that it trains on."""

from fledge.data.batch import Batch, ComparisonBatch, PromptBatch, TokenBatch
from fledge.data.comparison_records import ranking_from
from fledge.data.comparisons import load_rankings, merge_pairs, without_repeats
from fledge.data.corpus import Corpus, build_corpus, build_corpus_from_texts
from fledge.data.demonstrations import demonstration_from, load_demonstrations
from fledge.data.loader import Loader, Rows, in_order
from fledge.data.packing import TokenRows, concatenate_and_chunk, join, pack, window_batch
from fledge.data.prompts import load_prompts, prompt_from
from fledge.data.records import Located, Placed, Skipped
from fledge.data.rendering import (
    RenderedRanking,
    RenderedRankings,
    collate_rankings,
    render_demonstrations,
    render_prompts,
    render_rankings,
)
from fledge.data.sources import load_placed, read_records, read_texts
from fledge.data.splits import split_by_key, split_conversations, split_rankings
from fledge.data.tokens import Tokens, Windows

__all__ = [
    "Batch",
    "ComparisonBatch",
    "Corpus",
    "Loader",
    "Located",
    "Placed",
    "PromptBatch",
    "RenderedRanking",
    "RenderedRankings",
    "Rows",
    "Skipped",
    "TokenBatch",
    "TokenRows",
    "Tokens",
    "Windows",
    "build_corpus",
    "build_corpus_from_texts",
    "collate_rankings",
    "concatenate_and_chunk",
    "demonstration_from",
    "in_order",
    "join",
    "load_demonstrations",
    "load_placed",
    "load_prompts",
    "load_rankings",
    "merge_pairs",
    "pack",
    "prompt_from",
    "ranking_from",
    "read_records",
    "read_texts",
    "render_demonstrations",
    "render_prompts",
    "render_rankings",
    "split_by_key",
    "split_conversations",
    "split_rankings",
    "window_batch",
    "without_repeats",
]
