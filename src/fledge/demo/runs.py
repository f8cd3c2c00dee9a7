"""The four runs of the demo; runs/starter/ holds the same runs as files."""

from pathlib import Path

from fledge.checkpoint.recommended import Recommended
from fledge.config import Config
from fledge.demo.config import DemoConfig
from fledge.runs.run import Run
from fledge.runtime import RuntimeConfig
from fledge.stages.ppo.config import PPOConfig, RolloutConfig
from fledge.stages.pretrain import ModelSize, PretrainConfig
from fledge.stages.reward.config import RewardConfig
from fledge.stages.sft import SFTConfig
from fledge.train.optimizer import OptimizerConfig
from fledge.train.plan import CheckpointConfig
from fledge.train.stage import BatchConfig

TOKENS_PER_STEP = 512
SFT_ROWS = 4
PPO_EPOCHS = 2
ROLLOUT, MINIBATCH = 64, 32
CHAT_TEMPERATURE = 0.5
"""Temperature that is saved for chats: below that of rollouts, with fewer mistakes."""
# Compiling takes longer than it saves in a run of two minutes.
RUNTIME = RuntimeConfig(compile=False)


class DemoFiles(Config):
    """Paths of a demo's data, in its directory."""

    output: Path
    """The directory of the demo."""

    @property
    def text(self) -> Path:
        """The corpus, one document per line."""
        return self.output / "data" / "text.jsonl"

    @property
    def vocabulary_text(self) -> Path:
        """Texts for the tokenizer to learn from."""
        return self.output / "data" / "vocabulary.jsonl"

    @property
    def demonstrations(self) -> Path:
        """Conversations by the imagined writers."""
        return self.output / "data" / "demonstrations.jsonl"

    @property
    def prompts(self) -> Path:
        """Prompts for PPO's policy."""
        return self.output / "data" / "prompts.jsonl"

    @property
    def rankings(self) -> Path:
        """The labeller's rankings of sampled answers."""
        return self.output / "data" / "rankings.jsonl"

    @property
    def held_out_rankings(self) -> Path:
        """The labeller's rankings of answers to held-out prompts."""
        return self.output / "data" / "held-out-rankings.jsonl"

    @property
    def held_out_answers(self) -> Path:
        """The answers behind the held-out rankings, as ids."""
        return self.output / "data" / "held-out-answers.jsonl"

    @property
    def tokenizer(self) -> Path:
        """The tokenizer's directory."""
        return self.output / "tokenizer"


def pretrain_run(files: DemoFiles, seed: int, config: DemoConfig) -> Run:
    """Return a run of many small steps: learning to copy takes steps, not tokens."""
    size = ModelSize(
        context_length=config.context_length, width=config.width, num_layers=config.num_layers
    )
    return Run(
        output=files.output / "pretrain",
        seed=seed,
        stage=PretrainConfig(
            text=(str(files.text),),
            tokenizer=files.tokenizer,
            size=size,
            held_out_fraction=0.02,
        ),
        batch=BatchConfig(examples=max(1, TOKENS_PER_STEP // config.context_length)),
        # Muon: copying appears in about half the steps that AdamW takes.
        optimizer=OptimizerConfig(
            name="muon",
            learning_rate=3e-3,
            schedule="wsd",
            steps=config.pretrain_steps,
            warmup_steps=min(40, config.pretrain_steps // 4),
            decay_fraction=0.6,
            final_fraction=0.1,
        ),
        checkpoint=CheckpointConfig(every=500, keep=1),
        runtime=RUNTIME,
    )


def sft_run(files: DemoFiles, seed: int, config: DemoConfig) -> Run:
    """Return a run without dropout: no demonstration is seen more than a few times."""
    return Run(
        output=files.output / "sft",
        seed=seed,
        stage=SFTConfig(
            model=files.output / "pretrain",
            demonstrations=(str(files.demonstrations),),
            held_out_fraction=0.01,
            length=config.context_length,
            dropout=0.0,
            sampling=Recommended(temperature=CHAT_TEMPERATURE),
        ),
        batch=BatchConfig(examples=SFT_ROWS),
        optimizer=OptimizerConfig(
            name="muon",
            learning_rate=2e-3,
            muon_learning_rate=0.02,
            weight_decay=0.1,
            schedule="wsd",
            steps=config.sft_steps,
            warmup_steps=min(40, config.sft_steps // 4),
            decay_fraction=0.6,
            final_fraction=0.02,
        ),
        checkpoint=CheckpointConfig(every=500, keep=1),
        runtime=RUNTIME,
    )


def reward_run(files: DemoFiles, seed: int, config: DemoConfig) -> Run:
    """Return a run whose scores have deviation 1, so that PPO's β is comparable across seeds."""
    return Run(
        output=files.output / "reward",
        seed=seed,
        stage=RewardConfig(
            model=files.output / "sft",
            rankings=(str(files.rankings),),
            demonstrations=(str(files.demonstrations),),
            held_out=(str(files.held_out_rankings),),
            epochs=config.reward_epochs,
            unit_variance=True,
        ),
        batch=BatchConfig(examples=8),
        optimizer=OptimizerConfig(
            learning_rate=3e-4,
            weight_decay=0.01,
            schedule="linear",
            warmup_steps=5,
            final_fraction=0.05,
        ),
        checkpoint=CheckpointConfig(keep=1),
        runtime=RUNTIME,
    )


def ppo_run(files: DemoFiles, seed: int, config: DemoConfig) -> Run:
    """Return a run of small rollouts and a low learning rate: a small model can lose skills."""
    steps = config.ppo_rollouts * PPO_EPOCHS * (ROLLOUT // MINIBATCH)
    return Run(
        output=files.output / "ppo",
        seed=seed,
        stage=PPOConfig(
            policy=files.output / "sft",
            reward=str(files.output / "reward"),
            prompts=(str(files.prompts),),
            rollout=RolloutConfig(
                examples=ROLLOUT,
                max_new_tokens=config.max_new_tokens,
                temperature=config.temperature,
            ),
            epochs=PPO_EPOCHS,
            kl_coefficient=0.1,
        ),
        batch=BatchConfig(examples=MINIBATCH),
        optimizer=OptimizerConfig(
            learning_rate=7e-5,
            weight_decay=0.0,
            epsilon=1e-5,
            schedule="linear",
            steps=steps,
            warmup_steps=min(10, steps // 4),
            final_fraction=0.1,
        ),
        checkpoint=CheckpointConfig(every=40, keep=1),
        runtime=RUNTIME,
    )


def demo_runs(files: DemoFiles, seed: int, config: DemoConfig) -> dict[str, Run]:
    """Return all four runs by name, in their order."""
    makers = {
        "pretrain": pretrain_run,
        "sft": sft_run,
        "reward": reward_run,
        "ppo": ppo_run,
    }
    return {name: make(files, seed, config) for name, make in makers.items()}
