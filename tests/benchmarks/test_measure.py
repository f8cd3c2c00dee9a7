from _measure import Row, interleaved, peak_resident, print_table


def test_programs_take_turns_and_the_machine_is_looked_at_between_rounds():
    order = []
    programs = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    rows = interleaved("task", programs, 1, 2, lambda: order.append("look"))
    assert "".join(order) == "ab" + "lookab" * 2
    assert [len(row.seconds) for row in rows] == [2, 2]


def test_the_memory_of_a_process_that_is_gone_is_unknown():
    assert peak_resident(2**22 + 1) is None


def test_a_table_compares_medians_with_the_peer_and_shows_what_is_known(capsys):
    rows = [
        Row("5M", "fledge", [2.0, 4.0, 3.0], 600, memory=3 * 2**20),
        Row("5M", "peer", [6.0], 600),
        Row("15M", "fledge", [0.5], 1),
    ]
    print_table(rows, "tokens", {"5M": "peer"}, lambda row: {"first": row.name[0]})
    assert capsys.readouterr().out.splitlines()[1:] == [
        "| task | program | median s | best s | tokens/s | n | ratio | MiB | first |",
        "|---|---|---|---|---|---|---|---|---|",
        "| 5M | fledge | 3.000 | 2.000 | 200 | 3 | 2.00 | 3 | f |",
        "| 5M | peer | 6.000 | 6.000 | 100 | 1 | 1.00 | – | p |",
        "| 15M | fledge | 0.500 | 0.500 | 2.00 | 1 | – | – | f |",
    ]
