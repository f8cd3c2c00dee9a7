import pytest

from fledge.model import counting
from fledge.model.cache import KeyValueCache
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from model.small_models import CONFIG, GPT2_LIKE

CONFIGS = {
    "qwen3": CONFIG,
    "untied": CONFIG.model_copy(update={"tied_embeddings": False}),
    "qwen2": CONFIG.model_copy(update={"query_key_norm": False, "bias": "query_key_value"}),
    "gpt2": GPT2_LIKE,
    "biased swiglu": CONFIG.model_copy(update={"bias": "all"}),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
def test_parameters_are_those_of_the_model(config):
    model = GPT(config)
    assert counting.parameters(config) == sum(p.numel() for p in model.parameters())


def test_training_flops_are_the_usual_formula():
    """6 (12 d² L + d V) + 6 L d T for a GPT-2 with F = 4 D."""
    config = GPTConfig.model_validate(
        {**GPT2_LIKE.model_dump(), "feed_forward_width": 64, "vocabulary_size": 1000}
    )
    expected = 6 * (12 * 16**2 * 2 + 16 * 1000) + 6 * 2 * 16 * 24
    assert counting.training_flops(config, length=24) == expected


def test_cache_bytes_are_those_of_the_cache():
    cache = KeyValueCache(CONFIG, rows=3, capacity=20)
    assert counting.cache_bytes(CONFIG, 3, 20) == cache.keys.nbytes + cache.values.nbytes
