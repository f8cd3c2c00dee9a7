"""Fields that requests may carry beyond the declared ones: OpenAI's, and those of other servers.

A field that changes no answer is ignored. A field that would change it is accepted at the values
at which it changes nothing, and refused at others, as is every unknown field.
"""

from collections.abc import Iterator, Mapping

from fledge.serve.schemas.common import Body

IGNORED = frozenset(
    {
        # OpenAI: book-keeping, and thinking and verbosity, of which these models have no setting.
        *("metadata", "store", "service_tier", "safety_identifier", "user", "parallel_tool_calls"),
        *("prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "stream_options"),
        *("reasoning_effort", "reasoning", "verbosity", "max_tool_calls"),
        # llama.cpp, vLLM, Ollama, OpenRouter: caching, queueing, timings, thinking.
        *("cache_prompt", "id_slot", "timings_per_token", "return_progress", "backend_sampling"),
        *("request_id", "priority", "cache_salt", "keep_alive", "num_ctx", "usage", "provider"),
        *("think", "enable_thinking", "include_reasoning", "reasoning_format"),
        # Strengths of samplers that are off: the fields that switch them on are below.
        *("dry_base", "dry_allowed_length", "dry_penalty_last_n", "dry_sequence_breakers"),
        *("xtc_threshold", "dynatemp_exponent", "mirostat_tau", "mirostat_eta"),
        # Open WebUI: where its answer is kept.
        *("chat_id", "session_id", "message_id", "id", "variables", "background_tasks"),
    }
)
"""Fields that change no answer."""

NEUTRAL: Mapping[str, tuple[object, ...]] = {
    # OpenAI
    "audio": (),
    "modalities": (["text"],),
    "moderation": (),
    "prediction": (),
    "web_search_options": (),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "conversation": (),
    "context_management": ([],),
    "include": ([], ["reasoning.encrypted_content"]),
    "prompt": (),
    "top_logprobs": (0,),
    # Samplers that are not built
    "typical_p": (1, 0),
    "typ_p": (1, 0),
    "tfs_z": (1, 0),
    "top_a": (0,),
    "top_n_sigma": (-1, 0),
    "repeat_last_n": (-1,),
    "dynatemp_range": (0,),
    "xtc_probability": (0,),
    "dry_multiplier": (0,),
    "mirostat": (0,),
    "use_beam_search": (False,),
    "length_penalty": (1,),
    "min_tokens": (0,),
    # Constraints, endings and templates
    "grammar": ("",),
    "ignore_eos": (False,),
    "stop_token_ids": ([],),
    "bad_words": ([],),
    "include_stop_str_in_output": (False,),
    "skip_special_tokens": (True,),
    "spaces_between_special_tokens": (True,),
    "add_special_tokens": (False,),
    "add_generation_prompt": (True,),
    "continue_final_message": (False,),
    "chat_template": (),
    "chat_template_kwargs": ({},),
    "documents": ([],),
    "truncate_prompt_tokens": (-1,),
    # Forms of the reply
    "n": (1,),
    "best_of": (1,),
    "echo": (False,),
    "suffix": ("",),
    "n_probs": (0,),
    "return_token_ids": (False,),
    "return_tokens_as_token_ids": (False,),
    "normalize": (True,),
    # Features of Open WebUI
    "files": ([],),
    "tool_ids": ([],),
    "features": ({},),
}
"""Fields that are not built, with the values at which they change nothing."""

UNTRANSLATED = ("audio", "modalities", "functions", "function_call", "conversation", "prompt")
"""Fields that an upstream may know, but whose replies are not translated."""


def refused(body: Body) -> Iterator[str]:
    """Yield the undeclared fields that would change the answer."""
    for name, value in (body.model_extra or {}).items():
        if value is not None and name not in IGNORED and value not in NEUTRAL.get(name, ()):
            yield name


def passed_on(body: Body) -> dict[str, object]:
    """Return the undeclared fields that an upstream is sent: all that are not null."""
    return {name: value for name, value in (body.model_extra or {}).items() if value is not None}


def reasoning_of(body: Body) -> dict[str, object]:
    """Return the effort that `reasoning` of a response asks for as a chat words it; or nothing."""
    reasoning = (body.model_extra or {}).get("reasoning")
    effort = reasoning.get("effort") if isinstance(reasoning, dict) else None
    return {} if effort is None else {"reasoning_effort": effort}
