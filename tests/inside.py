"""A tiny language model whose every parameter is off its initial value, to look inside of."""

import torch

from fledge.checkpoint.model_files import LoadedModel
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer
from tiny_model import CORPUS, tiny_model


def language_model(context_length: int = 64, seed: int = 0, scale: float = 0.2) -> LoadedModel:
    tokenizer = Tokenizer.train(CORPUS, 300)
    model = tiny_model(tokenizer.vocabulary_size, context_length).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += scale * torch.randn(parameter.shape, generator=generator)
    return LoadedModel(model.requires_grad_(False), tokenizer, ChatTemplate())
