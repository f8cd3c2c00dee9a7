import pytest

from fledge.errors import ConfigError
from fledge.model.config import GPTConfig
from fledge.model.huggingface import family_for


@pytest.mark.parametrize("family", ["qwen3", "llama", "gpt2"])
def test_a_size_makes_a_model_of_the_family_that_is_asked_for(family):
    config = GPTConfig.sized(64, 32, width=256, num_layers=2, family=family)
    assert family_for(config).model_type == family
    assert (config.num_heads, config.head_width) == (4, 64)
    assert config.feed_forward_width == (1024 if family == "gpt2" else 672)


def test_heads_are_narrower_in_narrow_models_and_may_be_chosen():
    assert GPTConfig.sized(64, 32, width=96, num_layers=1).head_width == 32
    assert GPTConfig.sized(64, 32, width=16, num_layers=1).num_heads == 1
    grouped = GPTConfig.sized(64, 32, 64, 1, num_heads=4, num_key_value_heads=2)
    assert (grouped.head_width, grouped.num_key_value_heads) == (16, 2)
    with pytest.raises(ConfigError, match="width 30 does not divide into 4 heads"):
        GPTConfig.sized(64, 32, 30, 1, num_heads=4)
