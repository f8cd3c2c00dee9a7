"""SFT with plain text beside the demonstrations: it fills their rows, and its files are noted."""

import pytest

from fledge.data.plain_text import plain_text
from fledge.errors import DataError
from fledge.runtime import Runtime, RuntimeConfig
from fledge.stages.sft import SFT, SFTConfig
from fledge.train.stage import BatchConfig, StageContext
from raised import FLOAT32, raise_model


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return raise_model(tmp_path_factory.mktemp("raised"))


@pytest.fixture
def story(tmp_path):
    path = tmp_path / "story.txt"
    path.write_text("The tide comes in twice a day, because the moon pulls. " * 20)
    return path


def stage_of(files, tmp_path, *texts):
    config = SFTConfig(
        model=files["policy"],
        demonstrations=tuple(files["demonstrations"]),
        texts=tuple(map(str, texts)),
        held_out_fraction=0.25,
    )
    runtime = Runtime.start(RuntimeConfig(**FLOAT32))
    return SFT.build(config, StageContext(tmp_path, 3, BatchConfig(examples=4), runtime, None))


def test_every_token_of_the_text_is_learned_beside_the_chats(files, story, tmp_path):
    plain, mixed = stage_of(files, tmp_path), stage_of(files, tmp_path, story)
    tokenizer = mixed.loaded.tokenizer
    learned = [int(stage.rows.batch.loss_mask.sum()) for stage in (plain, mixed)]
    assert learned[1] - learned[0] == len(tokenizer.encode_document(story.read_text()))
    assert mixed.demonstrations.held_out == plain.demonstrations.held_out


def test_short_pieces_share_rows_with_chats(files, tmp_path):
    line = tmp_path / "line.txt"
    line.write_text("The moon pulls.")
    plain, mixed = stage_of(files, tmp_path), stage_of(files, tmp_path, line)
    (piece,) = plain_text([line], mixed.loaded.tokenizer, mixed.length)
    room = (plain.rows.batch.segments == 0).sum(dim=1).max()
    assert len(piece.ids) - 1 <= int(room), "the chats leave room for it"
    assert len(mixed.rows) == len(plain.rows)


def test_its_files_are_noted(files, story, tmp_path):
    assert str(story) in stage_of(files, tmp_path, story).sources().data
    assert str(story) not in stage_of(files, tmp_path).sources().data


def test_a_missing_text_is_told_by_name(files, tmp_path):
    with pytest.raises(DataError, match="missing"):
        stage_of(files, tmp_path, tmp_path / "missing.txt")
