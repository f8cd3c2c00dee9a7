"""The command `fledge`: its subcommands and its handling of errors.

It starts without torch, so that `--help` is instant.
"""

import sys
from collections.abc import Sequence
from contextvars import copy_context
from typing import Annotated

import typer

from fledge.cli import (
    backup,
    chat,
    demo,
    evaluate,
    export_model,
    generate,
    import_model,
    improve,
    info,
    init,
    inspect,
    models,
    password,
    pipeline,
    plan,
    ppo,
    pretrain,
    restore,
    reward,
    rounds,
    serve,
    sft,
    tokenizer,
    translate,
    translate_train,
)
from fledge.cli.messages import print_error, print_stopped
from fledge.errors import FledgeError, Interrupted

OVERVIEW = """\
Raise a chat model: from raw text, to demonstrations, to human feedback.
Example: `fledge demo` does it all in minutes; `fledge init` starts a project.
"""
START, RAISE, USE, RUN = "Start here", "Raise a model", "Use a model", "Run a server"
"""Headings of `fledge --help`, which gives each command one short line, to fit a screen."""

app = typer.Typer(
    name="fledge",
    help=OVERVIEW,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

app.command("demo", epilog=demo.EXAMPLE, rich_help_panel=START)(demo.demo)
app.command("init", epilog=init.EXAMPLE, rich_help_panel=START)(init.init)
app.command("run", epilog=pipeline.EXAMPLE, rich_help_panel=START)(pipeline.run)
plans = typer.Typer(epilog=plan.EXAMPLE, callback=plan.plan, no_args_is_help=True)
plans.command("run")(pipeline.run)
plans.command("pretrain")(pretrain.pretrain)
plans.command("translate-train")(translate_train.translate_train)
plans.command("sft")(sft.sft)
plans.command("reward")(reward.reward)
plans.command("ppo")(ppo.ppo)
app.add_typer(plans, name="plan", rich_help_panel=RAISE)
app.add_typer(tokenizer.app, name="tokenizer", rich_help_panel=RAISE)
app.command("pretrain", epilog=pretrain.EXAMPLE, rich_help_panel=RAISE)(pretrain.pretrain)
app.command("translate-train", epilog=translate_train.EXAMPLE, rich_help_panel=RAISE)(
    translate_train.translate_train
)
app.command("sft", epilog=sft.EXAMPLE, rich_help_panel=RAISE)(sft.sft)
app.command("reward", epilog=reward.EXAMPLE, rich_help_panel=RAISE)(reward.reward)
app.command("ppo", epilog=ppo.EXAMPLE, rich_help_panel=RAISE)(ppo.ppo)
app.command("improve", epilog=improve.EXAMPLE, rich_help_panel=RAISE)(improve.improve)
app.add_typer(rounds.app, name="rounds", rich_help_panel=RAISE)
app.command("evaluate", epilog=evaluate.EXAMPLE, rich_help_panel=USE)(evaluate.evaluate)
app.command("generate", epilog=generate.EXAMPLE, rich_help_panel=USE)(generate.generate)
app.command("chat", epilog=chat.EXAMPLE, rich_help_panel=USE)(chat.chat)
app.command("translate", epilog=translate.EXAMPLE, rich_help_panel=USE)(translate.translate)
app.add_typer(inspect.app, name="inspect", rich_help_panel=USE)
app.command("info", epilog=info.EXAMPLE, rich_help_panel=USE)(info.info)
app.command("import", epilog=import_model.EXAMPLE, rich_help_panel=USE)(import_model.import_model)
app.command("models", epilog=models.EXAMPLE, rich_help_panel=USE)(models.models)
app.command("export", epilog=export_model.EXAMPLE, rich_help_panel=USE)(export_model.export_model)
app.command("serve", epilog=serve.EXAMPLE, rich_help_panel=RUN)(serve.serve)
app.command("backup", epilog=backup.EXAMPLE, rich_help_panel=RUN)(backup.backup)
app.command("restore", epilog=restore.EXAMPLE, rich_help_panel=RUN)(restore.restore)
app.command("password", epilog=password.EXAMPLE, rich_help_panel=RUN)(password.password)


def print_version(wanted: bool) -> bool:
    """Print name and version, and end the program."""
    if wanted:
        from fledge import __version__

        typer.echo(f"fledge {__version__} (Python {sys.version.split()[0]})")
        raise typer.Exit
    return wanted


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=print_version, is_eager=True),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Declare the options of every command; `run` takes `--debug` out of the command line."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; print a user's error without a traceback."""
    words = list(arguments)
    debug = "--debug" in words
    try:
        rest = [word for word in words if word != "--debug"]
        copy_context().run(app, rest, prog_name="fledge")
    except SystemExit as finished:
        return finished.code if isinstance(finished.code, int) else 0
    except Interrupted as interrupted:
        print_stopped(str(interrupted))
        return interrupted.exit_code
    except FledgeError as error:
        if debug:
            raise
        print_error(str(error))
        return error.exit_code
    except OSError as error:
        if debug:
            raise
        place = f"{error.filename}: " if error.filename is not None else ""
        print_error(f"{place}{error.strerror or error}")
        return 1
    return 0
