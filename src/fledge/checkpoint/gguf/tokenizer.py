"""A tokenizer as GGUF's metadata describe it: byte-level BPE ("gpt2") or SentencePiece ("llama").

llama.cpp has the patterns that cut text compiled in and knows them by name (`tokenizer.ggml.pre`);
a pattern without a name cannot be exported, because the ids would be others.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from fledge.errors import TokenizerError
from fledge.text.patterns import GPT2_PATTERN, O200K_PATTERN, TEKKEN_PATTERN, gpt4_pattern
from fledge.text.tokenizer import Tokenizer
from fledge.text.vocabulary import Definition, all_tokens, merge_pairs

_CONTRACTIONS = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)", r"'(?i:[sdmt]|ll|ve|re)")
"""Two spellings of one pattern, for English contractions."""
_FIRST, _SECOND = (f"{spelling}|" for spelling in _CONTRACTIONS)
_LONE, _ONE = r"|\p{N}| ", r"|\p{N}{1,1}| "
"""Two spellings of one digit at a time."""


@dataclass(frozen=True, slots=True)
class PreTokenizer:
    """A rule that cuts text before bytes are merged, as llama.cpp has it compiled in."""

    pattern: str
    digits_first: bool = False
    """True where each digit is cut off before `pattern` cuts the rest."""
    ignores_merges: bool = False
    """True where a piece that is a token stays whole, whatever the merges make of it."""
    begins: bool = False
    """True where a text begins with `<s>` or its like unless the file says otherwise."""

    def definition(self) -> Definition:
        """Write `pre_tokenizer` of a tokenizer.json."""
        last: Definition = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
        if self.pattern == GPT2_PATTERN and not self.digits_first:
            return {**last, "use_regex": True}
        digits: Definition = {"type": "Digits", "individual_digits": True}
        split: Definition = {"type": "Split", "behavior": "Isolated", "invert": False}
        split["pattern"] = {"Regex": self.pattern}
        steps = [digits] if self.digits_first else [split]
        last["use_regex"] = self.digits_first
        return {"type": "Sequence", "pretokenizers": [*steps, last]}


_LLAMA3 = gpt4_pattern(3)
PRE_TOKENIZERS = {
    **dict.fromkeys(
        ("llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"),
        PreTokenizer(_LLAMA3, ignores_merges=True, begins=True),
    ),
    **dict.fromkeys(("dbrx", "smaug-bpe"), PreTokenizer(_LLAMA3)),
    **dict.fromkeys(
        ("qwen2", "deepseek-r1-qwen", "megrez", "stablelm2", "kormo", "f2llmv2"),
        PreTokenizer(gpt4_pattern(1)),
    ),
    **dict.fromkeys(
        ("gpt-2", "phi-2", "mpt", "olmo", "jais", "gigachat", "a.x-4.0", "mellum", "exaone4"),
        PreTokenizer(GPT2_PATTERN),
    ),
    **dict.fromkeys(
        ("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"),
        PreTokenizer(GPT2_PATTERN, digits_first=True),
    ),
    **dict.fromkeys(("gpt-4o", "llama4", "kanana2", "talkie"), PreTokenizer(O200K_PATTERN)),
    "tekken": PreTokenizer(TEKKEN_PATTERN, ignores_merges=True, begins=True),
}
"""llama.cpp's names of the rules that fledge has, too; the first of each is written."""
_NAMES = {
    **{
        (rule.pattern.replace(_LONE, _ONE), rule.ignores_merges): name
        for name, rule in reversed(PRE_TOKENIZERS.items())
        if not rule.digits_first
    },
    # Written so since before llama.cpp looked at the difference.
    (GPT2_PATTERN, True): "gpt-2",
    (O200K_PATTERN, True): "gpt-4o",
}


class TokenType(IntEnum):
    """`tokenizer.ggml.token_type`."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Values of the keys under `tokenizer.ggml`."""

    model: str
    pre: str
    tokens: list[str]
    types: list[int]
    merges: list[str]
    """Pairs to merge, of byte-level BPE only."""
    scores: list[float]
    """One for each token, of SentencePiece only."""
    adds_space: bool
    """Whether a text gets a space before it."""


def gguf_vocabulary(tokenizer: Tokenizer, size: int) -> Vocabulary:
    """Describe a tokenizer with `size` rows; rows that only the model has are unused tokens.

    Raises:
        TokenizerError: llama.cpp would give other ids.
    """
    definition = tokenizer.definition
    is_pieces = bool(definition["model"].get("byte_fallback"))
    pre = "default" if is_pieces else pre_tokenizer(definition)
    tokens = [tokenizer.token(i) or f"[UNUSED{i}]" for i in range(tokenizer.vocabulary_size)]
    tokens += [f"[PAD{i}]" for i in range(tokenizer.vocabulary_size, size)]
    return Vocabulary(
        model="llama" if is_pieces else "gpt2",
        pre=pre,
        tokens=tokens,
        types=_types(tokenizer, size),
        merges=[] if is_pieces else [" ".join(pair) for pair in merge_pairs(definition)],
        scores=_scores(definition, tokens) if is_pieces else [],
        adds_space=is_pieces and tokenizer.drops_first_space,
    )


def without_marks(template: str) -> str:
    """Replace `{% generation %}`, which only marks what is trained on, in a chat template.

    Blocks that are always true take its place, so the same blanks around them are stripped.
    """
    return re.sub(
        r"(\{%[-+]?\s*)(end)?generation(\s*[-+]?%\})",
        lambda tag: f"{tag[1]}{'endif' if tag[2] else 'if true'}{tag[3]}",
        template,
    )


def pre_tokenizer(definition: Definition) -> str:
    """Return llama.cpp's name of the pattern by which a byte-level tokenizer cuts text.

    Raises:
        TokenizerError: it has none.
    """
    _refuse_normaliser(definition)
    steps = definition.get("pre_tokenizer") or {"type": "none"}
    steps = steps["pretokenizers"] if steps["type"] == "Sequence" else [steps]
    kinds = [step["type"] for step in steps]
    if not kinds or kinds[-1] != "ByteLevel" or steps[-1].get("add_prefix_space"):
        raise _without_name(f"is cut by {', '.join(kinds)}")
    if steps[-1].get("use_regex", True):
        if kinds == ["ByteLevel"]:
            return "gpt-2"
        if kinds == ["Digits", "ByteLevel"] and steps[0]["individual_digits"]:
            return "smollm"
    elif kinds == ["Split", "ByteLevel"] and "Regex" in steps[0]["pattern"]:
        pattern = steps[0]["pattern"]["Regex"].replace(_FIRST, _SECOND).replace(_LONE, _ONE)
        name = _NAMES.get((pattern, bool(definition["model"].get("ignore_merges"))))
        if name is not None:
            return name
        raise _without_name(f"cuts text by the pattern {steps[0]['pattern']['Regex']}")
    raise _without_name(f"is cut by {', '.join(kinds)}")


def _refuse_normaliser(definition: Definition) -> None:
    normaliser = definition.get("normalizer")
    # NFC is left out by everyone who exports a Qwen: text is nearly always in that form.
    steps = [] if normaliser is None else normaliser.get("normalizers", [normaliser])
    kinds = [step["type"] for step in steps]
    if set(kinds) - {"NFC"}:
        raise _without_name(f"normalises text by {', '.join(kinds)}")


def _without_name(what: str) -> TokenizerError:
    return TokenizerError(
        f"the tokenizer {what}, which GGUF has no name for: llama.cpp would give other ids. It "
        "knows GPT-2's, Llama 3's, Qwen2's and SmolLM's patterns and SentencePiece; of those that "
        "`fledge tokenizer train` makes, --pattern gpt2, or fewer than 8,192 tokens"
    )


def _types(tokenizer: Tokenizer, size: int) -> list[int]:
    types = [TokenType.NORMAL] * tokenizer.vocabulary_size
    for token_id in range(len(types)):
        if not tokenizer.token(token_id):
            types[token_id] = TokenType.UNUSED
    if tokenizer.definition["model"].get("byte_fallback"):
        known = all_tokens(tokenizer.definition)
        for byte in range(256):
            types[known[f"<0x{byte:02X}>"]] = TokenType.BYTE
    for token in tokenizer.definition["added_tokens"]:
        kind = TokenType.CONTROL if token["special"] else TokenType.USER_DEFINED
        types[token["id"]] = kind
    unknown = tokenizer.special_texts.get(tokenizer.definition["model"].get("unk_token") or "")
    if unknown is not None:
        types[unknown] = TokenType.UNKNOWN
    types += [TokenType.UNUSED] * (size - len(types))
    return [int(kind) for kind in types]


def _scores(definition: Definition, tokens: list[str]) -> list[float]:
    """Return minus the rank of each piece's merge: SentencePiece merges the highest first."""
    ranks: dict[str, int] = {}
    pairs = merge_pairs(definition)
    for rank, (left, right) in enumerate(pairs):
        ranks.setdefault(left + right, rank)
    return [-float(ranks.get(token, len(pairs))) for token in tokens]
