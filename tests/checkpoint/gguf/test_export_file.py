import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

import fledge
from checkpoint import gguf_llama
from checkpoint.foreign_models import TEXTS, write_foreign
from fledge.checkpoint.exchange import import_model
from fledge.checkpoint.gguf.export_file import export_gguf
from fledge.checkpoint.gguf.tokenizer import gguf_vocabulary, pre_tokenizer, without_marks
from fledge.checkpoint.model_files import save_language_model
from fledge.errors import CheckpointError, TokenizerError
from fledge.text.chat import ChatTemplate
from fledge.text.normalise import NormaliserConfig
from fledge.text.patterns import GPT2_PATTERN, gpt4_pattern
from fledge.text.template import DEFAULT_TEMPLATE, render_template
from fledge.text.tokenizer import Tokenizer
from text.foreign import save_sentencepiece_style
from tiny_model import tiny_model, write_language_model, write_reward_model

IDS = [5, 9, 2, 30, 31, 32, 90, 7]


@pytest.fixture
def make(tmp_path):
    """The directory of an imported model."""

    def made(name: str):
        write_foreign(tmp_path / "theirs", name)
        import_model(tmp_path / "theirs", tmp_path / "ours")
        return tmp_path / "ours"

    return made


@torch.inference_mode()
@pytest.mark.parametrize("name", ["smollm2", "llama3", "mistral", "qwen2", "qwen3"])
def test_the_file_computes_what_the_model_does(make, tmp_path, name):
    checkpoint = make(name)
    copied = export_gguf(checkpoint, tmp_path / "model.gguf", precision="float32")
    expected = fledge.load(checkpoint).model(torch.tensor([IDS]))[0]
    found = gguf_llama.logits(tmp_path / "model.gguf", IDS)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert copied.precision == "float32"


@torch.inference_mode()
def test_our_own_models_are_qwen3(tmp_path):
    checkpoint = write_language_model(tmp_path / "run") / "step-00000020"
    export_gguf(checkpoint, tmp_path / "model.gguf", precision="float32")
    fields, _ = gguf_llama.read(tmp_path / "model.gguf")
    assert fields["general.architecture"] == "qwen3"
    assert fields["tokenizer.ggml.pre"] == "qwen2"
    expected = fledge.load(checkpoint).model(torch.tensor([IDS]))[0]
    found = gguf_llama.logits(tmp_path / "model.gguf", IDS)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("precision", "kind", "error"),
    [("float16", "F16", 2**-11), ("bfloat16", "BF16", 2**-8), ("q8_0", "Q8_0", None)],
)
def test_matrices_are_rounded_and_norms_are_not(make, tmp_path, precision, kind, error):
    checkpoint = make("qwen2")
    export_gguf(checkpoint, tmp_path / "model.gguf", precision=precision)
    expected = load_file(checkpoint / "model.safetensors")
    stored = {t.name: t for t in gguf.GGUFReader(tmp_path / "model.gguf").tensors}
    assert len(stored) == len(expected)
    up = stored["blk.1.ffn_up.weight"]
    assert up.tensor_type.name == kind and list(up.shape) == [32, 64]
    found = torch.from_numpy(gguf.dequantize(up.data, up.tensor_type))
    wanted = expected["model.layers.1.mlp.up_proj.weight"]
    if error is None:
        # A block of 32 shares a scale of its largest / 127, itself rounded to float16: at most half
        # a step and 127 · 2⁻¹¹ of one.
        largest = wanted.unflatten(1, (-1, 32)).abs().amax(dim=2, keepdim=True)
        bound = (largest / 127 * 0.563).expand(-1, -1, 32).flatten(1)
        assert (found - wanted).abs().le(bound).all()
    else:
        assert (found - wanted).abs().le(wanted.abs() * error + 1e-7).all()
    for theirs, ours in (
        ("blk.0.attn_norm.weight", "model.layers.0.input_layernorm.weight"),
        ("blk.0.attn_k.bias", "model.layers.0.self_attn.k_proj.bias"),
        ("output_norm.weight", "model.norm.weight"),
    ):
        assert stored[theirs].tensor_type.name == "F32"
        assert np.array_equal(stored[theirs].data, expected[ours].numpy())


def test_rows_that_make_no_whole_block_stay_float16(tmp_path):
    tokenizer = Tokenizer.train(TEXTS, 280)
    model = tiny_model(tokenizer.vocabulary_size)
    config = model.config.model_copy(update={"feed_forward_width": 40})
    model = type(model)(config)
    save_language_model(tmp_path / "model", model, tokenizer, ChatTemplate())
    export_gguf(tmp_path / "model", tmp_path / "model.gguf", precision="q8_0")
    kinds = {t.name: t.tensor_type.name for t in gguf.GGUFReader(tmp_path / "model.gguf").tensors}
    assert kinds["blk.0.ffn_down.weight"] == "F16" and kinds["blk.0.ffn_up.weight"] == "Q8_0"


def test_sizes_tokens_and_template_can_be_read_back(make, tmp_path):
    checkpoint = make("qwen3")
    export_gguf(checkpoint, tmp_path / "model.gguf")
    fields, _ = gguf_llama.read(tmp_path / "model.gguf")
    loaded = fledge.load(checkpoint)
    tokenizer, config = loaded.tokenizer, loaded.model.config
    expected = {
        "general.architecture": "qwen3",
        "general.file_type": 1,
        "qwen3.context_length": config.context_length,
        "qwen3.embedding_length": config.width,
        "qwen3.block_count": config.num_layers,
        "qwen3.feed_forward_length": config.feed_forward_width,
        "qwen3.attention.head_count": config.num_heads,
        "qwen3.attention.head_count_kv": config.num_key_value_heads,
        "qwen3.attention.key_length": config.head_width,
        "qwen3.vocab_size": config.vocabulary_size,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.eos_token_id": tokenizer.special.end,
        "tokenizer.ggml.padding_token_id": tokenizer.special.pad,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": loaded.template.source,
    }
    assert {name: fields.get(name) for name in expected} == expected
    tokens, types = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    assert tokens == [tokenizer.token(i) for i in range(tokenizer.vocabulary_size)]
    assert types[tokens.index("<|im_end|>")] == 3 and types[tokens.index("<think>")] == 4
    assert types[tokens.index("<|im_start|>")] == 3 and types[40] == 1
    merges = [" ".join(pair) for pair in tokenizer.definition["model"]["merges"]]
    assert fields["tokenizer.ggml.merges"] == merges


def test_transformers_reads_the_tokenizer_of_the_file(make, tmp_path):
    checkpoint = make("smollm2")
    export_gguf(checkpoint, tmp_path / "model.gguf")
    theirs = AutoTokenizer.from_pretrained(tmp_path, gguf_file="model.gguf")
    text = "Twice a day the moon pulls on the sea."
    assert theirs(text).input_ids == fledge.load(checkpoint).tokenizer.encode(text)


def test_a_sentencepiece_vocabulary_has_scores_and_bytes(tmp_path):
    save_sentencepiece_style(tmp_path, TEXTS)
    tokenizer = Tokenizer.load(tmp_path)
    vocabulary = gguf_vocabulary(tokenizer, tokenizer.vocabulary_size + 3)
    assert (vocabulary.model, vocabulary.adds_space, vocabulary.merges) == ("llama", True, [])
    assert vocabulary.types[:4] == [2, 3, 3, 6] and vocabulary.tokens[3] == "<0x00>"
    assert vocabulary.types[-3:] == [5, 5, 5] and vocabulary.tokens[-1].startswith("[PAD")
    left, right = tokenizer.definition["model"]["merges"][0]
    first = vocabulary.tokens.index(left + right)
    assert vocabulary.scores[first] == max(vocabulary.scores) == 0.0


def test_patterns_have_llama_cpps_names():
    qwen2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    qwen2 += r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}

    def name(*steps: dict[str, object], **model: object) -> str:
        steps_json = {"type": "Sequence", "pretokenizers": list(steps)}
        return pre_tokenizer({"pre_tokenizer": steps_json, "model": model})

    def split(pattern: str) -> dict[str, object]:
        return {"type": "Split", "pattern": {"Regex": pattern}}

    assert name(split(qwen2), byte_level) == "qwen2"
    llama3 = qwen2.replace(r"|\p{N}| ", r"|\p{N}{1,3}| ")
    assert name(split(llama3), byte_level, ignore_merges=True) == "llama-bpe"
    assert name(split(llama3), byte_level) == "dbrx"
    digits = {"type": "Digits", "individual_digits": True}
    assert name(digits, byte_level | {"use_regex": True}) == "smollm"
    assert name(split(GPT2_PATTERN), byte_level) == "gpt-2"
    with pytest.raises(TokenizerError, match=r"\\p\{N\}\{1,2\}.*which"):
        name(split(gpt4_pattern(digits=2)), byte_level)
    with pytest.raises(TokenizerError, match=r"pattern .*which GGUF has no name for"):
        name(split(r"\w+"), byte_level)
    with pytest.raises(TokenizerError, match="cut by Whitespace"):
        name({"type": "Whitespace"})


@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        (lambda: Tokenizer.characters(TEXTS), "is cut by none"),
        (
            lambda: Tokenizer.train(TEXTS, 280, normaliser=NormaliserConfig(lower_case=True)),
            "normalises text by Lowercase",
        ),
    ],
)
def test_tokenizers_without_a_name_are_refused(tmp_path, tokenizer, message):
    checkpoint = write_language_model(tmp_path / "run", tokenizer()) / "step-00000020"
    with pytest.raises(TokenizerError, match=message):
        export_gguf(checkpoint, tmp_path / "model.gguf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def test_marks_of_training_leave_the_template_and_nothing_else():
    plain = without_marks(DEFAULT_TEMPLATE)
    assert "generation -" not in plain
    chat = [{"role": role, "content": f" {role} "} for role in ("system", "user", "assistant")]
    marked = render_template(DEFAULT_TEMPLATE, chat, {}, True)
    assert render_template(plain, chat, {}, True) == marked.replace("\ufdd0", "").replace(
        "\ufdd1", ""
    )


def test_what_gguf_has_no_words_for_is_refused(make, tmp_path):
    with pytest.raises(CheckpointError, match="this is a gpt2 language model"):
        export_gguf(make("gpt2"), tmp_path / "model.gguf")
    reward = write_reward_model(tmp_path / "reward") / "step-00000020"
    with pytest.raises(CheckpointError, match="this is a qwen3 scalar model"):
        export_gguf(reward, tmp_path / "model.gguf")


def test_numbers_too_large_for_float16_are_named(make, tmp_path):
    checkpoint = make("qwen3")
    tensors = load_file(checkpoint / "model.safetensors")
    tensors["model.layers.0.mlp.up_proj.weight"][3, 3] = 1e6
    save_file(tensors, checkpoint / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"blk.0.ffn_up.weight has numbers beyond float16"):
        export_gguf(checkpoint, tmp_path / "model.gguf")
    assert not (tmp_path / "model.gguf").exists()
    export_gguf(checkpoint, tmp_path / "model.gguf", precision="bfloat16")
    tensors["model.norm.weight"][2] = float("nan")
    save_file(tensors, checkpoint / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"ours: tensor output_norm.weight: .* NaN or"):
        export_gguf(checkpoint, tmp_path / "broken.gguf", precision="bfloat16")
