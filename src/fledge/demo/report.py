"""Measurements at the end of the demo, as a report card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from fledge import __version__
from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import LoadedModel, load_language_model, load_scalar_model
from fledge.demo.config import DemoConfig
from fledge.demo.curves import charts, last_evaluation
from fledge.demo.data import (
    held_out_last_tasks,
    held_out_tasks,
    ranked,
    read_answers,
    sampling_of,
)
from fledge.demo.runs import DemoFiles
from fledge.demo.stopwatch import Stopwatch
from fledge.errors import DataError
from fledge.evaluate.answers import (
    Answered,
    answer_talks,
    answer_tasks,
    end_rate,
    fractions_valid,
    mean_gold,
    valid_by_turn,
)
from fledge.evaluate.changes import ChangesCard, changes
from fledge.evaluate.divergence import divergence
from fledge.evaluate.findings import what_did_not_work
from fledge.evaluate.preferences import right_against_wrong
from fledge.evaluate.replies import answer_conversations
from fledge.evaluate.report import MODELS, EverydayAnswer, PPOCard, ReportCard, RewardModelCard
from fledge.evaluate.sample_table import sample_table
from fledge.evaluate.win_rate import paired_bootstrap
from fledge.generate.request import SamplingParams
from fledge.model.counting import parameters
from fledge.runs.reward_scores import reward_scores
from fledge.runtime import random
from fledge.starter.everyday import everyday_questions
from fledge.starter.kinds import KINDS, talks
from fledge.starter.writers import is_valid

OUTPUTS = {"base": "pretrain", "sft": "sft", "ppo": "ppo"}
SAMPLES_PER_KIND = 1
TURNS = 4
TALKED = ("sft", "ppo")
"""Models with which talks are held: the pretrained one has never seen a conversation."""
HELD_OUT_SEED = 500
"""Offset of the seed that samples answers to held-out prompts."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Results of asking all models the held-out prompts."""

    answers: dict[str, list[Answered]]
    turns: dict[str, dict[str, list[float]]]
    everyday: list[EverydayAnswer]
    reward_model: RewardModelCard
    ppo: PPOCard
    changes: ChangesCard
    num_parameters: int


def measure(files: DemoFiles, seed: int, config: DemoConfig) -> Measured:
    """Ask the three models; judge the reward model and the changes by PPO."""
    loaded = {
        name: load_language_model(find_checkpoint(files.output / directory))
        for name, directory in OUTPUTS.items()
    }
    asked, ranked_last = held_out_tasks(seed, config), held_out_last_tasks(seed, config)
    sft_answers = read_answers(files.held_out_answers, ranked_last, loaded["sft"], config)
    sampling = sampling_of(config)
    before = [group[0] for group in sft_answers]
    after = answer_tasks(loaded["ppo"], ranked_last, sampling, HELD_OUT_SEED + seed)
    surest = sampling.model_copy(update={"temperature": 0.0})
    judge = load_scalar_model(find_checkpoint(files.output / "reward"))
    scores = reward_scores(judge, [each for group in sft_answers for each in group])
    scores = scores.view(len(sft_answers), -1)
    best = [
        group[int(of_group.argmax())] for group, of_group in zip(sft_answers, scores, strict=True)
    ]
    return Measured(
        answers={name: answer_tasks(loaded[name], asked, surest, seed) for name in MODELS},
        turns={name: _turns(loaded[name], surest, seed, config) for name in TALKED},
        everyday=_everyday({name: loaded[name] for name in TALKED}, surest, seed),
        reward_model=_reward_model(files, sft_answers, scores, seed, config),
        ppo=_ppo(loaded, before, after, mean_gold(best), config.temperature, seed),
        changes=changes(before, after),
        num_parameters=parameters(loaded["ppo"].model.config),
    )


def report_card(
    measured: Measured,
    files: DemoFiles,
    seed: int,
    config: DemoConfig,
    watch: Stopwatch,
) -> ReportCard:
    """Make the card, with the curves of every stage."""
    valid = {name: fractions_valid(answers) for name, answers in measured.answers.items()}
    kinds = [each.task.kind for each in measured.answers["sft"]]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    card = ReportCard(
        fledge_version=__version__,
        seed=seed,
        setting=_setting(measured, config),
        seconds=watch.seconds(),
        peak_memory_bytes=watch.peak_memory_bytes(),
        bits_per_byte=_bits_per_byte(files.output / "pretrain"),
        kinds={kind.name: kind.about for kind in KINDS},
        valid=valid,
        prompts_per_kind={"all": len(kinds), **counts},
        turns=measured.turns,
        talks_per_kind=config.held_out_per_kind,
        everyday=measured.everyday,
        reward_model=measured.reward_model,
        ppo=measured.ppo,
        changes=measured.changes,
        samples=sample_table(measured.answers, SAMPLES_PER_KIND),
        charts=charts(files.output),
        did_not_work=[],
    )
    return card.model_copy(update={"did_not_work": what_did_not_work(card)})


def _bits_per_byte(run: Path) -> float:
    measured = last_evaluation(run).get("bits_per_byte")
    if measured is None:
        raise DataError(
            f"{run}: nothing was held out of the text to measure on, because it is too short; "
            "give the demo more text"
        )
    return measured


def _turns(
    loaded: LoadedModel, sampling: SamplingParams, seed: int, config: DemoConfig
) -> dict[str, list[float]]:
    held = talks("held_out", seed, config.held_out_per_kind)
    return valid_by_turn(answer_talks(loaded, held, TURNS, sampling, seed))


def _everyday(
    loaded: Mapping[str, LoadedModel], sampling: SamplingParams, seed: int
) -> list[EverydayAnswer]:
    questions = everyday_questions()
    prompts = [question.conversation for question in questions]
    replies = {
        name: [one.answer.text for one in answer_conversations(model, prompts, sampling, seed)]
        for name, model in loaded.items()
    }
    return [
        EverydayAnswer(
            question=question.ask,
            taught=question.taught,
            answers={name: texts[number] for name, texts in replies.items()},
            sensible={name: question.is_sensible(texts[number]) for name, texts in replies.items()},
        )
        for number, question in enumerate(questions)
    ]


def _reward_model(
    files: DemoFiles,
    sft_answers: list[list[Answered]],
    scores: Float[Tensor, "N K"],
    seed: int,
    config: DemoConfig,
) -> RewardModelCard:
    """Return the accuracy that the reward stage measured, and the ceiling on the same rankings."""
    evaluation = last_evaluation(files.output / "reward")
    ceiling, _ = ranked(sft_answers, HELD_OUT_SEED + seed, config).ceiling()
    right = torch.tensor(
        [[float(is_valid(each.task, each.answer.text)) for each in group] for group in sft_answers]
    )
    in_order, pairs = right_against_wrong(scores, right)
    return RewardModelCard(
        accuracy=evaluation["accuracy"],
        ceiling=ceiling,
        pairs=int(evaluation["pairs"]),
        low=evaluation["low"],
        high=evaluation["high"],
        right_against_wrong=in_order,
        right_against_wrong_pairs=pairs,
    )


def _ppo(
    loaded: Mapping[str, LoadedModel],
    before: Sequence[Answered],
    after: Sequence[Answered],
    best_of_4: float,
    temperature: float,
    seed: int,
) -> PPOCard:
    gold_before, gold_after = (
        torch.tensor([each.gold for each in answers]) for answers in (before, after)
    )
    comparison = paired_bootstrap(gold_before, gold_after, random(seed, "paired bootstrap"))
    policy, reference = loaded["ppo"], loaded["sft"].model
    distance = divergence(policy.model, reference, after, temperature, policy.banned_ids)
    return PPOCard(
        gold_before=comparison.before,
        gold_after=comparison.after,
        p_value=comparison.p_value,
        low=comparison.low,
        high=comparison.high,
        win_rate=comparison.win_rate,
        kl=distance.exact,
        kl_k1=distance.k1,
        kl_k3=distance.k3,
        eos_rate=end_rate(after),
        gold_best_of_4=best_of_4,
    )


def _setting(measured: Measured, config: DemoConfig) -> dict[str, str]:
    return {
        "model": f"{measured.num_parameters / 1e6:.1f} million parameters: "
        f"{config.num_layers} layers, width {config.width}, context {config.context_length}",
        "tokenizer": f"byte-level BPE, {config.vocabulary_size:,} tokens, digits one by one",
        "pretraining": f"{config.pretrain_steps:,} steps on the documentation inside Python and "
        "the starter pack's prose",
        "demonstrations": f"{config.demonstrations:,} conversations, {config.sft_steps:,} steps",
        "rankings": f"{config.answers} answers to each of {config.ranked_prompts:,} prompts, "
        f"neighbours exchanged with chance {config.noise:g}",
        "PPO": f"{config.ppo_rollouts} rollouts against the reward model",
    }
