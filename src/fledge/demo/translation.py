"""A small translator raised from the starter pack's sentences in minutes, and its measurements."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fledge.checkpoint.json_files import read_json
from fledge.checkpoint.translation_files import LoadedTranslationModel
from fledge.config import parse_section
from fledge.files import write_text
from fledge.generate.beam import BeamSettings
from fledge.generate.translation import translate
from fledge.runs.run import Run, execute
from fledge.stages.translate.data import sample_file
from fledge.starter.bilingual.everyday import everyday_sentences
from fledge.starter.parallel import sentence_pairs
from fledge.train.progress import Progress

STEPS = 1500
"""A little over two minutes of one core; the rate falls to its end with the last of them."""
EVERYDAY_FILE = "everyday.json"
"""File in the output with the everyday sentences and their translations."""


@dataclass(frozen=True, slots=True)
class EverydayTranslation:
    """An everyday sentence with the model's translation."""

    english: str
    french: str
    is_right: bool


def run_translation_demo(output: Path, seed: int, progress: Progress | None = None) -> Path:
    """Write the sentences, train on them, measure on those held out; return the checkpoint.

    The same call goes on where it was stopped.

    Raises:
        FledgeError: as `execute` raises.
    """
    for split in ("train", "held_out"):
        write_pairs(output / "data" / f"{split}.tsv", sentence_pairs(split))
    return execute(translation_run(output, seed), progress)


def translate_everyday(loaded: LoadedTranslationModel) -> list[EverydayTranslation]:
    """Translate the everyday sentences, none of which was trained on, and judge each."""
    sentences = everyday_sentences()
    found = translate(loaded, [sentence.english for sentence in sentences], BeamSettings())
    return [
        EverydayTranslation(sentence.english, best[0].text, sentence.accepts(best[0].text))
        for sentence, best in zip(sentences, found, strict=True)
    ]


def write_everyday(output: Path, found: Sequence[EverydayTranslation]) -> None:
    """Write the everyday sentences and their translations beside the model."""
    values = {
        "right": sum(one.is_right for one in found),
        "sentences": [
            {"english": one.english, "french": one.french, "right": one.is_right} for one in found
        ],
    }
    write_text(output / EVERYDAY_FILE, json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def findings(output: Path, found: Sequence[EverydayTranslation]) -> Iterator[str]:
    """Yield the scores of a finished translator as lines, and every wrong everyday translation."""
    score = read_json(sample_file(output))
    yield f"BLEU {score['bleu']:.1f} on {score['sentences']} held-out sentences of the grammar"
    wrong = [one for one in found if not one.is_right]
    end = ". Wrong are:" if wrong else ""
    yield f"{len(found) - len(wrong)} of {len(found)} everyday sentences are right{end}"
    for one in wrong:
        yield f"  {one.english} -> {one.french}"


def translation_run(output: Path, seed: int) -> Run:
    """Return the run that runs/starter/translate.toml holds as a file."""
    values = {
        "output": str(output),
        "seed": seed,
        "stage": {
            "name": "translate",
            "pairs": [str(output / "data" / "train.tsv")],
            "held_out": [str(output / "data" / "held_out.tsv")],
            "vocabulary_size": 2048,
            "dropout": 0.05,
            "batch_tokens": 1536,
            "size": {
                "context_length": 64,
                "width": 128,
                "encoder_layers": 2,
                "decoder_layers": 2,
                "num_heads": 4,
                "feed_forward_width": 384,
            },
        },
        "optimizer": {
            "learning_rate": 3e-3,
            "betas": [0.9, 0.98],
            "weight_decay": 0.0,
            "schedule": "cosine",
            "warmup_steps": 200,
            "steps": STEPS,
        },
        "checkpoint": {"keep": 1},
    }
    return parse_section(values, Run, source="the translation demo")


def write_pairs(file: Path, pairs: Sequence[tuple[str, str]]) -> None:
    """Write one pair per line: source, tab, target."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, "".join(f"{english}\t{french}\n" for english, french in pairs))
