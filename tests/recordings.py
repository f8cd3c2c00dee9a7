"""Models small enough to look into by hand, and a recording that needs none."""

import torch

from fledge.checkpoint.translation_files import LoadedTranslationModel
from fledge.inspect.attention import AttentionMaps
from fledge.inspect.recording import Recording
from fledge.model.transformer import Transformer
from fledge.model.transformer_config import TransformerConfig
from fledge.text.tokenizer import Tokenizer

TEXTS = ["how was your day", "comment s'est passée ta journée", "a dog sleeps", "un chien dort"]


def translator(seed: int = 0, context_length: int = 40) -> LoadedTranslationModel:
    """Untrained, every parameter off its initial value."""
    tokenizer = Tokenizer.train(TEXTS, 290)
    config = TransformerConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        context_length=context_length,
        width=16,
        encoder_layers=2,
        decoder_layers=3,
        num_heads=2,
        feed_forward_width=24,
        pad_id=tokenizer.special.pad,
        end_id=tokenizer.special.end,
    )
    model = Transformer(config)
    generator = torch.Generator().manual_seed(seed)
    model.initialise(generator)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return LoadedTranslationModel(model.eval(), tokenizer, tokenizer, ("en", "fr"))


def invented(
    sources: str, targets: str | None = None, layers: int = 2, heads: int = 3, seed: int = 0
) -> Recording:
    """Random weights over the words of two sentences, or of one over itself."""
    generator = torch.Generator().manual_seed(seed)
    columns = sources.split()
    rows = columns if targets is None else targets.split()
    scores = torch.randn(layers, heads, len(rows), len(columns), generator=generator)
    if targets is None:
        scores = scores.masked_fill(torch.ones(len(rows), len(rows)).triu(1).bool(), -torch.inf)
    return Recording(
        text=sources,
        translation=targets,
        maps=AttentionMaps(
            "self" if targets is None else "cross",
            tuple(columns),
            tuple(rows),
            (2 * scores).softmax(dim=-1),
        ),
        scores=torch.rand(layers, heads, generator=generator),
        influence=None if targets is None else torch.rand(len(rows), len(columns)),
    )
