"""Settings of stage "translate"."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from fledge.config import Config, parse_section
from fledge.model.transformer_config import TransformerConfig
from fledge.text.tokenizer import Tokenizer


class TransformerSize(Config):
    """The shape of a new encoder-decoder; what Marian computes, so that others open it, too."""

    context_length: int = Field(128, ge=2)
    """Longest sentence in tokens, on either side."""
    width: int = Field(256, ge=8)
    """D; the paper's base model has 512."""
    encoder_layers: int = Field(3, ge=1)
    """N of the encoder; the paper's has 6."""
    decoder_layers: int = Field(3, ge=1)
    """N of the decoder; fewer than the encoder's translate faster for little loss."""
    num_heads: int = Field(4, ge=1)
    """H; heads are D / H wide, 64 in the paper."""
    feed_forward_width: int = Field(1024, ge=1)
    """F; four times D in the paper."""
    norm_position: Literal["post", "pre"] = "post"
    """As printed, or the steadier pre-norm, which only fledge opens again."""

    def config(self, tokenizer: Tokenizer, dropout: float) -> TransformerConfig:
        """All choices of the architecture, for the ids of a tokenizer."""
        values = {
            **self.model_dump(),
            "vocabulary_size": tokenizer.vocabulary_size,
            "pad_id": tokenizer.special.pad,
            "end_id": tokenizer.special.end,
            "dropout": dropout,
            "positions": "halves",
        }
        return parse_section(values, TransformerConfig, source="stage.size")


class AveragingConfig(Config):
    """The mean of the last checkpoints, section 6.1; the finished model and every measurement after
    the first of them are taken from it."""

    checkpoints: int = Field(5, ge=1)
    """Number of weights averaged (the paper: 5); 1 keeps the last alone."""
    every: int | None = Field(None, ge=1)
    """Steps between two of them; None is a fiftieth of the run."""


class TranslationMeasures(Config):
    """Translation and comparison of held-out sentences when the stage is evaluated."""

    beams: int = Field(4, ge=1)
    """Width of the search (the paper: 4)."""
    sentences: int | None = Field(None, ge=1)
    """Number of sentences translated, at even distances; None takes all."""
    tokenizer: Literal["13a", "none", "intl", "char"] = "13a"
    """Tokenizer of sacrebleu; "none" for text that is tokenised already."""


class TranslateConfig(Config):
    """Settings of stage "translate"."""

    name: Literal["translate"] = "translate"
    pairs: tuple[str, ...] = Field(min_length=1)
    """Sentences with translations: `a.en,a.fr` (two aligned files), .tsv, or records."""
    languages: tuple[str, str] = ("en", "fr")
    """Source and target where records name languages: {"translation": {"en": …, "fr": …}}."""
    held_out: tuple[str, ...] = ()
    """Pairs to measure on; empty holds out `held_out_fraction` of the source sentences. A source
    sentence that is in them is never trained on."""
    held_out_fraction: float = Field(0.02, ge=0, lt=1)
    """Share of the source sentences held out, each with all of its translations."""
    skip_bad: bool = False
    """Leave out pairs that cannot be used, and say which, instead of stopping."""
    tokenizer: Path | None = None
    """Directory of a tokenizer; None trains one on both sides of the pairs."""
    vocabulary_size: int = Field(8192, ge=263)
    """Tokens of a trained tokenizer, shared by both languages (section 5.1)."""
    model: Path | None = None
    """A checkpoint to go on from, opus-mt's included; None makes a new model of `size`."""
    size: TransformerSize = TransformerSize()
    """The shape of a new model."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """After embeddings and sublayers (section 5.4); 0.3 for some ten thousand pairs."""
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    """ε, the probability spread over the whole vocabulary (section 5.4)."""
    batch_tokens: int = Field(2048, ge=8)
    """Padded tokens, of either side, in an optimiser step over all processes (the paper: 25,000);
    `batch.examples` is not used."""
    epochs: float = Field(20.0, gt=0)
    """Passes over the pairs, unless `optimizer.steps` says how long to train."""
    averaging: AveragingConfig = AveragingConfig()
    """The mean of the last checkpoints."""
    measures: TranslationMeasures = TranslationMeasures()
    """Translation and comparison of held-out sentences."""
