"""Settings of stage "translate"."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from fledge.config import Config, parse_section
from fledge.model.transformer_config import TransformerConfig
from fledge.text.tokenizer import Tokenizer


class TransformerSize(Config):
    """The shape of a new encoder-decoder; it computes as Marian does, so others can open it."""

    context_length: int = Field(128, ge=2)
    """Maximum tokens of a sentence, on either side."""
    width: int = Field(256, ge=8)
    """D, the width; the paper's base model has 512."""
    encoder_layers: int = Field(3, ge=1)
    """N of the encoder; the paper has 6."""
    decoder_layers: int = Field(3, ge=1)
    """N of the decoder; fewer layers here translate faster at little loss."""
    num_heads: int = Field(4, ge=1)
    """H, the number of heads; each is D / H wide, 64 in the paper."""
    feed_forward_width: int = Field(1024, ge=1)
    """F, the width of the feed-forward layers; four times D in the paper."""
    norm_position: Literal["post", "pre"] = "post"
    """Place of the layer norm: "post" as in the paper, or the steadier "pre", for fledge alone."""

    def config(self, tokenizer: Tokenizer, dropout: float) -> TransformerConfig:
        """Return the whole configuration of a model for this tokenizer."""
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
    """The mean of the last snapshots of the weights (section 6.1).

    The finished model is this mean, and so is the one measured once the first snapshot is taken.
    """

    checkpoints: int = Field(5, ge=1)
    """Number of snapshots to average (the paper: 5); 1 keeps the last weights alone."""
    every: int | None = Field(None, ge=1)
    """Steps between snapshots; none is a fiftieth of the run."""


class TranslationMeasures(Config):
    """Translation and scoring of held-out sentences at an evaluation."""

    beams: int = Field(4, ge=1)
    """Width of the search (the paper: 4)."""
    sentences: int | None = Field(None, ge=1)
    """Number of sentences to translate, evenly spaced; none translates all."""
    tokenizer: Literal["13a", "none", "intl", "char"] = "13a"
    """Word splitting of sacrebleu; "none" is for text that is tokenised already."""


class TranslateConfig(Config):
    """Settings of stage "translate"."""

    name: Literal["translate"] = "translate"
    pairs: tuple[str, ...] = Field(min_length=1)
    """Sentences with translations: `a.en,a.fr` (two aligned files), .tsv, or records."""
    languages: tuple[str, str] = ("en", "fr")
    """Source and target where records name languages: {"translation": {"en": …, "fr": …}}."""
    held_out: tuple[str, ...] = ()
    """Pairs to measure on; if empty, `held_out_fraction` of the source sentences are held out.
    Their source sentences are not trained on."""
    held_out_fraction: float = Field(0.02, ge=0, lt=1)
    """Share of the source sentences to hold out, each with all of its translations."""
    skip_bad: bool = False
    """Skip pairs that cannot be used, and list them, instead of stopping."""
    tokenizer: Path | None = None
    """Directory of a tokenizer; none trains one on both sides of the pairs."""
    vocabulary_size: int = Field(8192, ge=263)
    """Tokens of a trained tokenizer, shared by both languages (section 5.1)."""
    model: Path | None = None
    """Checkpoint to continue from, an opus-mt model included; none makes a new model of `size`."""
    size: TransformerSize = TransformerSize()
    """The shape of a new model."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Dropout rate after embeddings and sublayers (section 5.4); 0.3 for about 10,000 pairs."""
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    """ε, the probability spread over the whole vocabulary (section 5.4)."""
    batch_tokens: int = Field(2048, ge=8)
    """Padded tokens of a step, on either side, over all processes (the paper: 25,000). It takes the
    place of `batch.examples`."""
    epochs: float = Field(20.0, gt=0)
    """Passes over the pairs, unless `optimizer.steps` sets the length."""
    averaging: AveragingConfig = AveragingConfig()
    """The mean of the last weights."""
    measures: TranslationMeasures = TranslationMeasures()
    """Measurements on held-out pairs."""
