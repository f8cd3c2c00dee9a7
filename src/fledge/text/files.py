"""Tokenizers on disk: Hugging Face's tokenizer.json and settings, GPT-2's two files, rank files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import models

from fledge.errors import TokenizerError
from fledge.text.decoding import lines_of
from fledge.text.patterns import GPT2_PATTERN
from fledge.text.ranks import MOST_IDS, byte_level, definition_of_rank_file
from fledge.text.special import END_OF_TEXT, KNOWN_CONTROL, SPECIAL_NAMES, SPECIAL_TEXTS
from fledge.text.vocabulary import Definition, all_tokens, special_texts, with_special

_NAMES = ("bos_token", "eos_token", "pad_token", "unk_token")
FLAGS = ("single_word", "lstrip", "rstrip", "normalized")
"""Ways in which an added token is found in a text."""
_VOCABULARY_FILES = (("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe"))
_GENERATION = ("generation_config.json", "config.json")
"""Files in which a model names the ids that end a text; the first that is there counts."""


@dataclass(frozen=True, slots=True)
class TokenizerFiles:
    """Contents of a tokenizer's files: its definition, its named special tokens, its template.

    `stop_ids` are the ids that end a text according to the model beside it, where there is one.
    """

    definition: Definition
    names: dict[str, str]
    chat_template: str | None
    stop_ids: frozenset[int] = frozenset()


def read_tokenizer(path: Path) -> TokenizerFiles:
    """Read a directory, a tokenizer.json or a `*.tiktoken` file.

    Raises:
        TokenizerError: there is no tokenizer, or its files are damaged.
    """
    file, merges = _found_in(path) if path.is_dir() else (path, None)
    if not file.is_file():
        raise TokenizerError(
            f"{path}: no such tokenizer; expected a directory with tokenizer.json, a "
            "tokenizer.json or a .tiktoken rank file (`fledge tokenizer` trains one)"
        )
    if merges is None and file.suffix != ".tiktoken":
        return _read_with_settings(file)
    if merges is not None:
        return _read_gpt2(file, merges)
    definition = definition_of_rank_file(file, SPECIAL_TEXTS)
    return TokenizerFiles(definition, dict(SPECIAL_NAMES), None)


def write_tokenizer(directory: Path, files: TokenizerFiles) -> None:
    """Write the files that `transformers.AutoTokenizer` opens; make a missing directory."""
    directory.mkdir(parents=True, exist_ok=True)
    named = set(files.names.values())
    others = [text for text in special_texts(files.definition) if text not in named]
    settings: dict[str, object] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "model_max_length": int(1e30),  # transformers' way of saying that the model decides
        **files.names,
        "additional_special_tokens": others,
    }
    if files.chat_template is not None:
        settings["chat_template"] = files.chat_template
    special = {**files.names, "additional_special_tokens": others}
    _write_json(directory / "tokenizer.json", files.definition)
    _write_json(directory / "tokenizer_config.json", settings)
    _write_json(directory / "special_tokens_map.json", special)


def control_tokens(files: TokenizerFiles) -> list[str]:
    """Return the tokens that no text may give, though the definition may not mark them as special.

    They are those with a name, and added ones that well-known chat templates are made of.
    """
    known = all_tokens(files.definition)
    added = {token["content"] for token in files.definition["added_tokens"]}
    named = [text for text in files.names.values() if text in known]
    return [*named, *(text for text in KNOWN_CONTROL if text in added)]


def _found_in(directory: Path) -> tuple[Path, Path | None]:
    """Return tokenizer.json, or GPT-2's vocabulary with its merges."""
    if (directory / "tokenizer.json").is_file():
        return directory / "tokenizer.json", None
    for names in _VOCABULARY_FILES:
        vocabulary, merges = (directory / name for name in names)
        if vocabulary.is_file() and merges.is_file():
            return vocabulary, merges
    raise TokenizerError(
        f"{directory}: no tokenizer here; expected tokenizer.json (or vocab.json and merges.txt). "
        "Pass the directory of a checkpoint, or train one with `fledge tokenizer`"
    )


def _read_with_settings(path: Path) -> TokenizerFiles:
    definition = _read_json(path)
    if not isinstance(definition.get("model"), dict) or "vocab" not in definition["model"]:
        raise TokenizerError(
            f"{path}: expected a tokenizer.json with model.vocab, found the keys "
            f"{', '.join(sorted(definition)) or 'none'}"
        )
    definition.setdefault("added_tokens", [])
    settings: dict[str, Any] = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        if (path.parent / name).is_file():
            settings |= _read_json(path.parent / name)
    definition["added_tokens"] = _with_flags(definition["added_tokens"], settings)
    names = {name: _token_text(settings[name]) for name in _NAMES if settings.get(name)}
    template, stop_ids = _chat_template(path.parent, settings), _stop_ids(path.parent)
    return TokenizerFiles(definition, names, template, stop_ids)


def _with_flags(added: list[dict[str, Any]], settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Let `added_tokens_decoder` of tokenizer_config.json decide which spaces a token swallows.

    transformers adds each of its tokens anew, so these flags win over those of tokenizer.json.
    """
    entries = settings.get("added_tokens_decoder")
    listed = entries.values() if isinstance(entries, dict) else ()
    flags = {
        entry["content"]: {name: entry[name] for name in FLAGS if isinstance(entry.get(name), bool)}
        for entry in listed
        if isinstance(entry, dict) and isinstance(entry.get("content"), str)
    }
    return [{**token, **flags.get(token["content"], {})} for token in added]


def _read_gpt2(vocabulary_path: Path, merges_path: Path) -> TokenizerFiles:
    lines = lines_of(_read_text(merges_path))
    pairs = [line.split(" ") for line in lines if line and not line.startswith("#version")]
    vocabulary = _read_json(vocabulary_path)
    unknown = [p for p in pairs if len(p) != 2 or "".join(p) not in vocabulary]
    if unknown:
        raise TokenizerError(
            f"{merges_path}: the merge {' '.join(unknown[0])!r} gives no token of "
            f"{vocabulary_path.name}; the two files do not belong together, or one is cut off"
        )
    merges = [(left, right) for left, right in pairs]
    stop_ids = _stop_ids(vocabulary_path.parent)
    definition = byte_level(models.BPE(vocab=vocabulary, merges=merges), GPT2_PATTERN)
    names = dict.fromkeys(("bos_token", "eos_token"), END_OF_TEXT)
    return TokenizerFiles(with_special(definition, [END_OF_TEXT]), names, None, stop_ids)


def _chat_template(directory: Path, settings: dict[str, Any]) -> str | None:
    if (directory / "chat_template.jinja").is_file():
        return _read_text(directory / "chat_template.jinja")
    template = settings.get("chat_template")
    if isinstance(template, list):  # several, by name
        template = {entry["name"]: entry["template"] for entry in template}.get("default")
    return template if isinstance(template, str) else None


def _stop_ids(directory: Path) -> frozenset[int]:
    """Read `eos_token_id` of a model's settings: one id, several, or none."""
    path = next((directory / name for name in _GENERATION if (directory / name).is_file()), None)
    ends = None if path is None else _read_json(path).get("eos_token_id")
    listed = ends if isinstance(ends, list) else [ends]
    # Some models name -1, which is no token.
    return frozenset(end for end in listed if type(end) is int and 0 <= end < MOST_IDS)


def _token_text(value: object) -> str:
    return str(value["content"]) if isinstance(value, dict) else str(value)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_read_text(path))
    except (ValueError, RecursionError) as error:
        raise TokenizerError(
            f"{path}: not valid JSON ({error}); the file is damaged or cut off, copy it again"
        ) from error
    if not isinstance(value, dict):
        raise TokenizerError(f"{path}: expected a JSON object, found {type(value).__name__}")
    return value


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TokenizerError(f"{path}: not UTF-8 text ({error}); copy the file again") from error


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
