"""`fledge chat`: talk to a model in the terminal."""

from typing import Annotated

import typer

from fledge.cli.options import (
    Checkpoint,
    Seed,
    Temperature,
    TopP,
    Weights,
    given_sampling,
)

EXAMPLE = 'Example: `fledge chat checkpoints/ppo --system "You are a polite shop assistant."`'


def chat(
    checkpoint: Checkpoint,
    system: Annotated[str | None, typer.Option(help="System prompt.", show_default=False)] = None,
    temperature: Temperature = None,
    top_p: TopP = None,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Max tokens of an answer.",
            show_default="the model's, or 1,024 (of a long context, 1/8)",
        ),
    ] = None,
    seed: Seed = None,
    weights: Weights = "auto",
) -> None:
    """Talk to a model in the terminal.

    `/help` lists the commands. Ctrl-C stops an answer, Ctrl-D leaves. When a chat outgrows the
    context, its oldest turns are dropped.
    """
    sampling = given_sampling(temperature, top_p, max_new_tokens, seed)
    from fledge.checkpoint.directory import find_checkpoint
    from fledge.checkpoint.inference import open_language_model
    from fledge.cli.terminal_chat import TerminalChat, converse, remembered_lines
    from fledge.runtime.threads import choose_threads

    loaded = open_language_model(find_checkpoint(checkpoint), weights)
    choose_threads(loaded.model.config.width)
    loaded.template.check(loaded.tokenizer)
    session = TerminalChat(checkpoint, loaded, sampling, system, weights=weights)
    with remembered_lines():
        converse(session)
