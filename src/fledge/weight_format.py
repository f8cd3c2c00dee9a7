"""Names of the number formats that weights are kept in; torch is not imported for them."""

from typing import Literal

WeightFormat = Literal["auto", "float32", "bfloat16", "int8"]
"""Format in which weights are kept; "auto" is the faster one here of float32 and bfloat16."""
