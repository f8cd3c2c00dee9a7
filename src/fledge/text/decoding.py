"""Bytes of a text file as text: UTF-8 only, with the command that converts anything else."""

import re
from pathlib import PurePath
from shlex import quote

from fledge.errors import DataError

UTF8_MARK = b"\xef\xbb\xbf"
STANDARD_INPUT = "standard input"
"""Name of a pipe in errors: a command for it names no files."""
_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32", "utf-32"),
    (b"\x00\x00\xfe\xff", "UTF-32", "utf-32"),
    (b"\xff\xfe", "UTF-16", "utf-16"),
    (b"\xfe\xff", "UTF-16", "utf-16"),
)
"""Byte order marks, with the encoding's name for people and for iconv; the longest come first."""
_LFS = b"version https://git-lfs.github.com/spec/"

SAMPLE = 2**16
"""Bytes from which an encoding is guessed."""
_LINE_END = re.compile(r"\r?\n")


def decode(content: bytes, name: str) -> str:
    """Return UTF-8 `content` as text, without a byte order mark; `name` is the file's, for errors.

    Raises:
        DataError: it is in another encoding, damaged, holds NUL, or is a pointer of Git LFS.
    """
    refuse_foreign(content[:SAMPLE], name)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(not_utf8(content, name, error.start)) from error
    if "\0" in text:
        raise DataError(_holds_nul(content, name))
    return text.removeprefix("\ufeff")


def refuse_foreign(start: bytes, name: str) -> None:
    """Refuse a file that begins as UTF-16, as UTF-32 or as a pointer of Git LFS does.

    Raises:
        DataError: it does; the message has the command to run.
    """
    if start.startswith(_LFS):
        raise DataError(
            f"{name}: only a pointer of Git LFS, not the file itself; fetch it with: git lfs pull"
        )
    if (wide := _wide(start)) is not None:
        title, codec = wide
        raise DataError(
            f"{name}: expected UTF-8, but it looks like {title}: {_conversion(codec, name)} "
            "converts it"
        )


def not_utf8(content: bytes, name: str, position: int, offset: int = 0) -> str:
    """Describe the byte of `content` at `position`, where UTF-8 ends, and tell what to do.

    `offset` is the place of `content` in the file.
    """
    where = f"byte 0x{content[position]:02x} at position {offset + position:,}"
    return f"{name}: not UTF-8: {where}; {conversion_advice(content, name, position)}"


def conversion_advice(content: bytes, name: str, position: int) -> str:
    """Tell how to convert `content`, which is no UTF-8 from `position` on."""
    sample = content[max(0, position - SAMPLE) : position + SAMPLE]
    text = sample.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    whole = sum(character > "\x7f" for character in text) - broken
    if whole > broken:
        return (
            "most of it is UTF-8, so this place is damaged or from another file: mend it, or drop "
            f"such bytes with: iconv -c -f utf-8 -t utf-8{_files(name)}"
        )
    high = sum(byte > 0x7F for byte in sample)
    if high * 4 > len(sample) or any(byte in sample for byte in b"\x81\x8d\x8f\x90\x9d"):
        return (
            "find out which encoding it has (`file -i` or `uchardet` guess), then convert it: "
            + _conversion("ENCODING", name)
        )
    return f"it looks like Windows-1252; convert it first: {_conversion('cp1252', name)}"


def lines_of(text: str) -> list[str]:
    r"""Split at `\n` and `\r\n` alone, without these ends.

    `str.splitlines` would also cut at separators inside a sentence, such as U+2028 or a lone `\r`.
    """
    lines = _LINE_END.split(text)
    return lines[:-1] if lines[-1] == "" else lines


def _wide(start: bytes) -> tuple[str, str] | None:
    """Name an encoding of two or four bytes a character by its mark, or by where its NULs are."""
    for mark, title, codec in _MARKS:
        if start.startswith(mark):
            return title, codec
    if b"\0" not in start or len(start) < 4:
        return None
    nuls = [start[place::4].count(0) / max(1, len(start[place::4])) for place in range(4)]
    if min(nuls[2], nuls[3]) > 0.9 and nuls[0] < 0.1:
        return "UTF-32", "utf-32le"
    if min(nuls[0], nuls[1]) > 0.9 and nuls[3] < 0.1:
        return "UTF-32", "utf-32be"
    even, odd = start[::2].count(0), start[1::2].count(0)
    if _is_every_other(odd, even, len(start)):
        return "UTF-16", "utf-16le"
    if _is_every_other(even, odd, len(start)):
        return "UTF-16", "utf-16be"
    return None


def _is_every_other(many: int, few: int, size: int) -> bool:
    """Return whether NULs are where UTF-16 has them: often, or at least at spaces."""
    return few * 20 < many and many * (50 if many > 2 else 8) > size


def _holds_nul(content: bytes, name: str) -> str:
    return (
        f"{name}: expected text, found a NUL byte at position {content.index(0):,}, as binary "
        f"files have; if it is text, drop them with: tr -d '\\000'{_files(name, '< ')}"
    )


def _conversion(codec: str, name: str) -> str:
    return f"iconv -f {codec} -t utf-8{_files(name)}"


def _files(name: str, before: str = "") -> str:
    """Return the rest of a shell command, from the file to a new one beside it."""
    if name.startswith(STANDARD_INPUT):
        return ""
    path = PurePath(name)
    return f" {before}{quote(path.name)} > {quote(f'{path.stem}.utf8{path.suffix}')}"
