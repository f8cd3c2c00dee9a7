from fledge.text.printable import printable, spelled

HOSTILE = "a\x1b[31mb\x07\x9bc\x7f\t\n\r"


def test_only_tab_and_newline_pass() -> None:
    assert printable(HOSTILE) == "a[31mbc\t\n"


def test_controls_can_be_shown_instead() -> None:
    assert spelled(HOSTILE) == r"a\x1b[31mb\x07\x9bc\x7f" + "\t\n" + r"\x0d"
