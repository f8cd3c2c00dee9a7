"""Fields that requests may carry beyond the declared ones: OpenAI's, and those of other servers.

A field that would change the answer is accepted at the values at which it changes nothing, and
refused at others. Fields that change no answer, and names that nobody gave a meaning, are ignored.
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
"""Fields of OpenAI and others that change no answer."""

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
    # Fields of a chat that another endpoint has not
    "tools": ([],),
    "response_format": ({"type": "text"},),
    "truncation": ("disabled",),
    "max_tokens": (0, -1),
    "max_completion_tokens": (0, -1),
    "n": (1,),
    "stop": ("", []),
    "seed": (-1,),
    "logit_bias": ({},),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "repetition_penalty": (1,),
    "repeat_penalty": (1,),
    "top_k": (0, -1),
    "min_p": (0,),
    "logprobs": (False,),
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

UNTRANSLATED = ("audio", "modalities", "functions", "function_call", "conversation")
"""Fields that an upstream may know, but whose replies are not translated."""


def refused(body: Body) -> Iterator[str]:
    """Yield the undeclared fields that would change the answer."""
    for name, value in (body.model_extra or {}).items():
        if name in NEUTRAL and value is not None and value not in NEUTRAL[name]:
            yield name


def passed_on(body: Body) -> dict[str, object]:
    """Return the undeclared fields that an upstream is sent: all that are not null."""
    return {name: value for name, value in (body.model_extra or {}).items() if value is not None}


def reasoning_of(body: Body) -> dict[str, object]:
    """Return the effort that `reasoning` of a response asks for as a chat words it; or nothing."""
    reasoning = (body.model_extra or {}).get("reasoning")
    effort = reasoning.get("effort") if isinstance(reasoning, dict) else None
    return {} if effort is None else {"reasoning_effort": effort}
