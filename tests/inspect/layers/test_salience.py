import pytest
import torch

from fledge.errors import GenerationError
from fledge.inspect.layers.salience import salience
from fledge.inspect.reading import read
from inside import language_model

LOADED = language_model()
READING = read(LOADED, "The tide comes in twice")


def log_prob(ids: list[int], target: int) -> float:
    return float(LOADED.model(torch.tensor([ids]))[0, -1].log_softmax(dim=-1)[target])


def test_what_is_left_out_is_read_without() -> None:
    found = salience(LOADED, READING, target=7)
    ids = list(READING.ids)
    whole = log_prob(ids, 7)
    expected = [whole - log_prob(ids[:t] + ids[t + 1 :], 7) for t in range(len(ids))]
    assert found.log_prob == pytest.approx(whole, abs=1e-5)
    assert found.left_out.tolist() == pytest.approx(expected, abs=1e-5)


def test_the_gradient_is_the_slope_along_the_embedding() -> None:
    found = salience(LOADED, READING, target=7)
    step, slopes = 1e-2, []
    for position in range(len(READING.ids)):
        values = []
        for sign in (1, -1):

            def scaled(module, inputs, output, position=position, sign=sign):
                output = output.clone()
                output[:, position] *= 1 + sign * step
                return output

            handle = LOADED.model.token_embedding.register_forward_hook(scaled)
            values.append(log_prob(list(READING.ids), 7))
            handle.remove()
        slopes.append((values[0] - values[1]) / (2 * step))
    assert found.gradient_input.tolist() == pytest.approx(slopes, abs=2e-3)
    assert not LOADED.model.token_embedding._forward_hooks


def test_one_token_cannot_be_left_out() -> None:
    with pytest.raises(GenerationError, match="two tokens or more"):
        salience(LOADED, read(LOADED, "T"))
