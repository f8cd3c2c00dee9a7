"""What TRL's trainers ask for, of toy size: a tokenizer of words, random Llamas."""

import warnings
from contextlib import contextmanager

import torch

VOCABULARY, PAD, END = 24, 23, 0


@contextmanager
def quiet(monkeypatch):
    """TRL warns of itself and of CPU; none of it is ours."""
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def tokenizer():
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = {f"w{index}": index for index in range(VOCABULARY)}
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(words, unk_token="w1")),
        pad_token=f"w{PAD}",
        eos_token=f"w{END}",
    )


def llama(scalar: bool, seed: int):
    """Off its initial values, with grouped queries; a classifier with one label if `scalar`."""
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        num_labels=1,
        pad_token_id=PAD,
        eos_token_id=END,
    )
    model = (LlamaForSequenceClassification if scalar else LlamaForCausalLM)(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    return model
