"""Costs of a model: parameters, arithmetic per token, bytes of cache."""

from torch import nn

from fledge.model.config import GPTConfig


def parameters(config: GPTConfig) -> int:
    """Count the numbers learnt; a tied embedding counts once."""
    embeddings = config.vocabulary_size * config.width * (1 if config.tied_embeddings else 2)
    positions = config.context_length * config.width if config.rotary is None else 0
    norm = config.width * (2 if config.norm == "layer" else 1)
    norms = norm * (2 * config.num_layers + 1)
    head_norms = 2 * config.head_width * config.num_layers if config.query_key_norm else 0
    layers = config.num_layers * (_layer_matrices(config) + _layer_biases(config))
    return embeddings + positions + layers + norms + head_norms


def learnt_numbers(model: nn.Module) -> int:
    """Count the same in any model that is there, on whatever device."""
    return sum(parameter.numel() for parameter in model.parameters())


def training_flops(config: GPTConfig, length: int) -> int:
    """Count the operations per token of a forward and backward pass at `length` tokens.

    They are 6 for each number of a matrix, the output's included and the embedding's look-up not,
    plus 6 L (H d) T for attention, which being causal sees half of T (Kaplan et al. 2020,
    arXiv:2001.08361, with attention and output counted).
    """
    matrices = config.num_layers * _layer_matrices(config) + config.width * config.vocabulary_size
    attention = config.num_layers * config.num_heads * config.head_width * length
    return 6 * (matrices + attention)


def cache_bytes(config: GPTConfig, rows: int, capacity: int, bytes_per_number: int = 4) -> int:
    """Count a cache's bytes: a key and a value for each layer, row, group and slot."""
    heads = config.num_key_value_heads * config.head_width
    return 2 * config.num_layers * rows * capacity * heads * bytes_per_number


def _layer_matrices(config: GPTConfig) -> int:
    queries = config.num_heads * config.head_width
    keys_values = 2 * config.num_key_value_heads * config.head_width
    attention = config.width * (queries + keys_values) + queries * config.width
    matrices = 3 if config.feed_forward == "swiglu" else 2
    return attention + matrices * config.width * config.feed_forward_width


def _layer_biases(config: GPTConfig) -> int:
    if config.bias == "none":
        return 0
    heads = (config.num_heads + 2 * config.num_key_value_heads) * config.head_width
    if config.bias == "query_key_value":
        return heads
    hidden = 2 if config.feed_forward == "swiglu" else 1
    return heads + config.width + hidden * config.feed_forward_width + config.width
