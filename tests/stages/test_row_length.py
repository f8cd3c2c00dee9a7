import pytest

from fledge.errors import ConfigError
from fledge.model.config import GPTConfig
from fledge.stages.next_token import row_length

CONFIG = GPTConfig.sized(vocabulary_size=64, context_length=32, width=32, num_layers=1)


def test_none_is_the_whole_context():
    assert row_length(None, CONFIG, "stage.length") == 32
    assert row_length(8, CONFIG, "stage.length") == 8


def test_a_row_longer_than_the_context_is_refused_by_name():
    with pytest.raises(ConfigError, match=r"stage\.length is 64, but .* holds 32 tokens"):
        row_length(64, CONFIG, "stage.length")
