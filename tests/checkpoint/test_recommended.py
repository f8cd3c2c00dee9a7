import json

import pytest
from transformers import GenerationConfig

from checkpoint.foreign_models import write_foreign
from fledge.checkpoint.adapter_files import save_language_adapter
from fledge.checkpoint.import_source import import_source
from fledge.checkpoint.model_files import load_language_model, save_language_model
from fledge.checkpoint.recommended import NOTHING_RECOMMENDED, Recommended, read_recommended
from fledge.errors import CheckpointError
from fledge.model.lora import LoRAConfig
from tiny_model import write_language_model

QWEN = {
    "do_sample": True,
    "temperature": 0.7,
    "top_p": 0.8,
    "top_k": 20,
    "repetition_penalty": 1.05,
    "num_beams": 1,
    "eos_token_id": [0],
}


def write(directory, **values):
    path = directory / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_checkpoint_without_the_file_recommends_nothing(tmp_path):
    assert read_recommended(tmp_path) == NOTHING_RECOMMENDED
    assert NOTHING_RECOMMENDED.settings() == NOTHING_RECOMMENDED.sampling() == {}


def test_the_recommendation_of_an_imported_model_comes_along(tmp_path):
    write_foreign(tmp_path / "theirs", "qwen2")
    write(tmp_path / "theirs", **QWEN)
    import_source(str(tmp_path / "theirs"), tmp_path / "ours")
    loaded = load_language_model(tmp_path / "ours")
    expected = {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "repetition_penalty": 1.05}
    assert loaded.recommended.sampling() == expected
    save_language_model(
        tmp_path / "again", loaded.model, loaded.tokenizer, loaded.template, loaded.recommended
    )
    assert read_recommended(tmp_path / "again") == loaded.recommended
    theirs = GenerationConfig.from_pretrained(tmp_path / "again")
    assert {name: getattr(theirs, name) for name in expected} == expected
    assert theirs.do_sample


def test_the_recommendation_stands_beside_an_adapter_too(tmp_path):
    base = write_language_model(tmp_path / "base") / "step-00000020"
    write(base, temperature=0.2, top_p=0.9)
    loaded = load_language_model(base)
    save_language_adapter(tmp_path / "adapter", loaded, LoRAConfig(rank=2), base)
    assert read_recommended(tmp_path / "adapter") == Recommended(temperature=0.2, top_p=0.9)


@pytest.mark.parametrize(
    ("values", "sampling"),
    [
        ({"do_sample": False, "temperature": 1.0, "top_p": 0.9}, {"temperature": 0.0}),
        ({"do_sample": False, "max_new_tokens": 9}, {"temperature": 0.0, "max_new_tokens": 9}),
        ({"do_sample": True}, {}),
        ({"top_k": 0}, {"top_k": None}),
        ({"top_k": -1}, {"top_k": None}),
        ({"temperature": 1, "top_p": None, "min_p": 0.1}, {"temperature": 1, "min_p": 0.1}),
        ({"typical_p": 0.2, "max_length": 20}, {}),
    ],
)
def test_values_mean_what_they_mean_elsewhere(values, sampling):
    recommended = Recommended.of(values, "here")
    assert recommended.sampling() == sampling
    assert Recommended.of(recommended.settings(), "here") == recommended


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("temperature", -1), ("temperature", "hot"), ("temperature", float("nan"))),
        *(("temperature", True), ("top_p", 1.5), ("top_k", -2), ("top_k", 2.5)),
        *(("repetition_penalty", 0), ("max_new_tokens", 0), ("min_p", [0.1])),
    ],
)
def test_a_value_out_of_range_is_named_with_its_file(tmp_path, name, value):
    base = write_language_model(tmp_path / "base") / "step-00000020"
    write(base, **{name: value})
    with pytest.raises(CheckpointError, match=rf"(?s)generation_config.json: {name}.*delete it"):
        load_language_model(base)
    with pytest.raises(CheckpointError, match=rf"(?s)generation_config.json: {name}"):
        import_source(str(base), tmp_path / "out")
