import pytest

from fledge.errors import ConfigError
from fledge.text.chat import ChatTemplate
from fledge.text.renderer import Renderer
from fledge.text.tokenizer import Tokenizer

TOKENIZER = Tokenizer.train(["The fox is quick."], 300)
RENDERER = Renderer(TOKENIZER, ChatTemplate.of(TOKENIZER), context_length=32)


def test_none_is_the_whole_context():
    assert RENDERER.row_length(None, "stage.length") == 32
    assert RENDERER.row_length(8, "stage.length") == 8


def test_a_row_longer_than_the_context_is_refused_by_name():
    with pytest.raises(ConfigError, match=r"stage\.length is 64, but .* holds 32 tokens"):
        RENDERER.row_length(64, "stage.length")
