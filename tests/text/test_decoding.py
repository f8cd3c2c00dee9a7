import pytest

from fledge.errors import DataError
from fledge.text.decoding import decode, lines_of

SEPARATORS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


def refusal(content: bytes) -> str:
    with pytest.raises(DataError) as caught:
        decode(content, "folder/book.txt")
    return str(caught.value)


def test_utf8_with_and_without_a_mark_is_text():
    assert decode("déjà vu 🙂\r\n".encode(), "a") == "déjà vu 🙂\r\n"
    assert decode(b"\xef\xbb\xbfone", "a") == "one"
    assert decode(b"", "a") == ""


@pytest.mark.parametrize(
    ("codec", "title", "command"),
    [
        ("utf-16", "UTF-16", "utf-16"),
        ("utf-32", "UTF-32", "utf-32"),
        ("utf-16-le", "UTF-16", "utf-16le"),
        ("utf-16-be", "UTF-16", "utf-16be"),
        ("utf-32-le", "UTF-32", "utf-32le"),
        ("utf-32-be", "UTF-32", "utf-32be"),
    ],
)
@pytest.mark.parametrize("text", ["book one\n", "Это книга, and more of it\n" * 20])
def test_wide_encodings_are_told_with_and_without_a_mark(codec, title, command, text):
    message = refusal(text.encode(codec))
    assert f"looks like {title}: iconv -f {command} -t utf-8 book.txt > book.utf8.txt" in message
    assert text.encode(codec).decode(command) == text


@pytest.mark.parametrize("mark", [b"\xfe\xff", b"\x00\x00\xfe\xff"])
def test_marks_of_big_endian_files_are_known(mark):
    codec = "utf-16-be" if len(mark) == 2 else "utf-32-be"
    assert "looks like UTF-" in refusal(mark + "book".encode(codec))


def test_western_bytes_are_taken_for_windows_1252():
    message = refusal("“Café” costs 5 €, he said. ".encode("cp1252") * 5)
    assert "byte 0x93 at position 0; it looks like Windows-1252" in message
    assert "iconv -f cp1252 -t utf-8 book.txt > book.utf8.txt" in message


@pytest.mark.parametrize("codec", ["cp1251", "koi8-r", "shift_jis", "gb18030"])
def test_other_scripts_are_not_taken_for_western_ones(codec):
    text = "これは本です" if codec in ("shift_jis", "gb18030") else "Это книга о море"
    message = refusal((text * 10).encode(codec))
    assert "find out which encoding" in message and "iconv -f ENCODING" in message


def test_one_bad_byte_in_utf8_is_not_converted_as_a_whole():
    message = refusal(("déjà vu, naïve café " * 5).encode() + b"caf\xe9 " + "déjà".encode())
    assert "most of it is UTF-8" in message and "iconv -c -f utf-8 -t utf-8 book.txt" in message


def test_nul_bytes_are_no_text():
    message = refusal(b"some text \x00 and more")
    assert "found a NUL byte at position 10" in message and "tr -d '\\000' < book.txt" in message


def test_a_name_is_quoted_for_the_shell_and_a_pipe_has_none():
    with pytest.raises(DataError, match=r"utf-8 'my book\.txt' > 'my book\.utf8\.txt'"):
        decode(b"\xff\xfea\0", "my book.txt")
    with pytest.raises(DataError, match=r"iconv -f utf-16 -t utf-8 converts it"):
        decode(b"\xff\xfea\0", "standard input, line 3")


def test_lines_end_at_line_feeds_alone():
    inner = "".join(f"a{separator}b " for separator in SEPARATORS)
    assert lines_of(f"{inner}\nnext\r\nlast") == [inner, "next", "last"]
    assert lines_of("a\n\n") == ["a", ""]
    assert lines_of("") == []
