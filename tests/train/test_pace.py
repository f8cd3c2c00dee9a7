"""The pace of a run, and the number of threads that follows from it."""

import json
import shutil

import pytest
import torch

from fledge.checkpoint.directory import latest
from fledge.checkpoint.lineage import read_lineage
from fledge.data.batch import ComparisonBatch
from fledge.runtime import RuntimeConfig
from fledge.runtime.threads import Threads
from fledge.train.pace import SECONDS_BETWEEN, places
from fledge.train.progress import SilentProgress
from train.toys import Toy, digest, plan, train

BUSY = "other programs keep the machine busy: going on with 1 of 2 threads"
FREE = "the machine is less busy again: going on with 2 of 2 threads"


class Machine:
    """Two cores, a clock that only steps move, and other programs that come and go."""

    def __init__(self):
        self.now = 0.0
        self.is_busy = False
        self.measured = 0
        self.used = []
        self.threads = Threads([2, 1], self.probe, use=self.used.append)

    def probe(self, numbers, width):
        assert (numbers, width) == ((2, 1), 16)
        self.measured += 1
        return {2: 0.2, 1: 4.0} if self.is_busy else {2: 7.0, 1: 4.0}

    def step(self):
        """Two threads wait for each other where others are at work."""
        alone = 2.0 if self.threads.number == 1 else 1.0
        self.now += 30.0 if self.is_busy and self.threads.number == 2 else alone


class Timed(Toy):
    """A toy whose steps take a machine's time; others are at work in the steps `busy`, from 1."""

    def __init__(self, machine, busy=()):
        super().__init__()
        self.machine, self.busy = machine, busy
        machine.is_busy = 1 in busy

    def loss(self, batch):
        self.machine.is_busy = self.step in self.busy
        self.machine.step()
        return super().loss(batch)


def told(output, stage, **settings):
    """Train; return what the user was told, and the numbers of threads in the lineage."""
    said, progress, machine = [], SilentProgress(), stage.machine
    progress.note = said.append
    train(stage, plan(output, **settings), progress, machine.threads, lambda: machine.now)
    return said, read_lineage(latest(output)).threads


def test_a_machine_that_stays_free_is_measured_once_and_nothing_is_said(tmp_path):
    machine = Machine()
    said, numbers = told(tmp_path, Timed(machine), steps=60)
    assert (said, numbers, machine.measured) == ([], {0: 2}, 1)


def test_a_run_that_begins_on_a_busy_machine_says_how_many_threads_it_takes(tmp_path):
    machine = Machine()
    said, numbers = told(tmp_path, Timed(machine, range(100)), steps=4)
    assert len(said) == 1 and said[0].startswith("beginning with 1 of 2 threads: ")
    assert numbers == {0: 1}


def test_steps_that_become_slow_go_on_with_fewer_threads_and_come_back(tmp_path):
    machine = Machine()
    said, numbers = told(tmp_path, Timed(machine, range(30, 50)), steps=80)
    assert said == [BUSY, FREE]
    fewer, more = [step for step in numbers if step]
    # The median of three is slow with the second.
    assert numbers == {0: 2, fewer: 1, more: 2}
    assert fewer == 31 and 50 <= more <= 50 + SECONDS_BETWEEN / 2
    assert machine.used[-2:] == [1, 2]


def test_a_change_is_said_once_however_often_it_happens(tmp_path):
    machine = Machine()
    busy = [*range(30, 50), *range(90, 120)]
    said, numbers = told(tmp_path, Timed(machine, busy), steps=160)
    assert said == [BUSY, FREE]
    assert list(numbers.values()) == [2, 1, 2, 1, 2]


def test_a_measurement_is_not_repeated_before_its_time(tmp_path):
    machine = Machine()

    def two_are_fastest(*_):
        machine.measured += 1
        return {2: 7.0, 1: 4.0}

    # Slow for another reason: no other number is faster, however often they are measured.
    machine.threads = Threads([2, 1], two_are_fastest, use=machine.used.append)
    stage = Timed(machine, range(30, 40))
    said, numbers = told(tmp_path, stage, steps=50)
    assert (said, numbers) == ([], {0: 2})
    assert machine.measured - 1 <= machine.now / SECONDS_BETWEEN
    assert machine.measured == 1 + 4  # after step 31, and after every third


def test_the_uneven_time_around_steps_is_none_of_their_own(tmp_path):
    """As in PPO: a rollout before every fourth step, a measurement after it; and saving."""
    machine = Machine()

    class Uneven(Timed):
        def batches(self):
            for number, batch in enumerate(super().batches()):
                machine.now += 300.0 if number % 4 == 0 else 0.0
                yield batch

        def on_step(self, metrics):
            machine.now += 100.0 if self.step % 4 == 0 else 0.0

        def evaluate(self):
            machine.now += 500.0
            return super().evaluate()

        def save_model(self, directory):
            machine.now += 200.0
            super().save_model(directory)

    said, numbers = told(tmp_path, Uneven(machine), steps=60, every=7, evaluate=5)
    assert (said, numbers, machine.measured) == ([], {0: 2}, 1)


def test_long_rows_take_longer_and_are_not_slow(tmp_path):
    machine = Machine()

    class Growing(Timed):
        def batches(self):
            for batch in super().batches():
                if self.step > 20:
                    self.rows = 80
                yield batch

        def loss(self, batch):
            machine.now += 9.0 if batch.examples == 80 else 0.0
            return super().loss(batch)

    said, numbers = told(tmp_path, Growing(machine), steps=60)
    assert (said, numbers, machine.measured) == ([], {0: 2}, 1)


def test_the_places_of_a_batch_count_its_padding():
    batch = next(Toy().batches())
    assert places(batch) == 8 * 6 > int(batch.weight)
    ids = torch.zeros(3, 2, 7, dtype=torch.long)
    lengths = ranks = torch.zeros(3, 2, dtype=torch.long)
    assert places(ComparisonBatch(ids, lengths, ranks)) == 3 * 2 * 7


def test_the_rows_of_a_batch_that_is_no_dataclass_are_counted():
    class Rows:
        examples = 5
        weight = torch.tensor(2)

        def to(self, device):
            return self

        def split(self, examples):
            yield self

    assert places(Rows()) == 5


def test_a_run_resumes_with_the_number_that_it_was_saved_with(tmp_path):
    first = Machine()
    told(tmp_path, Timed(first, range(30, 40)), steps=40, every=35)
    remove(latest(tmp_path))
    second = Machine()
    said, numbers = told(tmp_path, Timed(second, range(36, 40)), steps=40, every=35)
    assert second.measured == 0 and second.used == [1]
    assert said == ["going on with 1 of 2 threads, as when the run was saved"]
    assert numbers == {0: 2, 31: 1}


def test_a_run_that_resumes_slowly_remembers_its_best_pace(tmp_path):
    told(tmp_path, Timed(Machine()), steps=40, every=35)
    remove(latest(tmp_path))
    machine = Machine()
    said, numbers = told(tmp_path, Timed(machine, range(36, 70)), steps=60, every=35)
    assert said == [BUSY]
    assert numbers == {0: 2, 38: 1}  # three steps are a pace


def test_a_checkpoint_without_a_number_of_threads_is_resumed_with_the_fastest(tmp_path):
    told(tmp_path, Timed(Machine()), steps=10, every=5)
    remove(latest(tmp_path))
    path = latest(tmp_path) / "training" / "process-00000.json"
    state = json.loads(path.read_text())
    del state["pace"]
    path.write_text(json.dumps(state))
    machine = Machine()
    _, numbers = told(tmp_path, Timed(machine), steps=10, every=5)
    assert (machine.measured, numbers) == (1, {5: 2})


def test_a_fixed_number_is_kept_and_resume_is_bit_for_bit(tmp_path):
    """The same run in one go and in two, on a machine that becomes busy in the second."""
    before = torch.get_num_threads()
    fixed = RuntimeConfig(device="cpu", dtype="float32", compile=False, threads=1)

    def run(output):
        return plan(output, steps=40, every=20).model_copy(update={"runtime": fixed})

    try:
        straight, broken, resumed = Toy(), Toy(), Toy()
        train(straight, run(tmp_path / "a"))
        train(broken, run(tmp_path / "b"))
        remove(latest(tmp_path / "b"))
        machine = Machine()
        resumed.after_step.append(lambda _: setattr(machine, "now", 2 * machine.now + 1))
        train(resumed, run(tmp_path / "b"), clock=lambda: machine.now)
    finally:
        torch.set_num_threads(before)
    assert digest(resumed) == digest(straight)
    assert read_lineage(latest(tmp_path / "b")).threads == {0: 1}


def remove(checkpoint):
    """Make the checkpoint before it the newest, as if the run had been killed."""
    shutil.rmtree(checkpoint)


@pytest.mark.parametrize("number", [1, 2])
def test_the_lineage_names_a_fixed_number(tmp_path, number):
    machine = Machine()
    machine.threads = Threads([number], machine.probe, use=machine.used.append)
    said, numbers = told(tmp_path, Timed(machine, range(30, 60)), steps=60)
    assert (said, numbers, machine.measured, machine.used) == ([], {0: number}, 0, [])
