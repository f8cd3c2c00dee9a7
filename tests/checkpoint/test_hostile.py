"""Checkpoints made to take the time or the memory of the reader are refused by name, at once."""

import json
import struct
import time

import pytest
import torch
from safetensors.torch import save_file

from checkpoint.foreign_models import write_foreign
from fledge.checkpoint.import_source import import_source
from fledge.checkpoint.model_files import load_language_model
from fledge.checkpoint.training_state import read_state
from fledge.checkpoint.translation_files import load_translation_model
from fledge.errors import CheckpointError, FledgeError
from text.foreign import CHATML

MOST_SECONDS = 20
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    directory = tmp_path_factory.mktemp("foreign") / "model"
    write_foreign(directory, "qwen2", template=CHATML)
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.fixture
def model(saved, tmp_path):
    directory = tmp_path / "model"
    directory.mkdir()
    for name, content in saved.items():
        (directory / name).write_bytes(content)
    return directory


def change(directory, name="config.json", **values):
    path = directory / name
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def refused(directory, *fragments):
    for read in (
        lambda: load_language_model(directory),
        lambda: import_source(str(directory), directory.parent / "out"),
    ):
        start = time.thread_time()
        with pytest.raises(FledgeError) as caught:
            read()
        assert time.thread_time() - start < MOST_SECONDS
        assert len(str(caught.value)) < 2000
        for fragment in fragments:
            assert fragment in str(caught.value)


SIZES = [
    *("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads"),
    *("num_key_value_heads", "head_dim", "intermediate_size", "max_position_embeddings"),
]


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize(
    "value", [10**12, 2**63, 10**400, 0, -1, 1.5, "12", True, [2], {"a": 1}, float("nan")]
)
def test_absurd_sizes_are_refused_by_name(model, name, value):
    change(model, **{name: value})
    with pytest.raises(CheckpointError, match=f"'{name}'"):
        load_language_model(model)


@pytest.mark.parametrize("name", SIZES[:3] + SIZES[6:7])
def test_sizes_that_the_tensors_do_not_have_take_no_memory(model, name):
    change(model, **{name: 1024 if name == "num_hidden_layers" else 2**26})
    refused(model)


def test_heads_of_more_numbers_than_there_are_are_refused(model):
    change(model, num_attention_heads=2**26, num_key_value_heads=2**26, head_dim=2**26)
    refused(model)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -1.0, -float("inf"), "1e-6", True, [1], 10**400]
)
@pytest.mark.parametrize("name", ["rms_norm_eps", "rope_theta", "attention_dropout"])
def test_numbers_that_are_none_are_refused_by_name(model, name, value):
    change(model, **{name: value, "rope_parameters": None})
    refused(model, f"'{name}' must be a number")


@pytest.mark.parametrize("parameters", [None, {"rope_type": "default", "rope_theta": 0}])
def test_rotary_waves_without_a_base_are_refused(model, parameters):
    change(model, rope_theta=10_000 if parameters else 0.0, rope_parameters=parameters)
    refused(model, "'rope_theta' must be above 0, found 0")


@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"]
)
def test_json_nested_too_deeply_is_refused_by_name(model, name):
    (model / name).write_text(f'{{"a": {DEEP}}}')
    refused(model, name, "not valid JSON")


def test_a_deep_index_of_shards_or_adapter_is_refused(model):
    (model / "model.safetensors").rename(model / "other.safetensors")
    (model / "model.safetensors.index.json").write_text(f'{{"weight_map": {DEEP}}}')
    refused(model, "model.safetensors.index.json", "not valid JSON")
    (model / "model.safetensors.index.json").unlink()
    (model / "adapter_config.json").write_text(DEEP)
    refused(model, "adapter_config.json", "not valid JSON")


def test_a_deep_training_state_is_refused(tmp_path):
    (tmp_path / "loop.json").write_text(f'{{"a": {DEEP}}}')
    save_file({"a": torch.zeros(1)}, tmp_path / "loop.safetensors")
    with pytest.raises(CheckpointError, match=r"loop\.json"):
        read_state(tmp_path, "loop")


@pytest.mark.parametrize(
    "name", ["../secret.safetensors", "/etc/passwd", "a/../../secret.safetensors", "..", ""]
)
def test_an_index_names_no_file_outside_its_directory(model, name):
    (model / "model.safetensors").rename(model.parent / "secret.safetensors")
    index = {"weight_map": {"model.norm.weight": name}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    refused(model, "model.safetensors.index.json names it")


def header(text, length=None):
    content = text.encode()
    return struct.pack("<Q", len(content) if length is None else length) + content


@pytest.mark.parametrize(
    "content",
    [
        header("{}", 2**60),
        header("{}", 2**64 - 1),
        header("", 0),
        header(DEEP),
        header(f'{{"__metadata__": {DEEP}}}'),
        header('{"a": {"dtype": "F32", "shape": [1099511627776], "data_offsets": [0, 8]}}'),
        header('{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4611686018427387904]}}'),
        header('{"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}') + bytes(8),
        header('{"a": {"dtype": "F999", "shape": [2], "data_offsets": [0, 8]}}') + bytes(8),
        header('{"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}') + bytes(8),
        header("[]"),
        b"",
        b"\x80\x04cos\nsystem\n",
    ],
)
def test_hostile_headers_of_safetensors_are_refused(model, content):
    (model / "model.safetensors").write_bytes(content)
    refused(model, "model.safetensors")


def test_an_adapter_on_itself_is_refused(tmp_path):
    for name, base in (("a", "../b"), ("b", "../a"), ("c", "../c")):
        (tmp_path / name).mkdir()
        settings = {"base_model_name_or_path": base, "peft_type": "LORA", "r": 4, "lora_alpha": 8}
        (tmp_path / name / "adapter_config.json").write_text(json.dumps(settings))
    for name in "abc":
        with pytest.raises(CheckpointError, match="the adapter itself, or one on it"):
            load_language_model(tmp_path / name)


@pytest.mark.parametrize("ends", [2**31, -1, 10**40, [2**63, -5], "x", [None], True])
def test_ends_that_are_no_ids_end_nothing(model, ends):
    change(model, "generation_config.json", eos_token_id=ends)
    tokenizer = load_language_model(model).tokenizer
    assert all(0 <= id_ < tokenizer.vocabulary_size for id_ in tokenizer.stop_ids)


def test_a_llama2c_header_of_absurd_sizes_is_refused(tmp_path):
    path = tmp_path / "model.bin"
    for sizes in ((64, 172, 2**24, 8, 4, 512, 512), (2**24,) * 7, (-64, 172, 5, 8, 4, 512, 512)):
        path.write_bytes(struct.pack("<7i", *sizes) + bytes(300))
        start = time.thread_time()
        with pytest.raises(CheckpointError, match=r"model\.bin"):
            import_source(str(path), tmp_path / "out")
        assert time.thread_time() - start < MOST_SECONDS


@pytest.mark.parametrize("name", ["encoder_layers", "width", "vocabulary_size", "num_heads"])
def test_absurd_sizes_of_a_translator_are_refused_by_name(tmp_path, name):
    sizes = {"vocabulary_size": 64, "pad_id": 0, "end_id": 1, name: 10**12}
    config = {"model_type": "fledge_transformer", "norm_position": "pre", **sizes}
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file({"a": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match=f"'{name}' must be at most"):
        load_translation_model(tmp_path)
