"""Read the prompts that commands answer, each with room for its answer."""

from collections.abc import Sequence

from fledge.checkpoint.model_files import LoadedModel, LoadedScalarModel
from fledge.data import Placed, Skipped, load_placed, prompt_from
from fledge.data.records import refuse
from fledge.errors import ConversationRefused, DataError
from fledge.generate import SamplingParams
from fledge.generate.fitting import fits
from fledge.text.conversation import Conversation


def read_prompts(
    sources: Sequence[str],
    models: Sequence[LoadedModel],
    sampling: SamplingParams,
    skipped: Skipped | None,
    judge: LoadedScalarModel | None = None,
) -> list[Conversation]:
    """Read the prompts that every model can answer, and a reward model judge.

    Raises:
        RecordError: a prompt leaves no room, or a chat template refuses it, unless `skipped`
            collects it.
        DataError: none is left.
    """
    fitting = [
        placed.item
        for placed in load_placed(sources, prompt_from, skipped=skipped, kind="prompts")
        if all(fits(placed, placed.item, loaded, sampling, skipped) for loaded in models)
        and (judge is None or _can_be_judged(placed, judge, skipped))
    ]
    if not fitting:
        raise DataError(
            f"{', '.join(sources)}: no prompt leaves room for an answer; lower --max-new-tokens"
        )
    return fitting


def _can_be_judged(
    placed: Placed[Conversation], judge: LoadedScalarModel, skipped: Skipped | None
) -> bool:
    try:
        judge.template.render(placed.item.then("assistant", "An answer."), judge.tokenizer)
    except ConversationRefused as error:
        refuse(placed.refused(error), skipped)
        return False
    return True
