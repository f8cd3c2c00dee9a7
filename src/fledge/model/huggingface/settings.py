"""Read another's config.json: sizes must be there, options must be ones we compute."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pydantic import ValidationError

from fledge.errors import CheckpointError, ConfigError
from fledge.model.config import RotaryConfig
from fledge.model.positions import SCALINGS, scaling_type

JSON = Mapping[str, object]
NOT_SCALING = ("rope_theta", "partial_rotary_factor", "type")


LARGEST = 2**26
"""Number above every size of a model: a context of 10 million tokens is the largest in use."""
MOST_LAYERS = 1024
MOST_POSITIONS = 2**30
"""Numbers of a table of positions: a context of 8 million tokens with heads of 128."""
LAYERS = ("num_hidden_layers", "n_layer", "encoder_layers", "decoder_layers")


class Settings:
    """A config.json. Unknown keys are ignored, as Hugging Face does."""

    def __init__(self, values: JSON) -> None:
        self.values = values

    def integer(self, name: str, default: int | None = None) -> int:
        """Read a size; null counts as absent.

        Raises:
            CheckpointError: it is absent without a default, not a whole number above 0, or larger
                than any model's.
        """
        if self.values.get(name) is None and default is not None:
            return default
        return self._whole(name, least=1)

    def count(self, name: str, default: int) -> int:
        """Read a number of things, which may be 0; null counts as absent.

        Raises:
            CheckpointError: it is not a whole number from 0 on.
        """
        return default if self.values.get(name) is None else self._whole(name, least=0)

    def token_id(self, name: str) -> int:
        """Read an id, from 0 on.

        Raises:
            CheckpointError: it is absent or no id.
        """
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < LARGEST:
            raise CheckpointError(f"{name!r} must be a token's id, found {shown(value)}")
        return value

    def number(self, name: str, default: float) -> float:
        """Read a real number; null counts as absent.

        Raises:
            CheckpointError: it is no number, NaN, infinite or below 0.
        """
        value = self.values.get(name)
        if value is None:
            return default
        # Past 2**1023 a whole number has no float.
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 <= value < 1e300:  # type: ignore[operator]
            raise CheckpointError(f"{name!r} must be a number from 0 on, found {shown(value)}")
        return float(value)  # type: ignore[arg-type]

    def above_zero(self, name: str, default: float) -> float:
        """Read a real number above 0; null counts as absent.

        Raises:
            CheckpointError: it is no number, NaN, infinite, 0 or below.
        """
        value = self.number(name, default)
        if value == 0:
            raise CheckpointError(f"{name!r} must be above 0, found {shown(self.values[name])}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Read true or false; null counts as absent.

        Raises:
            CheckpointError: it is neither.
        """
        value = self.values.get(name)
        if value is not None and not isinstance(value, bool):
            raise CheckpointError(f"{name!r} must be true or false, found {shown(value)}")
        return default if value is None else value

    def _whole(self, name: str, least: int) -> int:
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            kind = "above 0" if least else "from 0 on"
            raise CheckpointError(f"{name!r} must be a whole number {kind}, found {shown(value)}")
        most = MOST_LAYERS if name in LAYERS else LARGEST
        if value > most:
            raise CheckpointError(
                f"{name!r} must be at most {most:,}, found {shown(value)}; the file is damaged"
            )
        return value

    def only(self, name: str, *allowed: object, default: object) -> None:
        """Refuse any value of an option but those that fledge computes.

        Raises:
            CheckpointError: the value is another; the message lists those allowed.
        """
        value = self.values.get(name, default)
        if value not in allowed:
            known = " or ".join(repr(one) for one in allowed)
            raise CheckpointError(
                f"option {name!r} is {value!r}, which fledge does not compute (only {known}); "
                "the model would give other answers"
            )

    def rotary(self) -> RotaryConfig:
        """Read `rope_parameters` (transformers 5) or `rope_theta` with `rope_scaling` (4).

        Where both are set `rope_scaling` counts, as it does for transformers.

        Raises:
            CheckpointError: a base of 0, or a scaling that fledge does not compute.
        """
        base = self.above_zero("rope_theta", 10_000.0)
        name = "rope_scaling" if self.values.get("rope_scaling") else "rope_parameters"
        values = self.values.get(name) or {}
        if not isinstance(values, Mapping):
            raise CheckpointError(f"{name!r} must be a table, found {values!r}")
        nested = [name for name, value in values.items() if isinstance(value, Mapping)]
        if nested:
            raise CheckpointError(
                f"{name!r} differ by kind of layer ({', '.join(nested)}), "
                "which fledge does not compute"
            )
        base = Settings(values).above_zero("rope_theta", base)
        share = self.number("partial_rotary_factor", 1.0)
        if Settings(values).number("partial_rotary_factor", share) != 1.0:
            raise CheckpointError("option 'partial_rotary_factor' is not 1: fledge turns all of d")
        return RotaryConfig(base=base, scaling=_scaling(values))


@contextmanager
def telling_why_not() -> Iterator[None]:
    """Translate validation errors of sizes into one line for people.

    Raises:
        CheckpointError: sizes or settings make no model; its message is that line.
    """
    try:
        yield
    except ValidationError as error:
        reasons = [
            ": ".join([*map(str, each["loc"]), each["msg"].removeprefix("Value error, ")])
            for each in error.errors(include_url=False)
        ]
        raise CheckpointError(f"these sizes make no model: {'; '.join(reasons)}") from error
    except (ConfigError, RuntimeError, OverflowError) as error:
        # torch counts the numbers of a tensor in 64 bits.
        raise CheckpointError(f"these settings make no model: {error}") from error


def rope_settings(rotary: RotaryConfig) -> dict[str, object]:
    """Settings that transformers 4 and transformers 5 name differently."""
    scaling = dict(rotary.scaling) if rotary.scaling else None
    parameters = {"rope_type": "default", **(scaling or {}), "rope_theta": rotary.base}
    return {"rope_theta": rotary.base, "rope_scaling": scaling, "rope_parameters": parameters}


def check_positions(context: int, width: int) -> None:
    """Refuse a context whose table of positions, of `width` numbers each, would fill the memory.

    Raises:
        CheckpointError: it would.
    """
    if context * width > MOST_POSITIONS:
        raise CheckpointError(
            f"a context of {context:,} tokens and {width:,} numbers for each make a table of "
            "positions larger than any model's; the file is damaged"
        )


def shown(value: object) -> str:
    """Return a value as an error shows it, not longer than a line."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no whole number of thousands of digits
        return "a number of thousands of digits"
    except RecursionError:
        return "values nested too deeply"
    return text if len(text) <= 80 else f"{text[:80]}…"


def _scaling(values: JSON) -> dict[str, float | str] | None:
    theirs = {name: value for name, value in values.items() if isinstance(value, int | float | str)}
    kind = scaling_type(RotaryConfig(scaling=theirs))
    if kind not in SCALINGS:
        raise CheckpointError(
            f"rope scaling {kind!r} is not implemented; fledge computes "
            f"{', '.join(sorted(SCALINGS))}"
        )
    kept = {name: value for name, value in theirs.items() if name not in NOT_SCALING}
    return None if kind == "default" else {**kept, "rope_type": kind}
