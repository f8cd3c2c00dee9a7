import logging

import pytest

from fledge.data.folders import open_folder
from fledge.data.sources import read_records, read_texts, source_hashes
from fledge.errors import DataError


def texts(path):
    return list(read_texts(path))


def test_a_clone_of_the_hub_is_its_data_and_not_its_readme(write, tmp_path, caplog):
    write("clone/README.md", "# Sea stories\n")
    write("clone/LICENSE.txt", "MIT\n")
    write("clone/.gitattributes", "*.parquet filter=lfs\n")
    write("clone/.git/notes.txt", "hidden\n")
    write("clone/.cache/huggingface/a.jsonl", {"text": "hidden"})
    write("clone/dataset_infos.json", {"default": {}})
    write("clone/data/train.jsonl", {"text": "The sea."}, {"text": "A ship."})
    with caplog.at_level(logging.WARNING):
        assert texts(tmp_path / "clone") == ["The sea.", "A ship."]
    assert "leaving out LICENSE.txt, README.md, dataset_infos.json" in caplog.text
    assert list(source_hashes([str(tmp_path / "clone")])) == [
        str(tmp_path / "clone/data/train.jsonl")
    ]


def test_a_readme_is_no_text_beside_texts_of_another_kind(write, tmp_path):
    write("clone/README.md", "about")
    write("clone/LICENSE.md", "MIT")
    write("clone/books/one.txt", "once")
    assert texts(tmp_path / "clone") == ["once"]


def test_a_readme_among_markdown_pages_is_a_page(write, tmp_path):
    write("docs/README.md", "start here")
    write("docs/LICENSE.md", "MIT")
    write("docs/guide.md", "a guide")
    assert texts(tmp_path / "docs") == ["start here", "a guide"]


def test_a_folder_with_only_a_readme_is_that_text(write, tmp_path):
    write("one/README.md", "all there is")
    assert texts(tmp_path / "one") == ["all there is"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "deep/a.csv", "a.parquet"])
def test_texts_beside_records_are_refused_by_both_names(write, tmp_path, name):
    write("mixed/book.txt", "a book")
    write(f"mixed/{name}", b"{}")
    with pytest.raises(DataError, match=rf"both texts, book\.txt, and record files, {name};"):
        list(read_records(tmp_path / "mixed"))


@pytest.mark.parametrize("name", ["a.txt.gz", "b.jsonl.zst", "c.zip", "d.tar", "e.arrow"])
def test_packed_files_beside_readable_ones_are_refused(write, tmp_path, name):
    write("mixed/book.txt", "a book")
    write(f"mixed/{name}", b"\x1f\x8b")
    with pytest.raises(DataError, match=rf"book\.txt can be read, but {name} cannot; unpack"):
        texts(tmp_path / "mixed")


def test_packed_files_beside_a_readme_are_not_hidden_by_it(write, tmp_path):
    write("clone/README.md", "about")
    write("clone/data/train.txt.gz", b"\x1f\x8b")
    with pytest.raises(DataError, match=r"found \.gz, \.md; unpack data/train\.txt\.gz first"):
        texts(tmp_path / "clone")


def test_a_packed_file_by_its_own_name_is_refused_with_advice(write):
    with pytest.raises(DataError, match=r"unknown kind of file '\.gz'.*unpack it first"):
        texts(write("book.txt.gz", b"\x1f\x8b"))


def test_a_warning_names_every_file_that_is_not_read(write, tmp_path, caplog):
    write("books/a.txt", "read")
    write("books/books", "../elsewhere")
    for number in range(4):
        write(f"books/images/{number}.png", b"\x89PNG")
    with caplog.at_level(logging.WARNING):
        assert texts(tmp_path / "books") == ["read"]
    assert (
        "reading 1 file (.txt), leaving out books, images/0.png, images/1.png and 2 more (.png)"
        in caplog.text
    )


def test_nothing_is_said_of_a_folder_that_is_read_whole(write, tmp_path, caplog):
    write("books/a.txt", "read")
    assert texts(tmp_path / "books") == ["read"]
    assert not caplog.records


def test_linked_folders_are_read_and_named_within_the_folder(write, tmp_path):
    write("elsewhere/book.txt", "linked")
    write("links/x.txt", "here")
    (tmp_path / "links/books").symlink_to("../elsewhere")
    assert texts(tmp_path / "links") == ["linked", "here"]
    (tmp_path / "link").symlink_to("links")
    assert texts(tmp_path / "link") == ["linked", "here"]


def test_links_in_a_circle_end_and_two_ways_to_a_file_are_one(write, tmp_path):
    write("links/x.txt", "here")
    write("beside/y.txt", "not asked for")
    for name, target in (("self", "."), ("up", ".."), ("a/b/back", "../.."), ("again", "a")):
        place = tmp_path / "links" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)
    (tmp_path / "links/z.txt").symlink_to("x.txt")
    assert texts(tmp_path / "links") == ["here"]


def test_a_snapshot_of_links_to_blobs_is_read(write, tmp_path):
    write("blobs/0a1b", b'{"text": "from the cache"}\n')
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot/train.jsonl").symlink_to("../blobs/0a1b")
    assert texts(tmp_path / "snapshot") == ["from the cache"]


def test_a_link_to_nothing_is_named(write, tmp_path):
    write("links/x.txt", "here")
    (tmp_path / "links/books").symlink_to("../gone")
    with pytest.raises(DataError, match=r"links/books: a link to \.\./gone, where nothing is"):
        texts(tmp_path / "links")


def test_parts_for_a_test_are_read_with_a_warning(write, tmp_path):
    write("clone/train-00000-of-00001.jsonl", {"text": "a"})
    write("clone/test/a.jsonl", {"text": "b"})
    remarks = open_folder(tmp_path / "clone").remarks()
    assert len(remarks) == 1 and "files named test are read as well" in remarks[0]


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_a_pointer_of_git_lfs_is_no_text(write, name):
    content = b"version https://git-lfs.github.com/spec/v1\noid sha256:0a\nsize 12\n"
    with pytest.raises(DataError, match=r"only a pointer of Git LFS.*git lfs pull"):
        list(read_records(write(name, content)))
