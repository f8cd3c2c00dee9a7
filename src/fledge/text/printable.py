"""Make text safe to print: a terminal shows it and does not obey it."""

CONTROLS = {code: None for code in (*range(9), *range(11, 32), *range(127, 160))}
"""Control characters but tab and newline: a model may write escape sequences."""

_SPELLED = {code: f"\\x{code:02x}" for code in CONTROLS}


def printable(text: str) -> str:
    """Drop the control characters that a terminal would obey."""
    return text.translate(CONTROLS)


def spelled(text: str) -> str:
    r"""Write those control characters out, as `\x1b`."""
    return text.translate(_SPELLED)
