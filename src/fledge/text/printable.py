"""Text that a terminal shows and does not obey."""

CONTROLS = {code: None for code in (*range(9), *range(11, 32), *range(127, 160))}
"""All but tab and newline: a model may write escape sequences."""

_SPELLED = {code: f"\\x{code:02x}" for code in CONTROLS}


def printable(text: str) -> str:
    """`text` without the control characters that a terminal would obey."""
    return text.translate(CONTROLS)


def spelled(text: str) -> str:
    r"""`text` with those control characters written out, as `\x1b`."""
    return text.translate(_SPELLED)
