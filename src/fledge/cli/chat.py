"""`fledge chat`: talk to a model in the terminal."""

from typing import Annotated

import typer

from fledge.cli.options import (
    Checkpoint,
    MaxNewTokens,
    Seed,
    Temperature,
    TopP,
    sampling_params,
)

EXAMPLE = 'Example: `fledge chat checkpoints/ppo --system "You are a polite shop assistant."`'


def chat(
    checkpoint: Checkpoint,
    system: Annotated[str | None, typer.Option(help="System prompt.", show_default=False)] = None,
    temperature: Temperature = 0.7,
    top_p: TopP = 1.0,
    max_new_tokens: MaxNewTokens = 256,
    seed: Seed = None,
) -> None:
    """Talk to a model in the terminal.

    `/help` lists the commands. Ctrl-C stops an answer, Ctrl-D leaves. When a chat outgrows the
    context, its oldest turns are dropped.
    """
    sampling = sampling_params(temperature, top_p, max_new_tokens, seed)
    import fledge
    from fledge.cli.terminal_chat import TerminalChat, converse, remembered_lines

    loaded = fledge.load(checkpoint)
    loaded.template.check(loaded.tokenizer)
    session = TerminalChat(checkpoint, loaded, sampling, system)
    with remembered_lines():
        converse(session)
