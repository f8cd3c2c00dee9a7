import pytest
import torch

from fledge.inspect.layers.capture import residuals
from fledge.inspect.layers.lens import lens_logits, logit_lens
from fledge.inspect.reading import read
from inside import language_model

LOADED = language_model()
READING = read(LOADED, "The tide comes in twice")


def test_the_last_layer_is_the_model_itself() -> None:
    ids = torch.tensor([READING.ids])
    logits = LOADED.model(ids)
    stream = residuals(LOADED.model, ids)
    torch.testing.assert_close(lens_logits(LOADED.model, stream[-1]), logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(stream[0], LOADED.model.token_embedding(ids))

    lens, chances = logit_lens(LOADED, READING), logits[0].softmax(dim=-1)
    assert torch.equal(lens.top_ids[-1], chances.argmax(dim=-1))
    true = chances[range(len(READING.ids) - 1), READING.ids[1:]]
    torch.testing.assert_close(lens.true_probability[-1], true, atol=1e-5, rtol=0)


def test_a_middle_layer_is_the_model_that_ends_there() -> None:
    lens = logit_lens(LOADED, READING)
    ids = torch.tensor([READING.ids])
    stopped = language_model()
    del stopped.model.blocks[1]
    chances = stopped.model(ids)[0].softmax(dim=-1)
    torch.testing.assert_close(lens.top_probability[1], chances.amax(dim=-1), atol=1e-5, rtol=0)
    assert lens.layers == ("embedding", "layer 1", "layer 2")
    assert len(lens.table().rows) == 3 * len(READING.ids)
    assert lens.grid().table().rows[1][0] == "layer 1"


def test_no_hook_stays() -> None:
    logit_lens(LOADED, READING)
    for module in LOADED.model.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks
    with pytest.raises(IndexError):
        LOADED.model.hidden(torch.tensor([[10**6]]))
