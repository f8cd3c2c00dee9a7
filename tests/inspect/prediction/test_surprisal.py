import math

import pytest
import torch

from fledge.inspect.prediction.surprisal import surprisal
from fledge.inspect.reading import read
from inside import language_model

LOADED = language_model()


def test_bits_are_those_of_the_softmax() -> None:
    reading = read(LOADED, "The tide comes in")
    found = surprisal(LOADED, reading)
    log_probs = LOADED.model(torch.tensor([reading.ids]))[0].log_softmax(dim=-1)
    expected = [-float(log_probs[t, id_]) / math.log(2) for t, id_ in enumerate(reading.ids[1:])]
    assert found.bits[0] is None
    assert found.bits[1:] == pytest.approx(expected, rel=1e-5)
    assert found.total_bits == pytest.approx(sum(expected), rel=1e-5)
    nats = -float(log_probs[range(len(reading.ids) - 1), reading.ids[1:]].mean())
    assert found.perplexity == pytest.approx(math.exp(nats), rel=1e-5)
    best = log_probs[0].max()
    assert found.expected[1][0][1] == pytest.approx(math.exp(best), rel=1e-5)
    assert found.expected[0] == ()


def test_a_single_token_has_no_surprisal() -> None:
    found = surprisal(LOADED, read(LOADED, "T"))
    assert found.bits == (None,) and found.perplexity is None
    assert "follows nothing" in found.table().notes[0]
