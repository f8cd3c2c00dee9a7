import json
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from sacrebleu import corpus_bleu, corpus_chrf
from safetensors.torch import load_file

from fledge.checkpoint.translation_files import load_translation_model, save_translation_model
from fledge.data.pair_batch import SentencePairBatch
from fledge.data.sentence_pairs import load_pairs
from fledge.errors import ConfigError, DataError, RecordError, TokenizerError
from fledge.generate.beam import BeamSettings
from fledge.generate.translation import translate
from fledge.runs.run import execute
from fledge.runtime import Runtime, RuntimeConfig
from fledge.stages.translate.config import TranslateConfig
from fledge.stages.translate.stage import Translate
from fledge.train.loop import train_step
from fledge.train.optimizer import Optimizer
from fledge.train.progress import SilentProgress
from fledge.train.stage import BatchConfig, StageContext
from stages.translate.translators import (
    FLOAT32,
    LEARNT,
    PAIRS,
    SIZE,
    Killed,
    killed_at,
    metrics_of,
    settings,
    train,
    write_pairs,
)


def build(output, **changes):
    run = settings(output, **changes)
    runtime = Runtime.start(RuntimeConfig(**FLOAT32))
    context = StageContext(output, run.seed, run.batch, runtime, run.optimizer.steps)
    assert isinstance(run.stage, TranslateConfig)
    return Translate.build(run.stage, context)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    output = tmp_path_factory.mktemp("trained")
    return train(output, steps=120, **LEARNT)


def test_it_learns_to_translate_sentences_it_never_saw(trained):
    loaded = load_translation_model(trained)
    found = json.loads((trained.parent / "translations.json").read_text(encoding="utf-8"))
    assert found["bleu"] > 60
    assert found["bleu_signature"].startswith("nrefs:1|case:mixed|eff:no|tok:13a")
    assert loaded.languages == ("en", "fr")


def test_the_measurements_are_those_of_the_saved_model(trained):
    """Perplexity without smoothing, by an independent way; BLEU and chrF by sacrebleu itself."""
    output = trained.parent
    measured = metrics_of(output)[-1]
    loaded = load_translation_model(trained)
    held_out = build(output / "again").text.held_out
    nats, tokens = 0.0, 0
    for pair in held_out:
        source, target = loaded.source_ids(pair.source), loaded.target_ids(pair.target)
        batch = SentencePairBatch.collate([(source, target)], loaded.model.config.pad_id)
        logits = loaded.model(batch.source, batch.source_mask, batch.inputs)[0]
        nats += F.cross_entropy(logits, batch.targets[0], reduction="sum").item()
        tokens += len(target)
    assert measured["validation_loss"] == pytest.approx(nats / tokens, abs=1e-5)
    assert measured["perplexity"] == pytest.approx(2.718281828 ** (nats / tokens), rel=1e-4)
    texts = translate(loaded, [pair.source for pair in held_out], BeamSettings(beams=4))
    best = [one[0].text for one in texts]
    references = [[pair.target for pair in held_out]]
    assert measured["bleu"] == pytest.approx(corpus_bleu(best, references).score)
    assert measured["chrf"] == pytest.approx(corpus_chrf(best, references).score)


def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(tmp_path):
    """Broken off among the averaged weights, with dropout on."""
    every = {"checkpoint": {"every": 15}}
    straight = train(tmp_path / "straight", steps=18, **every)
    with pytest.raises(Killed):
        train(tmp_path / "broken", steps=18, build=killed_at(17), **every)
    resumed = train(tmp_path / "broken", steps=18, **every)
    one, other = (load_file(path / "model.safetensors") for path in (straight, resumed))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert metrics_of(tmp_path / "straight")[-1] == metrics_of(tmp_path / "broken")[-1]


def test_the_saved_model_is_the_mean_of_the_last_weights(tmp_path):
    averaged = load_file(train(tmp_path / "mean", steps=6, dropout=0.0) / "model.safetensors")
    alone = {"averaging": {"checkpoints": 1}, "checkpoint": {"every": 1, "keep": 9}}
    train(tmp_path / "each", steps=6, dropout=0.0, **alone)
    each = [
        load_file(tmp_path / "each" / f"step-{step:08d}" / "model.safetensors")
        for step in (2, 4, 6)
    ]
    for name, tensor in averaged.items():
        mean = sum(weights[name] for weights in each) / 3
        torch.testing.assert_close(tensor, mean, atol=1e-6, rtol=0)


def test_micro_batches_do_not_change_the_step(tmp_path):
    steps = []
    for name, microbatch in (("whole", None), ("parts", 3)):
        stage = build(tmp_path / name, dropout=0.0)
        # A large epsilon: AdamW would make whole steps of gradients that are nothing but rounding.
        changes = {"batch": {"microbatch": microbatch}, "optimizer": {"epsilon": 1e-2}}
        plan = settings(tmp_path / name, **changes)
        runtime = stage.context.runtime
        optimizer = Optimizer(stage.trained, plan.optimizer, 8)
        batch = next(stage.batches())
        metrics, weight = train_step(stage, batch, plan, runtime, optimizer)
        assert weight == int(batch.weight)
        steps.append((metrics, stage.trained.state_dict()))
    assert steps[0][0] == pytest.approx(steps[1][0], rel=1e-5)
    for name, tensor in steps[0][1].items():
        torch.testing.assert_close(tensor, steps[1][1][name], atol=1e-6, rtol=0)


def test_gradient_checkpointing_changes_nothing(tmp_path):
    weights = []
    for forgets in (False, True):
        run = settings(tmp_path / str(forgets), steps=2)
        runtime = run.runtime.model_copy(update={"gradient_checkpointing": forgets})
        run = run.model_copy(update={"runtime": runtime})
        weights.append(load_file(execute(run, SilentProgress()) / "model.safetensors"))
    assert all(torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items())


def test_no_source_sentence_is_both_trained_on_and_held_out(tmp_path):
    pairs = [(f"Word {n // 3}", f"Mot {n}") for n in range(30)]
    stage = build(tmp_path, pairs=[write_pairs(tmp_path / "a.tsv", pairs)], held_out_fraction=0.3)
    held_out, trained_on = (
        {p.source for p in part} for part in (stage.text.held_out, stage.text.train)
    )
    assert len(held_out) == 3 and not held_out & trained_on
    assert len(stage.text.held_out) == 9


def test_what_separate_files_hold_out_is_not_trained_on(tmp_path):
    pairs = [(f"Word {n}", f"Mot {n}") for n in range(9)]
    files = {
        "pairs": [write_pairs(tmp_path / "a.tsv", pairs)],
        "held_out": [write_pairs(tmp_path / "b.tsv", [("WORD  4", "Mot quatre")])],
    }
    stage = build(tmp_path / "run", **files)
    assert "Word 4" not in {pair.source for pair in stage.text.train}
    assert len(stage.text.train) == 8
    everything = {**files, "held_out": files["pairs"]}
    with pytest.raises(DataError, match="nothing is left to train on"):
        build(tmp_path / "run", **everything)


def test_the_tokenizer_knows_both_languages_and_nothing_held_out(tmp_path):
    pairs = [("zzzzzz", "yyyyyy")] * 20 + [(f"w{n}", f"m{n}") for n in range(9)]
    held_out = [write_pairs(tmp_path / "b.tsv", [("qxqxqx", "kjkjkj")] * 30)]
    stage = build(
        tmp_path / "run", pairs=[write_pairs(tmp_path / "a.tsv", pairs)], held_out=held_out
    )
    sizes = {text: len(stage.loaded.source.encode(text)) for text in ("zzzzzz", "yyyyyy", "qxqxqx")}
    assert sizes == {"zzzzzz": 1, "yyyyyy": 1, "qxqxqx": 6}


def test_a_sentence_that_is_too_long_is_named_with_its_file_and_line(tmp_path):
    pairs = [("short", "court")] * 3 + [("a b c d e f g h i j k l m n o p", "long")]
    path = write_pairs(tmp_path / "a.tsv", pairs)
    size = {**SIZE, "context_length": 12}
    held_out = [write_pairs(tmp_path / "b.tsv", [("hello", "salut"), ("hi " * 20, "long")])]
    with pytest.raises(RecordError, match=r"a\.tsv:4: expected at most 12 tokens .* in the source"):
        build(tmp_path / "run", pairs=[path], size=size, held_out=held_out)
    stage = build(tmp_path / "run", pairs=[path], size=size, held_out=held_out, skip_bad=True)
    assert len(stage.loader.pairs) == 3 and len(stage.text.skipped or ()) == 2
    assert stage.evaluate().keys() == {"validation_loss", "perplexity", "bleu", "chrf"}


def test_a_missing_tokenizer_and_impossible_sizes_are_refused_by_name(tmp_path):
    with pytest.raises(TokenizerError, match="no-tokenizer"):
        build(tmp_path, tokenizer=str(tmp_path / "no-tokenizer"))
    with pytest.raises(ConfigError, match="width 16 must be a multiple of num_heads 3"):
        build(tmp_path, size={**SIZE, "num_heads": 3})


def test_training_goes_on_from_a_checkpoint_with_its_own_tokenizer(trained, tmp_path):
    stage = build(tmp_path, model=str(trained), pairs=[str(PAIRS)])
    before = load_translation_model(trained)
    assert stage.loaded.source.fingerprint == before.source.fingerprint
    assert stage.sources().parents == {"model": trained}
    assert torch.equal(
        stage.loaded.model.token_embedding.weight, before.model.token_embedding.weight
    )
    assert {module.p for module in stage.trained.modules() if hasattr(module, "p")} == {0.1}


def test_the_words_trained_on_are_recorded_and_added_to(trained, tmp_path):
    before = load_translation_model(trained).known_words
    assert {"dog", "cat"} <= before and "zebra" not in before
    more = write_pairs(tmp_path / "a.tsv", [("a Zebra sleeps", "un zèbre dort"), ("yes", "oui")])
    files = {"pairs": [more], "held_out": [str(PAIRS)]}
    stage = build(tmp_path / "run", model=str(trained), **files)
    assert stage.loaded.known_words == before | {"a", "zebra", "sleeps", "yes"}
    save_translation_model(tmp_path / "unrecorded", replace(stage.loaded, known_words=frozenset()))
    stage = build(tmp_path / "run", model=str(tmp_path / "unrecorded"), **files)
    assert stage.loaded.known_words == frozenset()


def test_measured_sentences_are_spread_over_all_that_are_held_out(tmp_path):
    pairs = [(f"w{n}", f"m{n}") for n in range(10)]
    path = write_pairs(tmp_path / "a.tsv", pairs)
    files = {"pairs": [str(PAIRS)], "held_out": [path]}
    stage = build(tmp_path / "run", **files, measures={"sentences": 4})
    assert [pair.source for pair in stage.held_out] == ["w0", "w2", "w5", "w7"]
    assert len(build(tmp_path / "run", **files).held_out) == 10


def test_epochs_are_passes_over_the_pairs(tmp_path):
    stage = build(tmp_path, epochs=2.5)
    assert stage.natural_steps() == -(-5 * stage.loader.batches_per_epoch // 2)
    assert len(load_pairs(str(PAIRS))) == len(stage.text.train) + len(stage.text.held_out)
    assert BatchConfig().examples  # not used: batches are counted in tokens
