import pytest
import torch

from fledge.model.cache import KeyValueCache
from fledge.model.gpt import GPT
from fledge.runtime import Runtime, RuntimeConfig, seed_everything
from model.small_models import CONFIG, make, random_ids


def prepared(model: GPT, **settings) -> GPT:
    runtime = Runtime.start(RuntimeConfig(device="cpu", dtype="float32", **settings))
    runtime.prepare(model)
    return model


def gradients(model: GPT, ids: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    seed_everything(3)  # dropout
    loss = model(ids).logsumexp(dim=-1).sum()
    loss.backward()
    return loss.detach(), {name: p.grad for name, p in model.named_parameters()}


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_gradients_are_the_same_bit_for_bit(dropout):
    config, ids = CONFIG.model_copy(update={"dropout": dropout}), random_ids()
    plain = prepared(make(config).train())
    recomputing = prepared(make(config).train(), gradient_checkpointing=True)
    (loss, expected), (found_loss, found) = gradients(plain, ids), gradients(recomputing, ids)
    assert torch.equal(loss, found_loss)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def kept(model: GPT, ids: torch.Tensor) -> int:
    """Numbers that the backward pass of the blocks keeps."""
    sizes: list[int] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        sizes.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model.hidden(ids)
    return sum(sizes)


def test_less_is_kept_for_the_backward_pass():
    ids = random_ids(length=30)
    plain, less = prepared(make()), prepared(make(), gradient_checkpointing=True)
    assert kept(less, ids) < kept(plain, ids) / 3


def test_without_gradients_nothing_changes():
    ids = random_ids()
    plain, recomputing = make(), prepared(make(), gradient_checkpointing=True)
    with torch.inference_mode():
        cache = KeyValueCache(CONFIG, rows=len(ids), capacity=16)
        first = recomputing(ids[:, :5], cache=cache)
        rest = recomputing(ids[:, 5:], cache=cache)
        expected = plain(ids)
    torch.testing.assert_close(torch.cat([first, rest], dim=1), expected, atol=1e-5, rtol=0)
    assert recomputing.state_dict().keys() == plain.state_dict().keys()
