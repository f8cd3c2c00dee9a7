"""Models of GGUF files, against transformers' own reading of the same files."""

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

import fledge
from checkpoint import gguf_llama
from checkpoint.foreign_models import write_foreign
from checkpoint.gguf.gguf_files import CONFIGS, SCALES, byte_level, random_model, write_gguf
from checkpoint.llama2c_files import random_llama, write_model, write_tokenizer
from fledge.checkpoint.exchange import import_llama2c, import_model
from fledge.checkpoint.gguf.export_file import export_gguf
from fledge.checkpoint.gguf.header import KINDS
from fledge.checkpoint.gguf.import_file import import_gguf
from fledge.checkpoint.import_source import import_source
from fledge.checkpoint.lineage import read_lineage
from fledge.errors import CheckpointError
from fledge.files import file_hash
from shared_data import shared_data

IDS = [5, 9, 2, 30, 31, 32, 90, 7, 260, 11, 12]
UNQUANTISED = ("F32", "F16", "BF16")


def theirs(path) -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32
    ).eval()


@torch.inference_mode()
@pytest.mark.parametrize("architecture", CONFIGS)
@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.values()])
def test_logits_are_those_of_transformers_dequantised_load(tmp_path, architecture, kind):
    model = random_model(architecture)
    path = write_gguf(tmp_path / "model.gguf", architecture, model, kind)
    copied = import_gguf(path, tmp_path / "out", precision="float32")
    assert (copied.model_type, copied.precision) == (architecture, "float32")
    loaded, ids = fledge.load(tmp_path / "out"), torch.tensor([IDS])
    expected = theirs(path)(ids).logits
    assert expected.std() > 0.2
    torch.testing.assert_close(loaded.model(ids), expected, atol=1e-5, rtol=0)
    if kind == "F32":
        torch.testing.assert_close(expected, model(ids).logits, atol=1e-5, rtol=0)
    # And with what the file itself says, by an implementation of its own.
    slow = gguf_llama.logits(path, IDS)
    torch.testing.assert_close(loaded.model(ids)[0], slow, atol=2e-5, rtol=0)


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.values()])
def test_weights_keep_their_precision_and_quantised_ones_become_bfloat16(tmp_path, kind):
    path = write_gguf(tmp_path / "model.gguf", "qwen2", random_model("qwen2"), kind)
    copied = import_gguf(path, tmp_path / "out")
    found = load_file(tmp_path / "out" / "model.safetensors")
    stored = {t.name: t for t in gguf.GGUFReader(path).tensors}
    names = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    matrices = names.get(kind, torch.bfloat16)
    up, norm = found["model.layers.1.mlp.up_proj.weight"], found["model.norm.weight"]
    assert up.dtype == matrices
    # The norms here are no multiples of a bfloat16 step, so an unquantised file keeps them whole.
    assert norm.dtype == (torch.float32 if kind in UNQUANTISED else torch.bfloat16)
    theirs = stored["blk.1.ffn_up.weight"]
    numbers = torch.from_numpy(gguf.dequantize(theirs.data, theirs.tensor_type).copy())
    assert torch.equal(up, numbers.to(matrices))
    assert copied.precision == {"F16": "mixed", "BF16": "mixed"}.get(kind, str(matrices)[6:])
    assert copied.parameters == sum(tensor.numel() for tensor in found.values())


def test_norms_take_the_precision_of_the_matrices_where_that_changes_nothing(tmp_path):
    model = random_model("llama")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.bfloat16())
    path = write_gguf(tmp_path / "model.gguf", "llama", model, "BF16")
    assert import_gguf(path, tmp_path / "out").precision == "bfloat16"
    found = load_file(tmp_path / "out" / "model.safetensors")
    assert {tensor.dtype for tensor in found.values()} == {torch.bfloat16}
    for name, tensor in model.state_dict().items():
        assert torch.equal(found[name].float(), tensor), name


@torch.inference_mode()
@pytest.mark.parametrize("name", ["smollm2", "llama3", "mistral", "qwen2", "qwen3"])
@pytest.mark.parametrize("precision", ["float32", "float16", "bfloat16", "q8_0"])
def test_exported_is_imported(tmp_path, name, precision):
    write_foreign(tmp_path / "theirs", name)
    import_model(tmp_path / "theirs", tmp_path / "first")
    export_gguf(tmp_path / "first", tmp_path / "model.gguf", precision=precision)
    import_gguf(tmp_path / "model.gguf", tmp_path / "second", precision="float32")
    first, second = fledge.load(tmp_path / "first"), fledge.load(tmp_path / "second")
    ids = torch.tensor([IDS[:8]])
    expected = gguf_llama.logits(tmp_path / "model.gguf", IDS[:8])
    torch.testing.assert_close(second.model(ids)[0], expected, atol=1e-5, rtol=0)
    if precision == "float32":
        torch.testing.assert_close(second.model(ids), first.model(ids), atol=1e-5, rtol=0)
        before, after = (load_file(tmp_path / d / "model.safetensors") for d in ("first", "second"))
        assert before.keys() == after.keys()
        assert all(torch.equal(before[key], after[key]) for key in before)
    assert second.tokenizer.special == first.tokenizer.special
    assert second.tokenizer.chat_template == first.tokenizer.chat_template


@torch.inference_mode()
def test_a_real_tiny_model_goes_through_the_file_and_comes_back(tmp_path):
    folder = shared_data("weights/stories260K")
    import_llama2c(folder / "stories260K.bin", tmp_path / "first", folder / "tok512.bin")
    first = fledge.load(tmp_path / "first")
    text = "Once upon a time, there was a little girl named Lily. She lived  in a big house."
    ids = torch.tensor([first.tokenizer.encode_document(text)])
    for precision in ("float32", "float16", "q8_0"):
        path, out = tmp_path / f"{precision}.gguf", tmp_path / precision
        export_gguf(tmp_path / "first", path, precision=precision)
        import_gguf(path, out, precision="float32")
        second = fledge.load(out)
        assert second.tokenizer.encode_document(text) == ids[0].tolist()
        expected = theirs(path)(ids).logits
        torch.testing.assert_close(second.model(ids), expected, atol=1e-5, rtol=1e-5)
    assert second.tokenizer.decode(second.model(ids)[0, -1:].argmax(-1).tolist())


@torch.inference_mode()
def test_parts_are_read_together_whichever_is_named(tmp_path):
    model = random_model("llama")
    write_gguf(tmp_path / "split.gguf", "llama", model, "Q8_0", parts=3)
    parts = sorted(tmp_path.glob("*.gguf"))
    assert [part.name for part in parts] == [f"split-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    whole = write_gguf(tmp_path / "whole.gguf", "llama", model, "Q8_0")
    import_gguf(whole, tmp_path / "whole")
    expected = load_file(tmp_path / "whole" / "model.safetensors")
    for number, part in enumerate(parts):
        import_gguf(part, tmp_path / str(number))
        found = load_file(tmp_path / str(number) / "model.safetensors")
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_parts_that_do_not_belong_together_are_named(tmp_path):
    write_gguf(tmp_path / "split.gguf", "llama", random_model("llama"), "Q8_0", parts=3)
    first, second, third = sorted(tmp_path.glob("*.gguf"))

    def refused(path, message):
        with pytest.raises(CheckpointError, match=message):
            import_gguf(path, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    contents = second.read_bytes()
    second.unlink()
    refused(first, "split-00002-of-00003.gguf: no such file, but split-00001-of-00003.gguf is one")
    third.rename(second)
    refused(first, "split-00003-of-00003.gguf: no such file")
    third.write_bytes(contents)
    refused(first, r"split-00002-of-00003.gguf: expected part 2 of 3, found part 3 of 3")
    first.rename(tmp_path / "model.gguf")
    refused(tmp_path / "model.gguf", "one of 3 parts, which are found by their names: call them")


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"split.no": [0, 1]}, "expected part 1 of 2, found part without a number of 2"),
        ({"split.no": 0, "split.count": [2, 2]}, "'split.count' must be a number of parts"),
    ],
)
def test_parts_numbered_by_a_list_are_refused(tmp_path, metadata, message):
    paths = [tmp_path / f"split-0000{number}-of-00002.gguf" for number in (1, 2)]
    for path in paths:
        write_gguf(path, "llama", random_model("llama"), **{"split.count": 2, **metadata})
    with pytest.raises(CheckpointError, match=message):
        import_gguf(paths[0], tmp_path / "out")


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16", "Q8_0", "Q4_1", *SCALES])
def test_scales_that_are_no_numbers_are_named(tmp_path, kind):
    path = write_gguf(tmp_path / "model.gguf", "llama", random_model("llama"), kind)
    tensor = {t.name: t for t in gguf.GGUFReader(path).tensors}["blk.1.ffn_up.weight"]
    place = SCALES[kind][0][0] if kind in SCALES else 0
    nan = {"F32": "<f4", "BF16": "<u2"}.get(kind, "<f2")
    broken = bytearray(path.read_bytes())
    number = np.array(0x7FC0 if kind == "BF16" else np.nan, nan).tobytes()
    at = int(tensor.data_offset) + place
    broken[at : at + len(number)] = number
    path.write_bytes(bytes(broken))
    with pytest.raises(
        CheckpointError, match=r"model.gguf: tensor model.layers.1.mlp.up_proj.*NaN"
    ):
        import_gguf(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_numbers_beyond_float16_are_named(tmp_path):
    model = random_model("llama")
    with torch.no_grad():
        model.get_input_embeddings().weight[3, 3] = 1e6
    path = write_gguf(tmp_path / "model.gguf", "llama", model)
    with pytest.raises(CheckpointError, match=r"embed_tokens.*choose --dtype bfloat16"):
        import_gguf(path, tmp_path / "out", precision="float16")


def test_the_source_stands_in_the_lineage(tmp_path):
    path = write_gguf(tmp_path / "model.gguf", "llama", random_model("llama"))
    path = path.rename(tmp_path / "sha256-0123")  # Ollama's files have no ending
    assert import_source(str(path), tmp_path / "out").kind == "language"
    lineage = read_lineage(tmp_path / "out")
    assert lineage is not None and lineage.stage == "import" and lineage.finished
    assert lineage.parents["model"].path == lineage.run["source"] == str(path)
    assert lineage.parents["model"].weights == file_hash(path)
    import_gguf(path, tmp_path / "named", name="smollm2")
    lineage = read_lineage(tmp_path / "named")
    assert lineage is not None and lineage.parents["model"].path == "smollm2"
    with pytest.raises(CheckpointError, match="already exists"):
        import_gguf(path, tmp_path / "named")


@torch.inference_mode()
def test_chat_tokens_are_added_to_a_base_model(tmp_path):
    tokens = byte_level("gpt-2") | {"tokenizer.chat_template": None}
    path = write_gguf(tmp_path / "model.gguf", "llama", random_model("llama"), "Q8_0", tokens)
    import_gguf(path, tmp_path / "out", chat_tokens=True)
    loaded = fledge.load(tmp_path / "out")
    assert loaded.tokenizer.special.user is not None and loaded.tokenizer.chat_template
    path = write_gguf(tmp_path / "chat.gguf", "llama", random_model("llama"), "Q8_0")
    with pytest.raises(CheckpointError, match="has a chat template and its tokens already"):
        import_gguf(path, tmp_path / "chat", chat_tokens=True)


def test_tokens_beyond_the_rows_are_refused(tmp_path):
    path = write_gguf(tmp_path / "model.gguf", "llama", random_model("llama", vocab_size=250))
    with pytest.raises(
        CheckpointError, match=r"tokenizer has 271 tokens, but the embedding .* 250"
    ):
        import_gguf(path, tmp_path / "out")


def test_a_damaged_copy_of_a_model_in_a_directory_is_told_apart(tmp_path):
    size = write_tokenizer(tmp_path / "tokenizer.bin", ["a", "b"])
    write_model(tmp_path / "small.bin", random_llama(size, tied=True), 0)
    assert import_source(str(tmp_path / "small.bin"), tmp_path / "out").model_type == "llama"
    save_file({"x": torch.zeros(1)}, tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").rename(tmp_path / "model.gguf")
    with pytest.raises(CheckpointError, match="not a GGUF file, which begins with the letters"):
        import_source(str(tmp_path / "model.gguf"), tmp_path / "other")
