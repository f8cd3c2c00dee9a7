"""Paths of a demo on a real model, in its directory."""

from pathlib import Path

from fledge.config import Config


class RealFiles(Config):
    """Paths of the imported model, the data, and the answers that are measured."""

    output: Path
    """The directory of the demo."""

    @property
    def imported(self) -> Path:
        """The model as it was imported."""
        return self.output / "import"

    @property
    def settings(self) -> Path:
        """Seed and sizes of the demo."""
        return self.output / "demo.json"

    @property
    def rehearsals(self) -> Path:
        """The imported model's own answers to general prompts."""
        return self.output / "data" / "rehearsals.jsonl"

    @property
    def demonstrations(self) -> Path:
        """Conversations with shops, and rehearsals among them."""
        return self.output / "data" / "demonstrations.jsonl"

    @property
    def texts(self) -> Path:
        """Plain text among them."""
        return self.output / "data" / "texts.jsonl"

    @property
    def prompts(self) -> Path:
        """Questions for PPO's policy."""
        return self.output / "data" / "prompts.jsonl"

    @property
    def watched(self) -> Path:
        """Questions to held-out shops for the monitor of PPO."""
        return self.output / "data" / "watched-prompts.jsonl"

    @property
    def rankings(self) -> Path:
        """The labeller's rankings of sampled answers."""
        return self.output / "data" / "rankings.jsonl"

    @property
    def held_out_rankings(self) -> Path:
        """The labeller's rankings of answers to other questions."""
        return self.output / "data" / "held-out-rankings.jsonl"

    @property
    def held_out_answers(self) -> Path:
        """The answers behind the held-out rankings, as ids."""
        return self.output / "data" / "held-out-answers.jsonl"

    def answers(self, model: str, kind: str) -> Path:
        """Return the file of one model's answers to one kind of questions, as ids."""
        return self.output / "answers" / f"{model}-{kind}.jsonl"

    def forget_measurements(self, model: str) -> None:
        """Delete a model's answers and the report card: a run of it that begins makes others."""
        for path in (*self.output.glob(f"answers/{model}-*.jsonl"), self.output / "report.json"):
            path.unlink(missing_ok=True)
