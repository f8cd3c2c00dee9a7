"""`fledge demo --real`: teach a real model to answer for a shop, then chat with its assistant."""

from contextlib import closing, nullcontext
from pathlib import Path

import typer

from fledge.cli.demo_page import CHATS, keep_open
from fledge.cli.messages import log_to_terminal

MODELS = {"sft": "After SFT", "ppo": "After PPO", "import": "As imported"}
"""Names that people read, by the id and the run of a model; the default first until PPO is done."""
FIRST = "sft"
"""Model that answers for the shop until the report card chooses."""
MOVED = "assistant-moved"
"""File of a demo whose assistant has had the chosen model; from then on people choose its model."""


def raise_assistant(output: Path, seed: int, *, serve: bool, port: int | None) -> None:
    """Run the demo on a real model; its chat page opens after SFT, and stays to the end.

    Only the main process of several serves.
    """
    from fledge.cli.training import is_main_process

    log_to_terminal()
    from fledge.demo.page import ChatPage
    from fledge.demo.real.card_files import read_card
    from fledge.demo.real.demo import run_real_demo

    is_main = is_main_process()
    page = ChatPage(output, output / CHATS, port) if serve and is_main else None

    def after_sft() -> None:
        if not is_main:
            return
        card = read_card(output)  # there is one where the demo was finished before
        first = FIRST if card is None else card.chosen
        offer(output, first)
        if page is not None:
            employ(output / CHATS, first)
            page.open()

    with page or nullcontext():
        chosen = next(iter(run_real_demo(output, seed, after_sft=after_sft)))
        if not is_main:
            return
        offer(output, chosen)
        if page is not None:
            promote_once(output, chosen)
        typer.echo(f"Report card with curves and answers: {output / 'report.html'}", err=True)
        keep_open(page, output)


def offer(output: Path, chosen: str) -> None:
    """Leave beside the models what `fledge serve` offers, the chosen one first."""
    from fledge.demo.real.assistant import SUGGESTIONS
    from fledge.files import write_text
    from fledge.serve.models.loading import SUGGESTIONS as FILE
    from fledge.serve.models.offer import OfferedModel, write_offer

    ids = dict.fromkeys((chosen, *MODELS))
    write_offer(output, (OfferedModel(id=id_, run=id_, name=MODELS[id_]) for id_ in ids))
    write_text(output / FILE, "".join(f"{question}\n" for question in SUGGESTIONS))


def employ(database: Path, model: str) -> None:
    """Put the lamp shop's assistant on the page; `model` answers in its name."""
    from fledge.database import open_database
    from fledge.demo.real.assistant import create_assistant

    with closing(open_database(database)) as kept:
        create_assistant(kept, model)


def promote_once(output: Path, chosen: str) -> None:
    """Let the chosen model answer in the assistant's name, in place of the first.

    A demo that was killed before does it when it goes on. Once done, a person's choice stays.
    """
    from fledge.database import open_database
    from fledge.demo.real.assistant import move_assistant
    from fledge.files import write_text

    if (output / MOVED).is_file():
        return
    with closing(open_database(output / CHATS)) as kept:
        move_assistant(kept, FIRST, chosen)
    write_text(output / MOVED, f"{chosen}\n")
