import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer as Backend
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from checkpoint.foreign_models import CONFIGS, TEXTS, write_foreign
from fledge.checkpoint.exchange import export_model, import_model
from fledge.checkpoint.lineage import read_lineage
from fledge.checkpoint.model_files import (
    load_language_model,
    load_scalar_model,
    save_language_model,
    save_scalar_model,
)
from fledge.errors import CheckpointError
from fledge.model.gpt import GPT
from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation, Message
from fledge.text.tokenizer import Tokenizer
from text.foreign import save_chatml_style

WRITTEN_AS = {"smollm2": "llama", "llama3": "llama", "mistral": "llama"}


def contents(directory) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in directory.iterdir() if p.name != "fledge.json"}


@torch.inference_mode()
@pytest.mark.parametrize("name", CONFIGS)
def test_import_and_export_keep_every_tensor(name, tmp_path):
    model = write_foreign(tmp_path / "theirs", name)
    copied = import_model(tmp_path / "theirs", tmp_path / "ours")
    assert (copied.kind, copied.precision) == ("language", "float32")
    assert copied.model_type == WRITTEN_AS.get(name, name)

    loaded = load_language_model(tmp_path / "ours")
    ids = torch.randint(3, 90, (2, 13), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(loaded.model(ids), model(ids).logits, atol=1e-5, rtol=0)
    assert copied.parameters == sum(p.numel() for p in loaded.model.parameters())

    export_model(tmp_path / "ours", tmp_path / "exported")
    back, report = AutoModelForCausalLM.from_pretrained(
        tmp_path / "exported", output_loading_info=True
    )
    assert not any(report.values())
    assert back.state_dict().keys() == model.state_dict().keys()
    for key, tensor in model.state_dict().items():
        assert torch.equal(back.state_dict()[key], tensor), key

    import_model(tmp_path / "exported", tmp_path / "again")
    assert contents(tmp_path / "again") == contents(tmp_path / "ours")
    assert contents(tmp_path / "exported") == contents(tmp_path / "ours")
    assert not (tmp_path / "exported" / "fledge.json").exists()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_precision_is_kept_and_shards_become_one_file(dtype, tmp_path):
    model = write_foreign(tmp_path / "theirs", "qwen3", dtype=dtype, shard_size="20KB")
    assert len(list((tmp_path / "theirs").glob("model-*.safetensors"))) > 2
    copied = import_model(tmp_path / "theirs", tmp_path / "ours")
    assert copied.precision == str(dtype).removeprefix("torch.")
    tensors = load_file(tmp_path / "ours" / "model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {dtype}
    for key, tensor in tensors.items():
        assert torch.equal(tensor.float(), model.state_dict()[key]), key
    config = json.loads((tmp_path / "ours" / "config.json").read_text())
    assert config["torch_dtype"] == copied.precision
    loaded = load_language_model(tmp_path / "ours").model
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}


def test_weights_are_cast_when_asked(tmp_path):
    model = write_foreign(tmp_path / "theirs", "smollm2")
    import_model(tmp_path / "theirs", tmp_path / "half", precision="bfloat16")
    export_model(tmp_path / "half", tmp_path / "single", precision="float32")
    for name, dtype in (("half", torch.bfloat16), ("single", torch.float32)):
        tensors = load_file(tmp_path / name / "model.safetensors")
        norm = "model.layers.1.input_layernorm.weight"
        assert tensors[norm].dtype == dtype
        assert torch.equal(tensors[norm].float(), model.state_dict()[norm].bfloat16().float())


def test_what_generation_was_set_to_stays(tmp_path):
    write_foreign(tmp_path / "theirs", "qwen2")
    import_model(tmp_path / "theirs", tmp_path / "ours")
    settings = json.loads((tmp_path / "ours" / "generation_config.json").read_text())
    tokenizer = load_language_model(tmp_path / "ours").tokenizer
    assert settings["temperature"] == 0.6 and settings["top_p"] == 0.9 and settings["do_sample"]
    assert settings["eos_token_id"][0] == tokenizer.special.end
    assert {1, 2} <= set(settings["eos_token_id"])


def test_the_tokenizer_and_its_template_stay(tmp_path):
    write_foreign(tmp_path / "theirs", "smollm2")
    import_model(tmp_path / "theirs", tmp_path / "ours")
    theirs, ours = (AutoTokenizer.from_pretrained(tmp_path / n) for n in ("theirs", "ours"))
    chat = [{"role": "user", "content": "The tide?"}, {"role": "assistant", "content": "Out."}]
    assert ours.apply_chat_template(chat) == theirs.apply_chat_template(chat)
    text = "Twice a day <think> the sea <|im_end|>"
    assert ours(text).input_ids == theirs(text).input_ids


@torch.inference_mode()
def test_a_classifier_with_one_label_is_a_reward_model(tmp_path):
    """And what is exported is the classifier again, with the same scores."""
    config = CONFIGS["smollm2"]
    tokenizer = save_chatml_style_into(tmp_path / "theirs")
    config = config.from_dict({**config.to_dict(), "num_labels": 1, "pad_token_id": 0})
    config.vocab_size = tokenizer.get_vocab_size()
    torch.manual_seed(0)
    classifier = AutoModelForSequenceClassification.from_config(config).eval()
    classifier.save_pretrained(tmp_path / "theirs")
    assert import_model(tmp_path / "theirs", tmp_path / "ours").kind == "scalar"
    scalar = load_scalar_model(tmp_path / "ours").model
    ids = torch.randint(3, 90, (3, 9), generator=torch.Generator().manual_seed(0))
    expected = classifier(ids).logits[:, 0]
    torch.testing.assert_close(scalar(ids)[:, -1], expected, atol=1e-5, rtol=0)

    with torch.no_grad():
        scalar.head.bias.fill_(0.75)
    loaded = load_scalar_model(tmp_path / "ours")
    save_scalar_model(tmp_path / "trained", scalar, loaded.tokenizer, loaded.template)
    export_model(tmp_path / "trained", tmp_path / "exported")
    back = AutoModelForSequenceClassification.from_pretrained(tmp_path / "exported").eval()
    torch.testing.assert_close(back(ids).logits[:, 0], expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(scalar(ids)[:, -1] - 0.75, expected, atol=1e-5, rtol=0)


def save_chatml_style_into(directory: Path) -> Backend:
    directory.mkdir()
    return save_chatml_style(directory, TEXTS)


def test_the_lineage_names_the_source(tmp_path):
    write_foreign(tmp_path / "theirs", "gpt2")
    import_model(tmp_path / "theirs", tmp_path / "ours", name="someone/small@main")
    lineage = read_lineage(tmp_path / "ours")
    assert lineage is not None and lineage.stage == "import" and lineage.finished
    assert lineage.parents["model"].path == "someone/small@main"
    assert len(lineage.parents["model"].weights) == 64


def test_nothing_that_exists_is_overwritten(tmp_path):
    write_foreign(tmp_path / "theirs", "gpt2")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "diary.txt").write_text("dear")
    for copy in (import_model, export_model):
        with pytest.raises(CheckpointError, match="ours already exists"):
            copy(tmp_path / "theirs", tmp_path / "ours")
    (tmp_path / "ours" / "diary.txt").unlink()
    import_model(tmp_path / "theirs", tmp_path / "ours")


@pytest.mark.parametrize(
    ("file", "values", "message"),
    [
        ("config.json", {"quantization_config": {"bits": 4}}, "'quantization_config' is"),
        (
            "config.json",
            {"model_type": "mixtral"},
            r"config.json: model_type 'mixtral' is not",
        ),
        ("config.json", {"attention_bias": True}, "'attention_bias' is True"),
        ("config.json", {"rope_parameters": {"rope_type": "yarn"}}, "rope scaling 'yarn'"),
        (
            "config.json",
            {"rope_scaling": {"type": "linear", "factor": 0.0}},
            r"config.json: .*'factor' above 0, found 0.0",
        ),
        ("config.json", {"rope_scaling": {"type": "llama3"}}, r"config.json: .*'factor' above 0"),
        (
            "config.json",
            {"num_attention_heads": 7},
            "these sizes make no model: num_heads 7 must be a multiple of num_key_value_heads 2$",
        ),
        ("config.json", {"rope_scaling": {"type": "yarn", "factor": 4.0}}, "rope scaling 'yarn'"),
        (
            "config.json",
            {"hidden_size": 16},
            r"model.safetensors: tensor .* has shape",
        ),
        ("config.json", {"num_hidden_layers": 3}, "tensor.*layers.2.*missing"),
        ("config.json", {"num_hidden_layers": 1}, r"model.safetensors: .*layers.1.* unknown"),
        ("config.json", {"architectures": ["LlamaForQuestionAnswering"]}, "QuestionAnswering"),
    ],
)
def test_what_would_be_computed_otherwise_is_refused(tmp_path, file, values, message):
    write_foreign(tmp_path / "theirs", "smollm2")
    path = tmp_path / "theirs" / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    with pytest.raises(CheckpointError, match=message) as caught:
        import_model(tmp_path / "theirs", tmp_path / "ours")
    assert str(tmp_path / "theirs") in str(caught.value)
    assert not (tmp_path / "ours").exists()


def test_quantised_tensors_are_refused_by_name(tmp_path):
    write_foreign(tmp_path / "theirs", "qwen2")
    path = tmp_path / "theirs" / "model.safetensors"
    tensors = load_file(path)
    tensors["model.norm.weight"] = tensors["model.norm.weight"].to(torch.int8)
    save_file(tensors, path)
    with pytest.raises(CheckpointError, match=r"model.norm.weight is stored as int8"):
        import_model(tmp_path / "theirs", tmp_path / "ours")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_numbers_that_are_none_are_refused_by_name(tmp_path, number, dtype):
    write_foreign(tmp_path / "theirs", "qwen2", dtype=dtype)
    path = tmp_path / "theirs" / "model.safetensors"
    tensors = load_file(path)
    tensors["model.layers.1.mlp.up_proj.weight"][3, 3:5] = number
    save_file(tensors, path)
    message = r"model.safetensors: tensor model.layers.1.mlp.up_proj.weight: .* found 2 of 2,048 "
    with pytest.raises(CheckpointError, match=message):
        import_model(tmp_path / "theirs", tmp_path / "ours")
    assert [each.name for each in tmp_path.iterdir()] == ["theirs"]


def test_numbers_that_a_cast_would_make_infinite_are_refused(tmp_path):
    write_foreign(tmp_path / "theirs", "smollm2")
    path = tmp_path / "theirs" / "model.safetensors"
    tensors = load_file(path)
    tensors["model.norm.weight"][5] = 1e6
    save_file(tensors, path)
    with pytest.raises(CheckpointError, match=r"model.norm.weight: .* choose --dtype bfloat16"):
        import_model(tmp_path / "theirs", tmp_path / "half", precision="float16")
    import_model(tmp_path / "theirs", tmp_path / "wide", precision="bfloat16")


def test_a_checkpoint_that_diverged_is_not_exported(tmp_path):
    write_foreign(tmp_path / "theirs", "gpt2")
    import_model(tmp_path / "theirs", tmp_path / "ours")
    path = tmp_path / "ours" / "model.safetensors"
    tensors = load_file(path)
    tensors["transformer.wpe.weight"][:] = float("nan")
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"wpe.weight: .* before its training diverged"):
        export_model(tmp_path / "ours", tmp_path / "out")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("model.safetensors", "model.safetensors: no such file"),
        ("tokenizer.json", "tokenizer.json: no such file; copy the tokenizer"),
        ("config.json", "config.json: no such file"),
    ],
)
def test_a_missing_file_is_named(tmp_path, broken, message):
    write_foreign(tmp_path / "theirs", "qwen2")
    (tmp_path / "theirs" / broken).unlink()
    with pytest.raises(CheckpointError, match=message):
        import_model(tmp_path / "theirs", tmp_path / "ours")


def test_a_bare_sentencepiece_model_is_told_how_to_convert(tmp_path):
    write_foreign(tmp_path / "theirs", "smollm2")
    shutil.move(tmp_path / "theirs" / "tokenizer.json", tmp_path / "theirs" / "tokenizer.model")
    with pytest.raises(CheckpointError, match=r"tokenizer.model alone is not read: AutoTokenizer"):
        import_model(tmp_path / "theirs", tmp_path / "ours")


@torch.inference_mode()
@pytest.mark.parametrize("name", ["gpt2", "smollm2", "qwen2"])
def test_a_base_model_gets_chat_tokens_and_is_otherwise_the_same(tmp_path, name):
    model = write_foreign(tmp_path / "theirs", name, template=None)
    import_model(tmp_path / "theirs", tmp_path / "ours", chat_tokens=True)
    loaded = load_language_model(tmp_path / "ours")
    old, tokenizer = model.config.vocab_size, loaded.tokenizer
    assert loaded.model.config.vocabulary_size == tokenizer.vocabulary_size == old + 5
    assert tokenizer.special.assistant is not None and loaded.template == ChatTemplate()
    chat = Conversation((Message("user", "The tide?"), Message("assistant", "Out.")))
    assert len(loaded.template.render(chat, tokenizer).ids) > 8

    ids = torch.randint(3, 90, (2, 9), generator=torch.Generator().manual_seed(0))
    found = loaded.model(ids)
    torch.testing.assert_close(found[..., :old], model(ids).logits, atol=1e-5, rtol=0)
    embedding = loaded.model.token_embedding.weight
    mean = embedding[:old].mean(dim=0)
    assert (embedding[old:] - mean).std() == pytest.approx(0.02, rel=0.3)

    export_model(tmp_path / "ours", tmp_path / "exported")
    back, report = AutoModelForCausalLM.from_pretrained(
        tmp_path / "exported", output_loading_info=True
    )
    assert not any(report.values()) and back.config.vocab_size == old + 5


def test_rows_beyond_the_tokenizer_become_the_chat_tokens(tmp_path):
    write_foreign(tmp_path / "theirs", "qwen2", template=None)
    import_model(tmp_path / "theirs", tmp_path / "ours", chat_tokens=True)
    padded = load_language_model(tmp_path / "ours")
    size = -(-padded.tokenizer.vocabulary_size // 64) * 64
    grown = with_rows(padded.model, size)
    base = Tokenizer.load(tmp_path / "theirs")
    save_language_model(tmp_path / "padded", grown, base, ChatTemplate())
    settings = tmp_path / "padded" / "tokenizer_config.json"
    values = json.loads(settings.read_text())
    del values["chat_template"]
    settings.write_text(json.dumps(values))
    import_model(tmp_path / "padded", tmp_path / "again", chat_tokens=True)
    again = load_language_model(tmp_path / "again")
    assert again.model.config.vocabulary_size == size
    assert torch.equal(again.model.token_embedding.weight, grown.token_embedding.weight)
    assert again.tokenizer.special.assistant is not None


def with_rows(model: GPT, size: int) -> GPT:
    """A copy with an embedding of `size` rows, random ones behind the last."""
    copy = GPT(model.config.model_copy(update={"vocabulary_size": size}))
    copy.initialise(torch.Generator().manual_seed(0))
    wider = copy.state_dict()
    for name, tensor in model.state_dict().items():
        wider[name][: len(tensor)] = tensor
    return copy


def test_chat_tokens_are_not_added_twice(tmp_path):
    write_foreign(tmp_path / "theirs", "smollm2")
    with pytest.raises(CheckpointError, match="has a chat template and its tokens already"):
        import_model(tmp_path / "theirs", tmp_path / "ours", chat_tokens=True)
