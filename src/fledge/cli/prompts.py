"""Read the prompts that commands answer, each with room for its answer."""

from collections.abc import Sequence

from fledge.checkpoint.model_files import LoadedModel
from fledge.data import Placed, Skipped, load_placed, prompt_from
from fledge.data.records import refuse
from fledge.data.rendering import too_long
from fledge.errors import DataError, PromptTooLong
from fledge.generate import SamplingParams
from fledge.generate.text import chat_request
from fledge.text.conversation import Conversation


def read_prompts(
    sources: Sequence[str],
    models: Sequence[LoadedModel],
    sampling: SamplingParams,
    skipped: Skipped | None,
) -> list[Conversation]:
    """Read the prompts that every model can answer.

    Raises:
        RecordError: a prompt leaves no room, unless `skipped` collects it.
        DataError: none is left.
    """
    fitting = [
        placed.item
        for placed in load_placed(sources, prompt_from, skipped=skipped)
        if all(_fits(placed, loaded, sampling, skipped) for loaded in models)
    ]
    if not fitting:
        raise DataError(
            f"{', '.join(sources)}: no prompt leaves room for an answer; lower --max-new-tokens"
        )
    return fitting


def _fits(
    placed: Placed[Conversation],
    loaded: LoadedModel,
    sampling: SamplingParams,
    skipped: Skipped | None,
) -> bool:
    try:
        chat_request("prompt", loaded, placed.item, sampling)
    except PromptTooLong as error:
        refuse(too_long(placed, error), skipped)
        return False
    return True
