import math

import pytest
import torch

from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import DataError
from fledge.evaluate.bits_per_byte import score_text
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer
from tiny_model import CORPUS, tiny_model


def loaded(tokenizer: Tokenizer, uniform: bool = False) -> LoadedModel:
    model = tiny_model(tokenizer.vocabulary_size, context_length=16)
    if uniform:
        with torch.no_grad():
            model.final_norm.weight.zero_()
    return LoadedModel(model, tokenizer, ChatTemplate())


def test_a_uniform_model_needs_log_v_nats_a_token():
    tokenizer = Tokenizer.train(CORPUS, 300)
    score = score_text(loaded(tokenizer, uniform=True), CORPUS)
    ids = tokenizer.encode(CORPUS[0])
    assert score.tokens == len(ids) - 1
    assert score.num_bytes == len(CORPUS[0]) - len(tokenizer.token_bytes(ids[0]))
    assert score.nats_per_token == pytest.approx(math.log(tokenizer.vocabulary_size), abs=1e-5)
    bits = score.nats_per_token * score.tokens / math.log(2) / score.num_bytes
    assert score.bits_per_byte == pytest.approx(bits)


def test_windows_give_the_sum_of_separate_texts():
    one = loaded(Tokenizer.train(CORPUS, 300))
    texts = [CORPUS[0], "The sea.", "a"]
    together = score_text(one, texts)
    apart = [score_text(one, [text]) for text in texts[:2]]
    nats = sum(each.nats_per_token * each.tokens for each in apart)
    assert together.nats_per_token * together.tokens == pytest.approx(nats, rel=1e-5)


def test_nothing_to_measure_on_is_refused():
    with pytest.raises(DataError, match="at least two tokens"):
        score_text(loaded(Tokenizer.train(CORPUS, 300)), [""])
