"""Print measurements of texts as tables in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fledge.errors import DataError
from fledge.text.compression import compression_report
from fledge.text.features import coverage, most_common, token_counts, word_counts, zipf_fit
from fledge.text.tokenizer import Tokenizer

COVERAGE_SIZES = (10, 100, 1_000, 10_000)
FEWEST_WORDS_FOR_ZIPF = 2


def print_report(documents: Sequence[str], tokenizer: Tokenizer, top: int) -> None:
    """Print compression, the most frequent tokens and words, Zipf's law and coverage of words.

    Raises:
        DataError: the texts have fewer than two different words.
    """
    console = Console(highlight=False)
    (size,) = compression_report(documents, {"": tokenizer})
    console.print(
        f"{len(documents):,} documents, {size.bytes:,} bytes, {size.tokens:,} tokens\n"
        f"{size.bytes_per_token:.2f} bytes per token, {size.tokens_per_word:.2f} tokens per word, "
        f"{size.vocabulary_used:.0%} of {size.vocabulary_size:,} tokens used"
    )
    words = word_counts(documents)
    if len(words) < FEWEST_WORDS_FOR_ZIPF:
        raise DataError("the texts hold fewer than two different words; give more text")
    fit = zipf_fit(words)
    console.print(
        f"{words.total():,} words, {len(words):,} different; Zipf exponent {-fit.slope:.2f} "
        f"(R² {fit.r_squared:.2f})"
    )
    for share in coverage(words, [n for n in COVERAGE_SIZES if n < len(words)]):
        console.print(
            f"  the {share.most_frequent:,} most frequent words make up {share.share:.1%}"
        )
    tokens = token_counts(documents, tokenizer)
    console.print(
        _table("tokens", [(tokenizer.decode([i]), n, s) for i, n, s in most_common(tokens, top)])
    )
    console.print(_table("words", most_common(words, top)))


def _table(title: str, rows: Sequence[tuple[str, int, float]]) -> Table:
    table = Table(title=f"Most frequent {title}", title_justify="left", box=None, padding=(0, 2))
    table.add_column(title, no_wrap=True)
    table.add_column("count", justify="right")
    table.add_column("share", justify="right")
    for text, count, share in rows:
        table.add_row(Text(repr(text)), f"{count:,}", f"{share:.2%}")
    return table
