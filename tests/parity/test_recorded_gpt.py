"""A real tiny GPT-2, trained to sort, against the intermediates that were recorded of it."""

import base64
import json

import numpy as np
import pytest
import torch

from fledge.model.attention import record_attention
from fledge.model.gpt import GPT
from fledge.model.huggingface import from_huggingface
from shared_data import shared_data

pytestmark = pytest.mark.shared_data


def read(path) -> dict:
    """Its tensors, base64 of fp32; everything else as it is."""
    values = json.loads(path.read_text())
    return {name: tensor(v) if "data" in v else v for name, v in values.items()}


def tensor(value: dict) -> torch.Tensor:
    numbers = np.frombuffer(base64.b64decode(value["data"]), dtype=np.float32)
    return torch.from_numpy(numbers.copy()).reshape(value["shape"])


@pytest.fixture(scope="module")
def model() -> GPT:
    weights = read(shared_data("weights/nanogpt_sort/gpt-nano-sort-model.json"))
    settings = weights.pop("config")
    config_json = {
        **settings,
        "model_type": "gpt2",
        "n_positions": settings["block_size"],
        "tie_word_embeddings": False,
    }
    # Its linear layers are stored output × input, GPT-2's are the other way round.
    linear = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
    tensors = {name: w.mT if name.endswith(linear) else w for name, w in weights.items()}
    config, state = from_huggingface(config_json, tensors)
    gpt = GPT(config)
    gpt.load_state_dict(state)
    return gpt.eval()


@torch.no_grad()
def test_every_recorded_intermediate_is_reproduced(model):
    recorded = read(shared_data("weights/nanogpt_sort/gpt-nano-sort-t0-partials.json"))
    found: dict[str, torch.Tensor] = {}

    def keep(name: str):
        return lambda module, inputs, output: found.__setitem__(name, output)

    first = model.blocks[0]
    watched = {
        "tok_emb": model.token_embedding,
        "ln1": first.attention_norm,
        "qkv": first.attention.query_key_value,
        "yProj": first.attention.output,
        "ln2": first.feed_forward_norm,
        "fc": first.feed_forward.up,
        "mlp": first.feed_forward.down,
        "ln_f": model.final_norm,
    } | {f"block{index}": block for index, block in enumerate(model.blocks)}
    hooks = [module.register_forward_hook(keep(name)) for name, module in watched.items()]
    with record_attention(model) as maps:
        found["lm_head"] = model(recorded["idx"].long())
    for hook in hooks:
        hook.remove()
    found["attSm"] = maps[0]
    found["probs"] = found["lm_head"].softmax(dim=-1)
    for name, value in found.items():
        torch.testing.assert_close(value, recorded[name], atol=1e-5, rtol=1e-5, msg=name)


@torch.no_grad()
def test_it_still_sorts(model):
    ids = torch.tensor([[2, 0, 1, 2, 0, 1]])
    for _ in range(6):
        ids = torch.cat([ids[:, :11], model(ids[:, :11])[:, -1:].argmax(dim=-1)], dim=1)
    assert ids[0, 6:].tolist() == sorted([2, 0, 1, 2, 0, 1])
