"""Compare the encoder-decoder with transformers' Marian and CTranslate2: training and search.

The share of training is that of the best matrix product of the same run, the share of a search that
of the bytes that the machine could have read meanwhile, for the decoder's weights once a step.
"""

import copy
import importlib.util
import json
import random
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import torch
from _frame import Measurement, Table, arguments
from _measure import Row, interleaved, interleaved_workers, serve
from _work import Work, translation_bytes, translation_step
from torch import nn
from transformers import MarianConfig, MarianMTModel
from transformers.utils import logging

from fledge.checkpoint.translation_files import LoadedTranslationModel, save_translation_model
from fledge.data.pair_batch import SentencePairBatch
from fledge.generate.beam import BeamSettings, beam_search
from fledge.generate.decoders import TransformerDecoder
from fledge.model.huggingface import transformer_to_huggingface
from fledge.model.transformer import Transformer
from fledge.model.transformer_config import TransformerConfig
from fledge.runtime import Runtime, RuntimeConfig
from fledge.runtime.device import multiplies_bfloat16_fast
from fledge.stages.translate.loss import TeacherForcing
from fledge.text.tokenizer import Tokenizer
from fledge.train.loop import train_step
from fledge.train.optimizer import Optimizer, OptimizerConfig
from fledge.train.plan import Plan
from fledge.train.stage import LossTerms, Stage

TRAINERS = ["transformers, fp32", "transformers, autocast", "fledge"]
SENTENCES, WORDS = 32, 32
TRAINED_ROWS, TRAINED_WORDS = 128, 16
SMOOTHING = 0.1
WARM_UP = 2
HAS_CTRANSLATE2 = importlib.util.find_spec("ctranslate2") is not None


def random_tokenizer(size: int) -> Tokenizer:
    """Train a tokenizer of `size` tokens on random words, since converters require one."""
    dice = random.Random(0)
    words = ("".join(dice.choices("abcdefghij", k=6)) for _ in range(8 * size))
    return Tokenizer.train((" ".join(words) for _ in range(1)), size)


def config(quick: bool) -> TransformerConfig:
    """Choose 9.5M parameters: width 256, four layers on each side, 8,192 tokens."""
    sizes = (32, 1, 64, 2, 384) if quick else (256, 4, 1024, 4, 8192)
    width, layers, feed_forward, heads, vocabulary = sizes
    return TransformerConfig(
        vocabulary_size=vocabulary,
        context_length=128,
        width=width,
        encoder_layers=layers,
        decoder_layers=layers,
        num_heads=heads,
        feed_forward_width=feed_forward,
        positions="halves",
        pad_id=vocabulary - 5,
        end_id=vocabulary - 1,
    )


def models(chosen: TransformerConfig) -> tuple[Transformer, MarianMTModel]:
    """Make fledge's and transformers' model with the same random weights."""
    ours = Transformer(chosen)
    ours.initialise(torch.Generator().manual_seed(0))
    values, tensors = transformer_to_huggingface(chosen, ours.state_dict())
    theirs = MarianMTModel(MarianConfig(**values))
    theirs.load_state_dict(tensors, strict=False)
    theirs.tie_weights()
    return ours, theirs


class Pairs(Stage[SentencePairBatch]):
    """fledge's translation stage, without files."""

    def __init__(self, model: Transformer) -> None:
        self.trained = TeacherForcing(model, SMOOTHING)

    def batches(self) -> Iterator[SentencePairBatch]:
        raise NotImplementedError("the benchmark brings its own batches")

    def loss(self, batch: SentencePairBatch) -> LossTerms:
        smoothed, nll = self.trained(batch)
        return LossTerms(smoothed, {"nll": nll})

    def save_model(self, directory: Path) -> None:
        raise NotImplementedError("the benchmark keeps nothing")

    def state_dict(self) -> dict[str, object]:
        return {}

    def load_state_dict(self, state: dict[str, object]) -> None:
        pass


def random_batch(chosen: TransformerConfig) -> SentencePairBatch:
    """Make sentences of one length, as bucketing does."""
    source, target = torch.randint(chosen.pad_id, (2, TRAINED_ROWS, TRAINED_WORDS)).tolist()
    return SentencePairBatch.collate(list(zip(source, target, strict=True)), chosen.pad_id)


def fledge_step(chosen: TransformerConfig) -> Callable[[], None]:
    runtime = Runtime.start(RuntimeConfig(device="cpu", compile=False))
    stage = Pairs(models(chosen)[0])
    runtime.prepare(stage.trained)
    plan, optimizer = Plan(output=Path("unused")), Optimizer(stage.trained, OptimizerConfig(), 9999)
    return lambda: train_step(stage, random_batch(chosen), plan, runtime, optimizer) and None


def transformers_step(chosen: TransformerConfig, autocast: bool) -> Callable[[], None]:
    model = models(chosen)[1].train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95))
    loss_of = nn.CrossEntropyLoss(label_smoothing=SMOOTHING)

    def step() -> None:
        batch = random_batch(chosen)
        with torch.autocast("cpu", torch.bfloat16) if autocast else nullcontext():
            logits = model(
                input_ids=batch.source,
                attention_mask=batch.source_mask.long(),
                decoder_input_ids=batch.inputs,
                use_cache=False,
            ).logits
        loss_of(logits.float().flatten(0, 1), batch.targets.flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def fledge_search(model: Transformer, source: torch.Tensor, beams: int, new: int) -> Callable:
    """Forbid end tokens, so that every program writes equally much."""
    chosen = model.config
    settings = BeamSettings(beams=beams, max_new_tokens=new, force_end=False)
    first, mask = torch.full((len(source),), chosen.pad_id), torch.ones_like(source).bool()
    banned = frozenset({chosen.pad_id, chosen.end_id})
    return lambda: beam_search(
        TransformerDecoder(model, source, mask), first, chosen.end_id, settings, banned
    )


def transformers_search(
    model: MarianMTModel, source: torch.Tensor, beams: int, new: int
) -> Callable:
    mask = torch.ones_like(source)
    return lambda: model.generate(
        source,
        attention_mask=mask,
        num_beams=beams,
        max_new_tokens=new,
        min_new_tokens=new,
        do_sample=False,
    )


def ctranslate2_search(
    loaded: LoadedTranslationModel, source: torch.Tensor, beams: int, new: int, kind: str
) -> Callable:
    """Convert the same weights; only the speed counts, since it starts from a zero embedding."""
    import ctranslate2
    from ctranslate2.converters import TransformersConverter
    from ctranslate2.converters.transformers import MarianMTLoader

    # CTranslate2 takes the last row for opus-mt's padding, but here it is a token.
    MarianMTLoader._remove_pad_weights = lambda self, spec: None

    with tempfile.TemporaryDirectory() as directory:
        saved, converted = Path(directory) / "saved", Path(directory) / "converted"
        save_translation_model(saved, loaded)
        TransformersConverter(str(saved)).convert(str(converted))
        settings = json.loads((converted / "config.json").read_text())
        settings["unk_token"] = settings["eos_token"]  # byte-level BPE knows every word
        (converted / "config.json").write_text(json.dumps(settings))
        threads = torch.get_num_threads()
        options = {"compute_type": kind, "intra_threads": threads, "inter_threads": 1}
        translator = ctranslate2.Translator(str(converted), **options)
    tokens = [[loaded.source.token(id_) for id_ in row] for row in source.tolist()]
    return lambda: translator.translate_batch(
        tokens, beam_size=beams, max_decoding_length=new, min_decoding_length=new
    )


def compare_training(quick: bool, rounds: int, look: Callable[[], None]) -> list[Row]:
    options = ["--quick"] if quick else []
    units = TRAINED_ROWS * TRAINED_WORDS
    rows = interleaved_workers("training", __file__, TRAINERS, options, units, rounds, look)
    work = translation_step(config(quick), TRAINED_ROWS, TRAINED_WORDS, TRAINED_WORDS)
    fast = multiplies_bfloat16_fast(torch.device("cpu"))
    formats = {
        "transformers, fp32": "float32",
        "transformers, autocast": "bfloat16",
        "fledge": "bfloat16" if fast else "float32",
    }
    return [replace(row, work=Work(work, formats[row.name])) for row in rows]


def compare_search(quick: bool, rounds: int, look: Callable[[], None]) -> list[Row]:
    size, new = config(quick), 4 if quick else WORDS
    ours, theirs = (model.eval() for model in models(size))
    halves = copy.deepcopy(ours).bfloat16(), copy.deepcopy(theirs).bfloat16()
    loaded = LoadedTranslationModel(ours, *[random_tokenizer(size.vocabulary_size)] * 2)
    rows: list[Row] = []
    for beams in (1, 4):
        for count in (1, SENTENCES):
            source = torch.randint(256, size.pad_id, (count, new))
            programs = {
                "transformers fp32": transformers_search(theirs, source, beams, new),
                "transformers bf16": transformers_search(halves[1], source, beams, new),
                "fledge fp32": fledge_search(ours, source, beams, new),
                "fledge bf16": fledge_search(halves[0], source, beams, new),
            }
            for kind in ("float32", "int8") if HAS_CTRANSLATE2 else ():
                programs[f"CTranslate2 {kind}"] = ctranslate2_search(
                    loaded, source, beams, new, kind
                )
            task = f"{'greedy' if beams == 1 else f'beam {beams}'}, batch {count}"
            found = interleaved(task, programs, count, rounds, look)
            rows += [with_bytes(row, size, new) for row in found]
    return rows


def with_bytes(row: Row, size: TransformerConfig, new: int) -> Row:
    """Add the weights that a search reads, in the program's own format."""
    widths = {"fp32": 4, "float32": 4, "bf16": 2, "int8": 1}
    read = translation_bytes(size, new, widths[row.name.split(" ")[1]])
    return replace(row, work=Work(read, "read"))


def main() -> None:
    chosen = arguments(__doc__)
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    if chosen.worker:
        size = config(chosen.quick)
        if chosen.worker == "fledge":
            step = fledge_step(size)
        else:
            step = transformers_step(size, autocast="autocast" in chosen.worker)
        for _ in range(WARM_UP):
            step()
        serve(step)
    measured = Measurement("translation", quick=chosen.quick, record=chosen.record)
    trained = compare_training(chosen.quick, chosen.rounds, measured.look)
    searched = compare_search(chosen.quick, chosen.rounds, measured.look)
    peers = {row.task: "transformers fp32" for row in searched}
    tables = [Table(trained, "target tokens", {"training": "transformers, autocast"})]
    measured.finish([*tables, Table(searched, "sentences", peers)])
    print(f"ratio: to transformers; sentences of {WORDS} tokens to as many.")
    if not HAS_CTRANSLATE2:
        print("CTranslate2 is not installed (pip install ctranslate2), so it has no rows.")


if __name__ == "__main__":
    main()
