"""`fledge serve`: the chat page and the OpenAI-compatible API."""

from typing import Annotated

import typer

from fledge.cli.options import Temperature, TopP

EXAMPLE = "Example: `fledge serve checkpoints/sft checkpoints/ppo --port 8000`"


def serve(
    checkpoints: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]CHECKPOINT...",
            help="What to serve; the first is the default. NAME is its id in the API.",
            show_default=False,
        ),
    ],
    host: Annotated[
        str, typer.Option(help="Address to listen on. There are no accounts yet: keep it local.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="0 takes a free one.", show_default="8000, or a free one"
        ),
    ] = None,
    temperature: Temperature = 0.7,
    top_p: TopP = 1.0,
    max_batch: Annotated[
        int, typer.Option(min=1, help="Answers written at the same time, for each model.")
    ] = 16,
    max_pending: Annotated[
        int, typer.Option(min=1, help="Answers running or waiting before others are sent away.")
    ] = 64,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Serve a chat page and an OpenAI-compatible API at /v1.

    Temperature and top-p are for requests that name none.
    """
    from fledge.config import parse_section
    from fledge.generate import SamplingParams
    from fledge.serve.launch import launch
    from fledge.serve.loading import load_models, named

    sampling = parse_section(
        {"temperature": temperature, "top_p": top_p}, SamplingParams, source="serve"
    )
    models = load_models(named(checkpoints), max_batch)
    launch(
        models,
        host=host,
        port=port,
        sampling=sampling,
        max_pending=max_pending,
        open_browser=open_browser,
        announce=typer.echo,
    )
