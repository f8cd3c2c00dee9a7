from fledge.files import file_hash


def test_file_hash_is_sha256(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert file_hash(tmp_path / "file").startswith("ba7816bf8f01cfea")
