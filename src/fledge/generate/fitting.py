"""Check that prompts leave a model room for an answer."""

from typing import TypeVar

from fledge.checkpoint.model_files import LoadedModel
from fledge.data.records import Placed, Skipped, refuse
from fledge.data.rendering import too_long
from fledge.errors import ConversationRefused, PromptTooLong
from fledge.generate.request import SamplingParams
from fledge.generate.text import chat_request
from fledge.text.conversation import Conversation

Item = TypeVar("Item")


def fits(
    placed: Placed[Item],
    conversation: Conversation,
    loaded: LoadedModel,
    sampling: SamplingParams,
    skipped: Skipped | None,
) -> bool:
    """Tell whether a model can answer the prompt that stands at this place.

    Raises:
        RecordError: it cannot, unless `skipped` collects the error.
    """
    try:
        chat_request("prompt", loaded, conversation, sampling)
    except PromptTooLong as error:
        refuse(too_long(placed, error), skipped)
        return False
    except ConversationRefused as error:
        refuse(placed.refused(error), skipped)
        return False
    return True
