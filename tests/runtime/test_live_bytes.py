import torch
from torch import nn

from fledge.model.gpt import GPT
from fledge.runtime.live_bytes import LiveBytes
from model.small_models import CONFIG


def saved_bytes(model, ids):
    """Bytes of the storages that autograd saves, apart from the weights, and the result."""
    weights = {p.untyped_storage()._cdata for p in model.parameters()}
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage._cdata not in weights:
            kept[storage._cdata] = (storage, storage.nbytes())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        result = model(ids)
    return sum(size for _, size in kept.values()), result


def test_what_lives_after_a_forward_pass_is_what_autograd_saved():
    model = GPT(CONFIG)
    model.initialise(torch.Generator().manual_seed(0))
    ids = torch.randint(0, 64, (2, 12), generator=torch.Generator().manual_seed(1))
    buffers = sum(b.untyped_storage().nbytes() for b in model.buffers())
    saved, _ = saved_bytes(model, ids)
    with LiveBytes() as count:
        result = model(ids)
    # Ids and rotary tables are saved, too, but were there before.
    assert abs(count.live - saved) <= result.nbytes + ids.nbytes + buffers
    assert count.live > 0.8 * saved


def test_live_and_peak_by_hand():
    first = torch.zeros(256)
    with LiveBytes() as count:
        second = first + 1  # 1 KiB
        third = second * 2  # 2 KiB
        third.add_(1)
        third.view(16, 16)
        assert (count.live, count.peak) == (2048, 2048)
        del second
        assert (count.live, count.peak) == (1024, 2048)
        first.add_(1)
        assert count.live == 1024
    del third
    assert count.live == 0


def test_counting_changes_no_number():
    layer = nn.Linear(8, 8)
    x = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    layer(x).sum().backward()
    plain = layer.weight.grad.clone()
    layer.zero_grad()
    with LiveBytes():
        layer(x).sum().backward()
    assert torch.equal(layer.weight.grad, plain)
