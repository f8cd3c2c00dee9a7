"""A random translation model with a tokenizer of four sentences."""

import torch

from fledge.checkpoint.translation_files import LoadedTranslationModel
from fledge.model.transformer import Transformer
from fledge.model.transformer_config import TransformerConfig
from fledge.text.tokenizer import Tokenizer

TEXTS = ["how was your day", "comment s'est passée ta journée", "a dog sleeps", "un chien dort"]
TOKENIZER = Tokenizer.train(TEXTS, 280)


def make(**changes: object) -> LoadedTranslationModel:
    config = TransformerConfig(
        vocabulary_size=TOKENIZER.vocabulary_size,
        context_length=40,
        width=16,
        encoder_layers=2,
        decoder_layers=2,
        num_heads=2,
        feed_forward_width=32,
        positions="halves",
        pad_id=TOKENIZER.special.pad,
        end_id=TOKENIZER.special.end,
    ).model_copy(update=changes)
    model = Transformer(config)
    model.initialise(torch.Generator().manual_seed(0))
    return LoadedTranslationModel(model.eval(), TOKENIZER, TOKENIZER, ("en", "fr"))
