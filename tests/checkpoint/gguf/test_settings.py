"""Sizes and options of GGUF files: read, known to change nothing, or refused by name."""

import json

import numpy as np
import pytest
import torch

import fledge
from checkpoint.gguf.gguf_files import byte_level, random_model, write_gguf
from fledge.checkpoint.gguf.import_file import import_gguf
from fledge.errors import CheckpointError

IDS = [5, 9, 2, 30, 31, 32, 90, 7, 260, 11, 12]


@torch.inference_mode()
def test_linear_scaling_is_read_and_others_are_refused(tmp_path):
    model = random_model("llama", rope_parameters={"rope_type": "linear", "factor": 4.0})
    scaling = {"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4.0}
    for number, metadata in enumerate((scaling, {"llama.rope.scale_linear": 4.0})):
        path = write_gguf(tmp_path / f"{number}.gguf", "llama", model, **metadata)
        import_gguf(path, tmp_path / str(number))
        found = fledge.load(tmp_path / str(number)).model(torch.tensor([IDS]))
        expected = model(torch.tensor([IDS])).logits
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    off = {"llama.rope.scaling.type": "none", "llama.rope.scaling.factor": 4.0}
    path = write_gguf(tmp_path / "off.gguf", "llama", random_model("llama"), **off)
    import_gguf(path, tmp_path / "off")
    config = json.loads((tmp_path / "off" / "config.json").read_text())
    assert config["rope_scaling"] is None


def test_a_sliding_window_cuts_the_context(tmp_path, caplog):
    window = {"llama.attention.sliding_window": 16}
    path = write_gguf(tmp_path / "model.gguf", "llama", random_model("llama"), **window)
    import_gguf(path, tmp_path / "out")
    assert fledge.load(tmp_path / "out").model.config.context_length == 16
    assert "context of 64 tokens is cut to its sliding window of 16" in caplog.text


NEUTRAL = {
    "llama.expert_count": 0,
    "llama.attention.causal": True,
    "llama.rope.scaling.original_context_length": 64,
    "llama.attention.head_count": [4, 4],
    "llama.attention.head_count_kv": [2, 2],
    "llama.feed_forward_length": [512, 512],
    "llama.vocab_size": 320,
    "qwen2.anything": 3,
    "general.author": "somebody",
    "general.languages": ["en"],
    "quantize.imatrix.entries_count": 7,
    "tokenizer.ggml.fim_pre_token_id": 3,
    "tokenizer.chat_template.tool_use": "{{ tools }}",
    "tokenizer.huggingface.json": "{}",
}


def test_metadata_without_effect_changes_nothing(tmp_path):
    model = random_model("llama")
    plain = write_gguf(tmp_path / "plain.gguf", "llama", model)
    full = write_gguf(tmp_path / "full.gguf", "llama", model, **NEUTRAL)
    import_gguf(plain, tmp_path / "plain")
    import_gguf(full, tmp_path / "full")
    for name in ("config.json", "tokenizer.json", "model.safetensors", "generation_config.json"):
        one, two = (tmp_path / directory / name for directory in ("plain", "full"))
        assert one.read_bytes() == two.read_bytes(), name


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"llama.expert_count": 8}, r"option 'llama.expert_count' is 8.*only 0"),
        ({"llama.expert_count": [0, 8]}, r"option 'llama.expert_count' is \[0, 8\].*only 0"),
        ({"llama.attention.causal": False}, "llama.attention.causal"),
        ({"llama.pooling_type": 3}, "llama.pooling_type"),
        ({"llama.logit_scale": 8.0}, "llama.logit_scale"),
        ({"llama.rope.scaling.attn_factor": 1.2}, "llama.rope.scaling.attn_factor"),
        ({"llama.rope.scaling.type": "yarn"}, r"'llama.rope.scaling.type' is 'yarn'"),
        ({"llama.rope.scaling.type": "longrope"}, "is 'longrope'"),
        ({"llama.rope.scaling.type": [1, 2]}, r"'llama.rope.scaling.type' is \[1, 2\]"),
        ({"llama.rope.dimension_count": 32}, r"rope.dimension_count' is 32, but heads are 64"),
        ({"llama.attention.value_length": 32}, r"value_length' is 32, but heads are 64 wide"),
        ({"llama.brand_new": 1.5}, r"option 'llama.brand_new' is 1.5, which fledge does not know"),
        ({"llama.attention.head_count_kv": [2, 1]}, r"head_count_kv' must be a whole number"),
        ({"llama.vocab_size": 300}, r"'llama.vocab_size' is 300, but token_embd.weight has 320"),
        ({"llama.block_count": 3}, "without tensor blk.2.attn_k.weight.* and 6 more"),
        ({"llama.block_count": 1}, r"does not know tensor blk.1.attn_k.weight.* of a llama"),
        ({"llama.block_count": 0}, "'llama.block_count' must be a whole number above 0"),
        ({"llama.block_count": 2**31}, "at most"),
        ({"llama.context_length": 2**31}, "'llama.context_length' must be at most"),
        ({"llama.context_length": "long"}, "'llama.context_length' must be a whole number"),
        ({"llama.feed_forward_length": 480}, r"ffn_gate.weight has shape \[512, 256\].*\[480, 256"),
        (
            {"llama.attention.head_count": 2**20},
            r"attn_q.weight has shape .* make it \[67108864, 256\]",
        ),
        ({"llama.attention.layer_norm_rms_epsilon": None}, "layer_norm_rms_epsilon' is missing"),
        ({"llama.attention.layer_norm_rms_epsilon": float("nan")}, "must be a number from 0 on"),
        ({"llama.rope.freq_base": float("inf")}, "must be a number from 0 on"),
        ({"llama.rope.freq_base": 0.0}, "'llama.rope.freq_base' must be above 0, found 0.0"),
        ({"llama.embedding_length": None}, "'llama.embedding_length' must be a whole number"),
        ({"general.type": "adapter"}, "'general.type' is 'adapter': the file holds no whole model"),
        ({"general.type": [1, 2]}, r"'general.type' is \[1, 2\]: the file holds no whole model"),
        ({"general.quantization_version": 1}, "quantization_version' is 1; fledge reads blocks"),
        ({"general.quantization_version": [2, 3]}, r"quantization_version' is \[2, 3\]"),
    ],
)
def test_what_fledge_would_compute_otherwise_is_refused_by_name(tmp_path, metadata, message):
    model = random_model("llama")
    path = write_gguf(tmp_path / "model.gguf", "llama", model, "Q8_0", **metadata)
    with pytest.raises(CheckpointError, match=message) as caught:
        import_gguf(path, tmp_path / "out")
    assert str(caught.value).startswith(str(path))
    assert not (tmp_path / "out").exists()


def test_other_architectures_are_refused_by_name(tmp_path):
    tokens = byte_level("gpt-2")
    path = write_gguf(tmp_path / "model.gguf", "gemma3", random_model("llama"), "F32", tokens)
    with pytest.raises(CheckpointError, match=r"'gemma3'; fledge reads GGUF of llama, qwen2, qwe"):
        import_gguf(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("architecture", "changes", "message"),
    [
        ("llama", {"leave_out": ("blk.1.ffn_up.weight",)}, "without tensor blk.1.ffn_up.weight"),
        ("llama", {"leave_out": ("token_embd.weight",)}, "token_embd.weight is missing"),
        ("qwen2", {"leave_out": ("blk.0.attn_q.bias",)}, "without tensor blk.0.attn_q.bias"),
        ("qwen3", {"leave_out": ("blk.0.attn_q_norm.weight",)}, "without tensor blk.0.attn_q_norm"),
        (
            "llama",
            {"extra": {"blk.0.attn_q.bias": np.ones(256, "f4")}},
            "does not know tensor blk.0.attn_q.bias of a llama",
        ),
        (
            "llama",
            {"extra": {"blk.0.ffn_gate_inp.weight": np.ones((8, 256), "f4")}},
            "does not know tensor blk.0.ffn_gate_inp.weight",
        ),
        (
            "qwen2",
            {"extra": {"rope_freqs.weight": np.ones(32, "f4")}},
            "does not know tensor rope_freqs.weight of a qwen2",
        ),
        (
            "llama",
            {"extra": {"rope_freqs.weight": np.ones(31, "f4")}},
            "rope_freqs.weight has 31 numbers; expected one for each of the 32 pairs",
        ),
    ],
)
def test_missing_and_unknown_tensors_are_named(tmp_path, architecture, changes, message):
    path = write_gguf(tmp_path / "model.gguf", architecture, random_model(architecture), **changes)
    with pytest.raises(CheckpointError, match=rf"{path}: .*{message}"):
        import_gguf(path, tmp_path / "out")


def test_without_an_output_matrix_the_embeddings_are_tied(tmp_path):
    for architecture, tied in (("llama", False), ("qwen3", True)):
        path = write_gguf(tmp_path / "model.gguf", architecture, random_model(architecture))
        import_gguf(path, tmp_path / architecture)
        assert fledge.load(tmp_path / architecture).model.config.tied_embeddings == tied
