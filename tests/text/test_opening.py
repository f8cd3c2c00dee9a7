import json

import pytest

from fledge.text.tokenizer import Tokenizer
from text.foreign import save_chatml_style, save_sentencepiece_style

TEXTS = ["The tide comes in twice a day. " * 20]


def test_our_own_and_chatml_tokenizers_open_a_text_with_nothing(tmp_path):
    assert Tokenizer.train(TEXTS, 280).opening_ids == ()
    save_chatml_style(tmp_path, TEXTS)
    assert Tokenizer.load(tmp_path).opening_ids == ()


@pytest.mark.parametrize("in_sequence", [False, True])
def test_llamas_open_a_text_with_the_begin_token(tmp_path, in_sequence):
    """Llama 3 has its template among other steps."""
    save_sentencepiece_style(tmp_path, TEXTS)
    definition = json.loads((tmp_path / "tokenizer.json").read_text())
    if in_sequence:
        steps = [{"type": "ByteLevel", "trim_offsets": False}, definition["post_processor"]]
        definition["post_processor"] = {"type": "Sequence", "processors": steps}
        (tmp_path / "tokenizer.json").write_text(json.dumps(definition))
    tokenizer = Tokenizer.load(tmp_path)
    assert tokenizer.opening_ids == (1,)
    assert tokenizer.token(1) == "<s>" and 1 not in tokenizer.encode("<s> The tide")
