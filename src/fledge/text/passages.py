"""Passages under a system prompt: what an assistant reads before it answers, and is asked to name.

Serving writes them so, and the demonstrations teach them so: a small model knows no other wording.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

REQUEST = "Answer from these passages where they help, and name the one you use, as in [1]."


@runtime_checkable
class NamedPassage(Protocol):
    """Text of a document, and the name under which it is cited."""

    @property
    def name(self) -> str:
        """Return the document's name, with the heading if there is one."""
        ...

    @property
    def text(self) -> str:
        """Return what the model reads."""
        ...


def with_passages(system_prompt: str | None, passages: Sequence[NamedPassage]) -> str | None:
    """Return the system prompt with the passages under it, numbered from 1."""
    if not passages:
        return system_prompt
    told = (f"[{n}] {each.name}\n{each.text}" for n, each in enumerate(passages, start=1))
    return "\n\n".join((*([system_prompt] if system_prompt else []), REQUEST, *told))
