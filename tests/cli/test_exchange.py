"""`fledge import` and `fledge export`, and what imported models can do."""

import json
from pathlib import Path

import gguf
import pytest
from transformers import AutoConfig, AutoModelForSequenceClassification

from checkpoint.foreign_models import write_foreign
from checkpoint.translation_models import make as make_translation_model
from fledge.checkpoint.lineage import read_lineage
from fledge.checkpoint.translation_files import save_translation_model
from text.foreign import CHATML_MARKED

CHATS = [
    [("user", "When does the tide come in?"), ("assistant", "Twice a day.")],
    [("user", "What pulls on the sea?"), ("assistant", "The moon pulls on the sea.")],
]


@pytest.fixture(scope="module")
def foreign(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("foreign") / "smollm2"
    write_foreign(directory, "smollm2", template=CHATML_MARKED)
    return directory


@pytest.fixture
def imported(fledge, foreign, tmp_path) -> Path:
    code, out, err = fledge("import", foreign, tmp_path / "imported")
    assert code == 0, err
    assert "llama language model" in out and "in float32" in out
    return tmp_path / "imported"


def write_records(path: Path, records: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_an_imported_model_is_known_and_writes(fledge, imported):
    code, out, _ = fledge("info", imported, "--json")
    facts = json.loads(out)
    assert code == 0 and facts["architecture"] == "llama" and facts["lineage"]["stage"] == "import"
    code, out, err = fledge("info", imported)
    assert code == 0 and "imported" in out and "smollm2" in out
    for words in (["The tide?"], ["The tide", "--raw"]):
        code, out, err = fledge("generate", imported, *words, "--max-new-tokens", 5, "-t", 0)
        assert code == 0, err


def test_a_base_model_is_readied_for_sft(fledge, tmp_path):
    write_foreign(tmp_path / "base", "gpt2", template=None)
    chats = [{"messages": [{"role": role, "content": text} for role, text in c]} for c in CHATS]
    demonstrations = write_records(tmp_path / "chats.jsonl", chats)
    for words, expected in (((), 1), (("--chat-tokens",), 0)):
        model, output = tmp_path / f"ours{expected}", tmp_path / f"sft{expected}"
        assert fledge("import", tmp_path / "base", model, *words)[0] == 0
        options = ("-d", demonstrations, "-o", output, "--steps", 1, "runtime.dtype=float32")
        code, _, err = fledge("sft", "-m", model, *options)
        assert code == expected, err
        assert ("fledge import … --chat-tokens" in err) == bool(expected)


def test_an_imported_model_goes_through_every_stage(fledge, imported, tmp_path):
    """SFT, reward model and PPO, a step each, with the template it came with."""
    messages = [
        {"messages": [{"role": role, "content": text} for role, text in chat]} for chat in CHATS
    ]
    chats = write_records(tmp_path / "chats.jsonl", messages * 4)
    pairs = [{"prompt": c[0][1], "chosen": c[1][1], "rejected": "No."} for c in CHATS]
    rankings = write_records(tmp_path / "rankings.jsonl", pairs * 4)
    prompts = write_records(tmp_path / "prompts.jsonl", [{"prompt": c[0][1]} for c in CHATS] * 4)
    sft, reward, ppo = (tmp_path / name for name in ("sft", "reward", "ppo"))

    def run(*words: object) -> None:
        code, _, err = fledge(*words)
        assert code == 0, err

    run("sft", "-m", imported, "-d", chats, "-o", sft, "--steps", 1)
    run("reward", "-m", sft, "-d", rankings, "-o", reward, "--steps", 1)
    small = ["stage.rollout.examples=4", "stage.rollout.max_new_tokens=4", "batch.examples=4"]
    run("ppo", "-m", sft, "-r", reward, "--prompts", prompts, "-o", ppo, "--steps", 1, *small)
    exported = tmp_path / "exported"
    run("export", sft, exported)
    template = json.loads((exported / "tokenizer_config.json").read_text())["chat_template"]
    assert template == CHATML_MARKED
    lineage = read_lineage(next(sft.glob("step-*")))
    assert lineage is not None and lineage.parents["model"].lineage is not None
    assert lineage.parents["model"].lineage.stage == "import"


def test_export_chooses_the_layout_by_the_name(fledge, imported, tmp_path):
    code, out, _ = fledge("export", imported, tmp_path / "small.gguf", "--dtype", "q8_0")
    assert code == 0 and "in q8_0" in out
    reader = gguf.GGUFReader(tmp_path / "small.gguf")
    assert reader.fields["general.architecture"].contents() == "llama"
    code, out, _ = fledge("export", imported, tmp_path / "half", "--dtype", "bfloat16")
    assert code == 0 and "in bfloat16" in out
    config = json.loads((tmp_path / "half" / "config.json").read_text())
    assert config["torch_dtype"] == "bfloat16"


def test_a_translation_model_is_exchanged_and_known(fledge, tmp_path):
    saved = make_translation_model(positions="interleaved", activation="swish")
    save_translation_model(tmp_path / "run", saved)
    code, out, err = fledge("export", tmp_path / "run", tmp_path / "marian")
    assert code == 0 and "marian translation model" in out, err
    code, out, err = fledge("import", tmp_path / "marian", tmp_path / "back")
    assert code == 0 and "marian translation model" in out, err
    code, out, _ = fledge("info", tmp_path / "back", "--json")
    facts = json.loads(out)
    assert code == 0 and facts["kind"] == "translation model, en to fr"
    assert facts["parameters"] == sum(p.numel() for p in saved.model.parameters())


@pytest.mark.parametrize("kind", ["tied", "untied", "chat tokens", "classifier", "marian"])
def test_import_and_info_count_the_same_parameters(fledge, tmp_path, kind):
    source, words = tmp_path / "theirs", []
    if kind == "tied":
        write_foreign(source, "smollm2")
    elif kind == "untied":
        write_foreign(source, "qwen2")
    elif kind == "chat tokens":
        write_foreign(source, "qwen2", template=None)
        words = ["--chat-tokens"]
    elif kind == "classifier":
        write_classifier(source)
    else:
        save_translation_model(tmp_path / "run", make_translation_model(positions="halves"))
        source = tmp_path / "run"
    code, out, err = fledge("import", source, tmp_path / "ours", *words)
    assert code == 0, err
    _, shown, _ = fledge("info", tmp_path / "ours", "--json")
    assert f" {json.loads(shown)['parameters']:,} parameters" in out


def write_classifier(directory: Path) -> None:
    """With one label and no bias, as Hugging Face has them."""
    write_foreign(directory, "smollm2")
    config = AutoConfig.from_pretrained(directory, num_labels=1, pad_token_id=0)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(directory)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["out", "--format", "gguf"], "name it "),
        (["out", "--dtype", "q8_0"], "q8_0 is for GGUF"),
        (["out.gguf", "--format", "huggingface"], "out.gguf is a file name"),
    ],
)
def test_options_that_do_not_go_together_are_refused(fledge, imported, tmp_path, words, said):
    code, _, err = fledge("export", imported, tmp_path / words[0], *words[1:])
    assert code == 2 and said in err
    assert not (tmp_path / words[0]).exists()


@pytest.mark.parametrize("option", ["--tokenizer", "--revision"])
def test_options_for_other_sources_are_refused(fledge, foreign, tmp_path, option):
    code, _, err = fledge("import", foreign, tmp_path / "out", option, "x")
    assert code == 2 and f"{option} would have no effect" in err
