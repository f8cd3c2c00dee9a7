"""Recommended sampling: the temperature, filters and length of a model's generation_config.json.

The names are those of `transformers`. Whatever else the file says is not computed and ignored.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from fledge.checkpoint.json_files import read_json
from fledge.config import Config, parse_section
from fledge.errors import CheckpointError, ConfigError

GENERATION = "generation_config.json"
FIELDS = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_new_tokens")


class Recommended(Config):
    """Sampling that a model's authors recommend; None where they say nothing."""

    temperature: float | None = Field(None, ge=0.0, allow_inf_nan=False, strict=True)
    """0 is greedy, which `do_sample: false` means as well."""
    top_p: float | None = Field(None, ge=0.0, le=1.0, allow_inf_nan=False, strict=True)
    top_k: int | None = Field(None, ge=0, le=2**31 - 1, strict=True)
    """0 keeps all tokens."""
    min_p: float | None = Field(None, ge=0.0, le=1.0, allow_inf_nan=False, strict=True)
    repetition_penalty: float | None = Field(None, gt=0.0, allow_inf_nan=False, strict=True)
    max_new_tokens: int | None = Field(None, ge=1, strict=True)
    """Longest answer in tokens."""

    @classmethod
    def of(cls, values: Mapping[str, object], source: str) -> "Recommended":
        """Pick the recommendation out of the values of a generation_config.json.

        Raises:
            CheckpointError: a value is of the wrong kind or out of range; `source` names the file.
        """
        named = {name: values.get(name) for name in FIELDS}
        if named["top_k"] == -1:  # as vLLM has it
            named["top_k"] = 0
        if values.get("do_sample") is False:
            named |= {"temperature": 0.0, "top_p": None, "top_k": None, "min_p": None}
        try:
            return parse_section(named, cls, source)
        except ConfigError as error:
            raise CheckpointError(
                f"{error}; correct the value, or delete it to sample as for other models"
            ) from error

    def settings(self) -> dict[str, object]:
        """Return the fields of generation_config.json that say the same; none says nothing."""
        if self.temperature == 0:  # transformers refuses a temperature of 0
            kept = {"repetition_penalty", "max_new_tokens"}
            return {**self.model_dump(include=kept, exclude_none=True), "do_sample": False}
        named = self.model_dump(exclude_none=True)
        draws = {"temperature", "top_p", "top_k", "min_p"}.intersection(named)
        return {**named, "do_sample": True} if draws else named

    def sampling(self) -> dict[str, object]:
        """Return the fields of `SamplingParams` that are recommended."""
        named: dict[str, object] = self.model_dump(exclude_none=True)
        return {**named, "top_k": self.top_k or None} if "top_k" in named else named


NOTHING_RECOMMENDED = Recommended()


def read_recommended(checkpoint: Path) -> Recommended:
    """Read the recommended sampling of a checkpoint; without the file nothing is recommended.

    Raises:
        CheckpointError: the file is damaged, or a value is out of range.
    """
    path = checkpoint / GENERATION
    return Recommended.of(read_json(path), str(path)) if path.is_file() else NOTHING_RECOMMENDED
