"""Headers made to take the time or the memory of the reader, or damaged: an error that says so."""

import random
import resource
import struct
import subprocess
import sys
import time
from pathlib import Path

import gguf
import numpy as np
import pytest

from checkpoint.gguf.gguf_files import random_model, text, write_gguf
from fledge.checkpoint.gguf.header import KINDS, read_header
from fledge.checkpoint.gguf.import_file import import_gguf
from fledge.errors import CheckpointError, FledgeError

MOST_SECONDS = 10
BIG = (2**31, 2**32 - 1, 2**40, 2**63, 2**64 - 1)


def start(tensors: int = 0, entries: int = 0, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, entries)


def entry(name: str, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


def tensor(name: str, sizes: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    numbers = struct.pack(f"<{len(sizes)}Q", *sizes)
    return text(name) + struct.pack("<I", len(sizes)) + numbers + struct.pack("<IQ", kind, offset)


def refused(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    before = time.thread_time()
    with pytest.raises(CheckpointError, match=message) as caught:
        read_header(path)
    assert time.thread_time() - before < MOST_SECONDS
    assert str(caught.value).startswith(str(path)) and len(str(caught.value)) < 1000


def test_the_formats_are_those_of_the_package():
    for number, kind in KINDS.items():
        theirs = gguf.GGMLQuantizationType(number)
        assert theirs.name == kind.name
        assert gguf.GGML_QUANT_SIZES[theirs] == (kind.numbers, kind.size)


def test_metadata_of_every_type_and_places_are_read(tmp_path):
    path = tmp_path / "model.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint8("a.u8", 200)
    writer.add_int8("a.i8", -3)
    writer.add_uint16("a.u16", 60_000)
    writer.add_int16("a.i16", -300)
    writer.add_uint32("a.u32", 2**31)
    writer.add_int32("a.i32", -70_000)
    writer.add_float32("a.f32", 0.5)
    writer.add_bool("a.bool", True)
    writer.add_string("a.text", "é▁ß")
    writer.add_uint64("a.u64", 2**63)
    writer.add_int64("a.i64", -(2**40))
    writer.add_float64("a.f64", 1e300)
    writer.add_array("a.texts", ["a", "", "ü"])
    writer.add_array("a.numbers", [1, -2, 3])
    writer.add_array("a.bools", [True, False])
    writer.add_custom_alignment(64)
    writer.add_tensor("one", np.arange(6, dtype="f4").reshape(2, 3))
    writer.add_tensor("two", np.arange(4, dtype="f2"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    header = read_header(path)
    expected = {
        "a.u8": 200,
        "a.i8": -3,
        "a.u16": 60_000,
        "a.i16": -300,
        "a.u32": 2**31,
        "a.i32": -70_000,
        "a.f32": 0.5,
        "a.bool": True,
        "a.text": "é▁ß",
        "a.u64": 2**63,
        "a.i64": -(2**40),
        "a.f64": 1e300,
        "a.texts": ["a", "", "ü"],
    }
    assert {name: header.metadata[name] for name in expected} == expected
    assert header.metadata["a.bool"] is True
    assert header.metadata["a.numbers"].tolist() == [1, -2, 3]
    reader = gguf.GGUFReader(path)
    for theirs in reader.tensors:
        place = header.places[theirs.name]
        assert place.offset == theirs.data_offset and place.offset % 64 == 0
        assert place.num_bytes == theirs.n_bytes
        assert list(place.shape) == list(theirs.shape)[::-1]


@pytest.mark.parametrize("version", [2, 3])
def test_versions_two_and_three_are_one_format(tmp_path, version):
    path = tmp_path / "model.gguf"
    content = start(1, 1, version) + entry("a", 4, struct.pack("<I", 7)) + tensor("x", (2, 3))
    path.write_bytes(content.ljust(-(-len(content) // 32) * 32) + bytes(24))
    header = read_header(path)
    assert header.metadata == {"a": 7} and header.places["x"].shape == (3, 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a GGUF file"),
        (b"GG", "not a GGUF file"),
        (b"PK\x03\x04" + bytes(40), "not a GGUF file, which begins with the letters GGUF"),
        (b"<html>Not found</html>", "an error page may have been saved in its place"),
        (start(version=1), "GGUF of version 1; fledge reads versions 2 and 3.*newer file"),
        (start(version=9), "GGUF of version 9"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian machine.*gguf-convert-endian"),
        (start()[:-3], "number of entries of metadata would end at byte 24 of a file of 21"),
        (start(0, 1) + entry("a", 13, bytes(8)), "'a' has the unknown type 13"),
        (start(0, 1) + entry("a", 9, struct.pack("<IQ", 9, 1)) + bytes(20), "array of the type 9"),
        (start(0, 1) + entry("a", 9, struct.pack("<IQ", 77, 1)) + bytes(9), "array of the type 77"),
        (start(0, 1) + entry("a", 8, struct.pack("<Q", 1) + b"\xff") + bytes(9), "no UTF-8 text"),
        (start(0, 2) + entry("a", 4, bytes(4)) * 2, "'a' is in the metadata twice"),
        (
            start(2) + tensor("x", (1,)) + tensor("x", (1,), 0, 32) + bytes(99),
            "tensor x is there",
        ),
        (start(1) + tensor("x", (1,) * 5) + bytes(64), "x has 5 dimensions, expected 1 to 4"),
        (start(1) + text("x") + struct.pack("<I", 0) + bytes(64), "0 dimensions"),
        (start(1) + tensor("x", (0, 3)) + bytes(64), "the sizes 0, 3; expected numbers above 0"),
        (
            start(1) + tensor("x", (33, 2), 8) + bytes(99),
            "33, 2; .*a multiple of 32, as Q8_0",
        ),
        (start(1) + tensor("x", (128, 2), 14) + bytes(999), "first a multiple of 256, as Q6_K"),
        (
            start(1) + tensor("x", (256,), 16) + bytes(999),
            "tensor x is stored as IQ2_XXS;",
        ),
        (start(1) + tensor("x", (256,), 4) + bytes(999), "stored as the unknown type 4"),
        (start(1) + tensor("x", (256,), 2**31) + bytes(999), "the unknown type 2147483648"),
        (start(1) + tensor("x", (2**63, 2**62)) + bytes(64), "without tensor x; copy it again"),
        (start(1) + tensor("x", (64,), 0, 2**63) + bytes(999), "without tensor x; copy it again"),
        (start(1) + tensor("x", (64,)) + bytes(90), "cut off or damaged: .* without tensor x"),
        (
            start(2) + tensor("x", (64,)) + tensor("y", (64,), 0, 32) + bytes(999),
            "numbers of tensor y begin within those of tensor x",
        ),
        (
            start(2) + tensor("x", (64,)) + tensor("y", (64,)) + bytes(999),
            "begin within those of tensor",
        ),
        (start(0, 1) + entry("general.alignment", 4, struct.pack("<I", 0)), "alignment' is 0"),
        (start(0, 1) + entry("general.alignment", 4, struct.pack("<I", 48)), "a power of 2"),
        (start(0, 1) + entry("general.alignment", 4, struct.pack("<I", 2**31)), "a power of 2"),
        (start(0, 1) + entry("general.alignment", 7, b"\1"), "alignment' is True"),
    ],
)
def test_damage_is_named(tmp_path, content, message):
    refused(tmp_path / "model.gguf", content, message)


@pytest.mark.parametrize("count", BIG)
def test_absurd_counts_and_lengths_are_refused_at_once(tmp_path, count):
    """The file is sparse: as long as it says, and nothing in it."""
    path, length = tmp_path / "model.gguf", struct.pack("<Q", count)
    for content in (
        start(count),
        start(0, count),
        start(0, 1) + length,
        start(0, 1) + entry("a", 8, length),
        *(start(0, 1) + entry("a", 9, struct.pack("<I", kind) + length) for kind in range(9)),
        start(0, 1) + entry("a", 9, struct.pack("<I", 8) + struct.pack("<QQ", 1, count)),
        start(1) + length,
        start(1) + text("x") + struct.pack("<I", count % 2**32),
    ):
        refused(path, content, "cut off or damaged|model.gguf: tensor x has")
        with path.open("r+b") as file:
            file.truncate(2**36)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(CheckpointError, match=r"cut off or damaged|beyond the header"):
            read_header(path)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # KiB
    path.unlink()


def test_absurd_sizes_take_no_memory(tmp_path):
    """In a process that may take half a gigabyte more than it has, and no more."""
    path = tmp_path / "model.gguf"
    content = start(1, 1) + entry("a", 9, struct.pack("<IQ", 8, 2**62)) + tensor("x", (2**40,))
    path.write_bytes(content)
    program = (
        "import resource, sys; from pathlib import Path;"
        "from fledge.checkpoint.gguf.import_file import import_gguf;"
        "size = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize();"
        "resource.setrlimit(resource.RLIMIT_AS, (size + 2**29, size + 2**29));"
        "import_gguf(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", program, path, tmp_path / "out"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert "texts of 'a' do not fit into a file" in result.stderr, result.stderr


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / "model.gguf"
    return write_gguf(path, "llama", random_model("llama"), "Q4_0").read_bytes()


def test_files_cut_off_anywhere_are_refused(whole, tmp_path):
    path = tmp_path / "model.gguf"
    cuts = {*range(0, 400, 7), *(len(whole) * n // 61 for n in range(61)), len(whole) - 1}
    for cut in sorted(cuts):
        refused(path, whole[:cut], "not a GGUF file|cut off or damaged")


def test_flipped_bytes_never_give_another_error(whole, tmp_path):
    """Damage in the header is refused, or changes nothing that is computed."""
    path, generator = tmp_path / "model.gguf", random.Random(0)
    header = len(whole) - sum(place.num_bytes for place in _places(whole, tmp_path).values())
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(generator.randrange(1, 4)):
            broken[generator.randrange(header)] = generator.randrange(256)
        path.write_bytes(bytes(broken))
        before = time.thread_time()
        try:
            import_gguf(path, tmp_path / "out")
        except FledgeError as error:
            assert "model.gguf" in str(error) and len(str(error)) < 2000
        else:
            for left in (tmp_path / "out").iterdir():
                left.unlink()
        assert time.thread_time() - before < MOST_SECONDS


def _places(content: bytes, directory: Path):
    (directory / "whole.gguf").write_bytes(content)
    return read_header(directory / "whole.gguf").places
