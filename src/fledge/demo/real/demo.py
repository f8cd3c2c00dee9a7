"""The demo on a real model: InstructGPT's three steps on a small model of others, with adapters.

Its steps are import, rehearsal, SFT, rankings by the rule with mistakes, reward model, PPO and
report card. Finished steps are skipped, interrupted ones go on.
"""

import importlib.util
import json
import logging
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from fledge import __version__
from fledge.checkpoint.directory import find_checkpoint, is_checkpoint
from fledge.checkpoint.import_source import import_source
from fledge.checkpoint.model_files import LoadedModel
from fledge.demo.curves import Wanted, charts
from fledge.demo.real.asking import likeliest, open_model, sampled
from fledge.demo.real.card import MODELS, RealCard
from fledge.demo.real.card_files import read_card, write_card
from fledge.demo.real.card_terminal import print_card
from fledge.demo.real.config import RealDemoConfig
from fledge.demo.real.files import RealFiles
from fledge.demo.real.findings import what_did_not_work
from fledge.demo.real.forecast import forecast_table, measure_speed
from fledge.demo.real.kinds import counts
from fledge.demo.real.labelling import judge_of, ranked
from fledge.demo.real.measure import (
    LABELLER_SEED,
    asked_table,
    comparisons,
    exploitation_card,
    hear,
    model_card,
    reward_card,
)
from fledge.demo.real.questions import (
    asked_questions,
    held_out_ranked_questions,
    ppo_questions,
    ranked_questions,
    watched_questions,
)
from fledge.demo.real.runs import outputs, ppo_run, reward_run, sft_run
from fledge.demo.stopwatch import Stopwatch
from fledge.errors import ConfigError
from fledge.evaluate.kept_replies import answers, write_lines
from fledge.feedback.records import Ranking
from fledge.files import write_text
from fledge.model.counting import parameters
from fledge.runs.differences import differences
from fledge.runs.run import Run, StageBuilder, execute, finished_checkpoint
from fledge.stages.ppo.build import build_ppo
from fledge.starter.python_texts import rehearsed_texts
from fledge.starter.shops.checked import general_questions, lamp_shop_questions
from fledge.starter.shops.conversations import conversations
from fledge.starter.shops.rehearsal import general_prompts, mixed, rehearsals
from fledge.train.progress import Progress

logger = logging.getLogger(__name__)

NEEDED_BYTES = 1_500_000_000
"""Free space to begin with: the model, its download, and three adapters with their optimisers."""
CHARTS: tuple[Wanted, ...] = (
    ("SFT", "loss, nats per token of the answers", "sft", {"loss": "loss"}),
    ("Reward model", "loss, nats per pair", "reward", {"loss": "loss"}),
    ("PPO: reward", "reward model's score", "ppo", {"objective/scores": "score"}),
    ("PPO: held-out judge", "rule's mean score", "ppo", {"monitor/judge": "judge"}),
    ("PPO: distance", "nats per answer from the SFT model", "ppo", {"objective/kl": "KL"}),
    ("PPO: length", "tokens of an answer", "ppo", {"val/answer_length": "length"}),
)


def run_real_demo(
    output: Path,
    seed: int = 0,
    config: RealDemoConfig | None = None,
    progress: Progress | None = None,
    console: Console | None = None,
    after_sft: Callable[[], None] | None = None,
) -> dict[str, Path]:
    """Raise a shop's assistant in `output`; return its checkpoints, that of the chat first.

    `after_sft` is called as soon as the model answers for shops.
    Writes `report.json` and `report.html`, and prints the report card to `console`.

    Raises:
        ConfigError: `output` holds a demo of another seed or size, `peft` is missing, or the disk
            is full.
        FledgeError: a step fails; the same call goes on from there.
    """
    config, console = config or RealDemoConfig(), console or Console()
    files = RealFiles(output=output)
    refuse_too_little(output)
    refuse_another(files.settings, seed, config)
    watch = Stopwatch(output / "seconds.json")

    imported = _import(files, config, watch)
    if finished_checkpoint(output / "sft") is None:
        _prepare(imported, files, seed, config, watch, console)
    sft = _execute(sft_run(files, seed, config), files, progress, watch)
    if after_sft is not None:
        after_sft()
    _rank(files, sft, seed, config, watch)
    _execute(reward_run(files, seed, config), files, progress, watch)
    judge = judge_of(watched_questions(seed, config))
    build = partial(build_ppo, judge=judge)
    ppo = _execute(ppo_run(files, seed, config), files, progress, watch, build)

    card = read_card(output) or _evaluate(files, seed, config, watch)
    print_card(card, console)
    checkpoints = {"ppo": ppo, "sft": sft, "import": imported}
    return {card.chosen: checkpoints[card.chosen], **checkpoints}


def refuse_too_little(output: Path) -> None:
    """Check before anything is downloaded that the demo can run to its end.

    Raises:
        ConfigError: the package `peft` or free space is missing.
    """
    if importlib.util.find_spec("peft") is None:
        raise ConfigError("the demo trains adapters, which need peft: pip install 'fledge[lora]'")
    if (output / "import").exists():
        return
    place = next(parent for parent in (output, *output.absolute().parents) if parent.exists())
    free = shutil.disk_usage(place).free
    if free < NEEDED_BYTES:
        raise ConfigError(
            f"{place}: expected {NEEDED_BYTES / 1e9:.1f} GB of free space, found {free / 1e9:.1f}; "
            "free some, or choose another place with --output"
        )


def refuse_another(path: Path, seed: int, config: RealDemoConfig) -> None:
    """Note seed and sizes of a new demo, and check those of one that goes on.

    Raises:
        ConfigError: the directory holds a demo of another seed or size; the message names it.
    """
    here: dict[str, object] = {"seed": seed, **config.model_dump(mode="json")}
    if not path.is_file():
        write_text(path, json.dumps(here, indent=1) + "\n")
        return
    found = differences(here, json.loads(path.read_text(encoding="utf-8")), ())
    if found:
        raise ConfigError(
            f"{path.parent} holds another demo: {'; '.join(found)}. Choose another --output, or "
            "delete the directory"
        )


def _import(files: RealFiles, config: RealDemoConfig, watch: Stopwatch) -> Path:
    if not is_checkpoint(files.imported):
        logger.info("importing %s", config.model)
        with watch.measuring("import"):
            import_source(config.model, files.imported)
    return find_checkpoint(files.imported)


def _prepare(
    imported: Path,
    files: RealFiles,
    seed: int,
    config: RealDemoConfig,
    watch: Stopwatch,
    console: Console,
) -> None:
    """Print what lies ahead, and write the demonstrations; the model is let go before SFT."""
    loaded = open_model(imported)
    console.print(forecast_table(loaded, config, measure_speed(loaded)))
    _write_texts(files, seed, config)
    _rehearse(loaded, files, seed, config, watch)


def _write_texts(files: RealFiles, seed: int, config: RealDemoConfig) -> None:
    texts = rehearsed_texts(seed, config.text_characters)
    if not files.texts.exists():
        write_lines(files.texts, ({"text": one} for one in texts))


def _rehearse(
    loaded: LoadedModel, files: RealFiles, seed: int, config: RealDemoConfig, watch: Stopwatch
) -> None:
    """Let the imported model answer general prompts, and mix its answers into demonstrations."""
    if files.demonstrations.exists():
        return
    prompts = general_prompts()[: config.rehearsal_prompts]
    logger.info("letting the imported model answer %d prompts to rehearse", len(prompts))
    with watch.measuring("rehearsal"):
        surest = likeliest(config.general_tokens)
        own = answers(loaded, prompts, surest, seed, files.rehearsals)
        rehearsed = rehearsals(prompts, [each.answer for each in own])
        shops = [one.conversation for one in conversations(seed, config.demonstrations)]
        chats = mixed(shops, rehearsed, config.rehearsal, seed)
        write_lines(files.demonstrations, ({"messages": chat.records()} for chat in chats))


def _execute(
    run: Run,
    files: RealFiles,
    progress: Progress | None,
    watch: Stopwatch,
    build: StageBuilder | None = None,
) -> Path:
    if finished_checkpoint(run.output) is not None:
        return execute(run, progress, build)  # checks that it is the same run
    files.forget_measurements(run.stage.name)
    with watch.measuring(run.stage.name):
        return execute(run, progress, build)


def _rank(
    files: RealFiles, checkpoint: Path, seed: int, config: RealDemoConfig, watch: Stopwatch
) -> None:
    """Sample and rank answers to training questions and to held-out ones; write PPO's prompts."""
    asked_of_ppo = {
        files.prompts: ppo_questions(seed, config),
        files.watched: watched_questions(seed, config),
    }
    for path, questions in asked_of_ppo.items():
        if not path.exists():
            write_lines(path, ({"messages": one.conversation.records()} for one in questions))
    if files.rankings.exists():
        return
    logger.info("sampling %d answers to each question, ranking them", config.answers)
    with watch.measuring("ranking"):
        loaded = open_model(checkpoint)
        held_out = held_out_ranked_questions(seed, config)
        train = ranked_questions(seed, config)
        for questions, rankings, path, offset in (
            (held_out, files.held_out_rankings, files.held_out_answers, LABELLER_SEED),
            (train, files.rankings, files.answers("sft", "ranked"), 0),
        ):
            repeated = [one.conversation for one in questions for _ in range(config.answers)]
            replies = answers(loaded, repeated, sampled(config), offset + seed, path)
            _write_rankings(rankings, ranked(questions, replies, offset + seed, config).rankings)


def _write_rankings(path: Path, rankings: list[Ranking]) -> None:
    """Write rankings, without those that tie all answers: they teach nothing."""
    write_lines(
        path,
        (
            one.model_dump(mode="json", exclude_none=True)
            for one in rankings
            if len(one.ranking) > 1
        ),
    )


def _evaluate(files: RealFiles, seed: int, config: RealDemoConfig, watch: Stopwatch) -> RealCard:
    logger.info("asking all three models the lamp shop's questions and those of other shops")
    with watch.measuring("evaluation"):
        asked = asked_questions(seed, config)
        heard = {name: hear(name, files, asked, seed, config) for name in MODELS}
        shop = asked_table(lamp_shop_questions(), {n: h.shop for n, h in heard.items()})
        general = asked_table(general_questions(), {n: h.general for n, h in heard.items()})
        models = {name: model_card(heard[name], asked) for name in MODELS}
        compared = comparisons(asked, heard, seed)
        reward = reward_card(files, seed, config)
        ppo = exploitation_card(files, asked, heard, seed, config)
    card = RealCard(
        fledge_version=__version__,
        seed=seed,
        setting=_setting(files, config),
        seconds=watch.seconds(),
        peak_memory_bytes=watch.peak_memory_bytes(),
        shop=shop,
        general=general,
        models=models,
        questions_per_kind=counts(asked),
        comparisons=compared,
        reward_model=reward,
        ppo=ppo,
        charts=charts(files.output, CHARTS),
        did_not_work=what_did_not_work(shop, general, models, compared, reward, ppo),
    )
    write_card(card, files.output)
    return card


def _setting(files: RealFiles, config: RealDemoConfig) -> dict[str, str]:
    model = open_model(outputs(files)["import"]).model.config
    return {
        "model": f"{config.model}, {parameters(model) / 1e6:.0f} million parameters, adapters of "
        "rank 16",
        "demonstrations": f"{config.demonstrations:,} conversations with random shops, and the "
        f"model's own answers to other prompts, {config.rehearsal:.0%} of the whole; "
        f"{config.text_characters:,} characters of plain text",
        "rankings": f"{config.answers} answers to each of {config.ranked_prompts:,} questions, "
        f"neighbours exchanged with chance {config.noise:g}",
        "PPO": f"{config.ppo_rollouts} rollouts of {config.ppo_answers} answers",
    }
