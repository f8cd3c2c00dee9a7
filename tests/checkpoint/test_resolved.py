import json
import shutil

import pytest

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.resolved import resolve
from fledge.checkpoint.weights import open_tensors
from fledge.errors import CheckpointError
from tiny_model import write_language_model

LANGUAGE = {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"]}
SCALAR = {"model_type": "llama", "architectures": ["LlamaForSequenceClassification"]}
TRANSLATION = {"model_type": "marian"}


def write(directory, config=None, adapter=None, *others):
    directory.mkdir(parents=True, exist_ok=True)
    for name, values in (("config.json", config), ("adapter_config.json", adapter)):
        if values is not None:
            (directory / name).write_text(json.dumps(values))
    for name in others:
        (directory / name).touch()
    return directory


@pytest.mark.parametrize(
    ("config", "kind"),
    [(LANGUAGE, "language"), (SCALAR, "scalar"), (TRANSLATION, "translation"), ({}, "language")],
)
def test_a_whole_model_has_a_kind_settings_and_its_file(tmp_path, config, kind):
    found = resolve(write(tmp_path / "model", config, None, "model.safetensors"))
    weights = tmp_path / "model" / "model.safetensors"
    assert (found.kind, found.config_json, found.adapter) == (kind, config, None)
    assert found.files == (weights,) and found.directory == tmp_path / "model"
    assert found.named.config == tmp_path / "model" / "config.json"
    assert found.named.weights == weights


def test_shards_are_named_once_each_with_their_index(tmp_path):
    directory = write(tmp_path, LANGUAGE, None, "b.safetensors", "a.safetensors")
    index = directory / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {f"{n}{n}": f"{n}.safetensors" for n in "bab"}}))
    found = resolve(directory)
    assert found.files == (directory / "a.safetensors", directory / "b.safetensors")
    assert found.named.weights == index
    write(directory, None, None, "model.safetensors")
    assert resolve(directory).files == (directory / "model.safetensors",)


def test_missing_weights_are_told_when_they_are_opened(tmp_path):
    found = resolve(write(tmp_path, LANGUAGE))
    assert found.files == () and found.named.weights == tmp_path
    with pytest.raises(CheckpointError, match=r"model\.safetensors: no such file; .* incomplete"):
        open_tensors(found)


def test_an_adapter_is_resolved_with_its_base_and_its_bases_base(tmp_path):
    write(tmp_path / "base", LANGUAGE, None, "model.safetensors")
    middle = write(tmp_path / "middle", None, {"base_model_name_or_path": "../base"})
    last = write(tmp_path / "last", None, {"base_model_name_or_path": str(middle)})
    found = resolve(last)
    assert found.config_json == LANGUAGE and found.kind == "language" and found.files == ()
    assert found.named.config == found.named.weights == last
    assert found.adapter is not None and found.adapter.base.adapter is not None
    assert found.adapter.settings == {"base_model_name_or_path": str(middle)}
    assert found.adapter.config_file == last / "adapter_config.json"
    assert found.adapter.base.adapter.base.files[0].samefile(
        tmp_path / "base" / "model.safetensors"
    )


def test_a_classifier_on_a_language_model_is_a_scalar_model(tmp_path):
    base = find_checkpoint(write_language_model(tmp_path / "base"))
    settings = {"base_model_name_or_path": str(base), "task_type": "SEQ_CLS"}
    found = resolve(write(tmp_path / "adapter", None, settings))
    assert found.kind == "scalar" and found.config_json["id2label"] == {"0": "score"}
    (base / "config.json").write_text(json.dumps(SCALAR))
    assert resolve(tmp_path / "adapter").config_json == SCALAR


def test_settings_and_weights_beside_an_adapter_come_first(tmp_path):
    write(tmp_path / "base", LANGUAGE, None, "model.safetensors")
    adapter = {"base_model_name_or_path": str(tmp_path / "base")}
    merged = write(tmp_path / "merged", SCALAR, adapter)
    assert resolve(merged).kind == "scalar" and resolve(merged).adapter is not None
    write(merged, None, None, "model.safetensors")
    assert resolve(merged).adapter is None and resolve(merged).files


def test_an_adapter_without_its_base_says_where_to_name_it(tmp_path):
    write(tmp_path / "base", LANGUAGE)
    adapter = write(tmp_path / "adapter", None, {"base_model_name_or_path": "../base"})
    assert resolve(adapter).adapter is not None
    shutil.rmtree(tmp_path / "base")
    for settings in ({"base_model_name_or_path": "../base"}, {}):
        write(adapter, None, settings)
        with pytest.raises(CheckpointError, match=r"adapter_config\.json: its base .* put it back"):
            resolve(adapter)


def test_what_is_no_checkpoint_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"config\.json: no such file"):
        resolve(tmp_path)
