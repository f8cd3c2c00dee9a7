"""`fledge generate`: answer one prompt, or a file of prompts."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.messages import log_to_terminal
from fledge.cli.options import (
    Checkpoint,
    Seed,
    SkipBad,
    Temperature,
    TopP,
    Weights,
    given_sampling,
    refuse_ignored,
    tell_skipped,
)
from fledge.cli.output import check_writable
from fledge.cli.standard_input import standard_input
from fledge.errors import ConfigError
from fledge.files import write_text
from fledge.text.printable import printable

if TYPE_CHECKING:
    from fledge.checkpoint.model_files import LoadedModel
    from fledge.generate import SamplingParams

MAX_NEW_TOKENS = 256
"""Longest answer where neither option nor model names one."""
EXAMPLE = 'Example: `fledge generate checkpoints/ppo "How do I center a div?" --temperature 0`'


def generate(
    checkpoint: Checkpoint,
    prompt: Annotated[
        str | None,
        typer.Argument(
            help="Prompt to answer; `-`, or nothing, reads standard input.", show_default=False
        ),
    ] = None,
    prompts: Annotated[
        Path | None,
        typer.Option(help="Answer every prompt of this file, in batches.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="JSONL file for --prompts.", show_default="standard output"
        ),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Continue the text, without a chat template.")
    ] = False,
    temperature: Temperature = None,
    top_p: TopP = None,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Max tokens of an answer.", show_default="the model's, or 256"
        ),
    ] = None,
    skip_bad: SkipBad = False,
    seed: Seed = None,
    weights: Weights = "auto",
) -> None:
    """Answer a prompt as a stream, or every prompt of a file."""
    given = given_sampling(temperature, top_p, max_new_tokens, seed)
    if prompts is not None and prompt is not None:
        raise ConfigError("give a PROMPT or --prompts FILE, not both")
    if prompts is None:
        refuse_ignored("without --prompts, the answer is printed", {"--output": output})
        refuse_ignored("without --prompts, no records are read", {"--skip-bad": skip_bad})
    else:
        refuse_ignored("--prompts are answered as chats", {"--raw": raw})
    if output is not None:
        check_writable(output)
    from fledge.checkpoint.directory import find_checkpoint
    from fledge.checkpoint.inference import open_language_model
    from fledge.generate.usual import usual_sampling
    from fledge.runtime.threads import choose_threads

    loaded = open_language_model(find_checkpoint(checkpoint), weights)
    choose_threads(loaded.model.config.width)
    sampling = usual_sampling(loaded.recommended, given, MAX_NEW_TOKENS)
    if prompts is not None:
        log_to_terminal()
        write_answers(loaded, prompts, output, sampling, skip_bad)
        return
    text = standard_input() if prompt is None or prompt == "-" else prompt
    from fledge.generate.text import stream_answer
    from fledge.text.conversation import Conversation, Message

    question = Conversation((Message("user", text),))
    for piece in (
        continued(loaded, text, sampling) if raw else stream_answer(loaded, question, sampling)
    ):
        typer.echo(printable(piece), nl=False)
        sys.stdout.flush()
    typer.echo()


def continued(loaded: "LoadedModel", text: str, sampling: "SamplingParams") -> Iterator[str]:
    """Yield the text, then the model's continuation; an empty text starts a new document."""
    from fledge.generate import Request
    from fledge.generate.engine import Engine
    from fledge.generate.text import Writer

    tokenizer = loaded.tokenizer
    prompt = tokenizer.encode_document(text) or [tokenizer.special.separator]
    request = Request(
        id="text",
        prompt=tuple(prompt),
        sampling=sampling,
        stop_ids=tokenizer.stop_ids,
        banned_ids=loaded.banned_ids,
    )
    writer = Writer(tokenizer, request)
    engine = Engine(loaded.model, max_batch=1)
    engine.submit(request)
    yield text
    while engine.busy:
        yield from (writer.take(event) for event in engine.step())


def write_answers(
    loaded: "LoadedModel",
    prompts: Path,
    output: Path | None,
    sampling: "SamplingParams",
    skip_bad: bool,
) -> None:
    """Write a JSONL record for each prompt: its messages, the answer, and the reason it ended."""
    from fledge.cli.prompts import read_prompts
    from fledge.data import Skipped
    from fledge.generate.text import answers

    skipped = Skipped() if skip_bad else None
    conversations = read_prompts([str(prompts)], [loaded], sampling, skipped)
    tell_skipped(skipped)
    lines = [
        json.dumps(
            {
                "prompt": conversation.records(),
                "response": answer.text,
                "finish_reason": answer.finish_reason,
            },
            ensure_ascii=False,
        )
        for conversation, answer in zip(
            conversations, answers(loaded, conversations, sampling), strict=True
        )
    ]
    text = "\n".join(lines) + "\n"
    if output is None:
        typer.echo(text, nl=False)
        return
    write_text(output, text, "file of answers")
    typer.echo(f"{len(lines):,} answers written to {output}", err=True)
