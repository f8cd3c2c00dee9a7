"""A random walk through the queue beside a slow one in plain Python, which must agree each time."""

import random
from dataclasses import dataclass, field

import pytest

from database.labelling import STEP, lines_of, ranked
from databases import Clock, person
from fledge.database import Database
from fledge.errors import Conflict, NotFound
from fledge.feedback.label_tasks import tasks_from
from fledge.feedback.label_work import Assignment

LEASE = 30 * 60
STEPS = 220


@dataclass
class Work:
    """One labeller's way with one task."""

    labeller: str
    task: int
    leased: int
    has_place: bool
    expires: float
    state: str = "open"
    has_draft: bool = False
    finished: int = 0


@dataclass
class SlowQueue:
    """The rules of the queue, by looking through everything."""

    overlap: int
    now: float
    num_tasks: int = 0
    withdrawn: set[int] = field(default_factory=set)
    by_manager: set[int] = field(default_factory=set)
    work: list[Work] = field(default_factory=list)
    count: int = 0

    def tick(self) -> int:
        """A number greater than all before: the order of what was done."""
        self.count += 1
        return self.count

    def places(self, task: int) -> int:
        """Number of labellers who hold the task or have finished it."""
        return sum(each.has_place for each in self.work if each.task == task)

    def of(self, labeller: str, task: int) -> Work | None:
        """The labeller's way with a task."""
        return next((w for w in self.work if (w.labeller, w.task) == (labeller, task)), None)

    def lease(self, work: Work) -> None:
        """Renew a lease, or take a free place."""
        work.has_place = work.has_place or self.places(work.task) < self.overlap
        work.expires = self.now + LEASE

    def draw(self, labeller: str) -> Work | None:
        """The open task, or the one with the fewest labellers, or None."""
        for each in self.work:
            if each.state == "open" and each.has_place and each.expires <= self.now:
                each.has_place = False
        begun = [w for w in self.work if w.labeller == labeller and w.state == "open"]
        for each in sorted(begun, key=lambda w: -w.leased):
            if each.task in self.withdrawn:
                continue
            self.lease(each)
            if each.has_place or each.has_draft:
                return each
            self.work.remove(each)
        free = [
            (self.places(task), task)
            for task in range(1, self.num_tasks + 1)
            if task not in self.withdrawn
            and self.places(task) < self.overlap
            and self.of(labeller, task) is None
        ]
        if not free:
            return None
        drawn = Work(labeller, min(free)[1], self.tick(), True, self.now + LEASE)
        self.work.append(drawn)
        return drawn

    def finish(self, work: Work, state: str) -> None:
        """End a task; a skipped one frees its place."""
        if not work.has_place:
            self.lease(work)
        work.state, work.finished = state, self.tick()
        if state == "skipped":
            work.has_place = False
        if state == "personal_data":
            self.withdrawn.add(work.task)

    def undo(self, labeller: str) -> Work | None:
        """Open the last step again; None if it cannot be."""
        done = [w for w in self.work if w.labeller == labeller and w.state != "open"]
        if not done:
            return None
        last = max(done, key=lambda w: w.finished)
        full = not last.has_place and self.places(last.task) >= self.overlap
        if last.state == "skipped" and full:
            return None
        was, last.state = last.state, "open"
        others = [w for w in self.work if w.task == last.task and w.state == "personal_data"]
        if was == "personal_data" and not others and last.task not in self.by_manager:
            self.withdrawn.discard(last.task)
        self.lease(last)
        last.leased = self.tick()
        return last


class Walk:
    """Both queues, moved alike."""

    def __init__(self, database: Database, clock: Clock, seed: int) -> None:
        self.database, self.clock, self.dice = database, clock, random.Random(seed)
        self.project = database.label_projects.create("Walk", "rank", overlap=2).id
        self.slow = SlowQueue(2, clock.now)
        self.people = [person(database, f"p{each}", "labeller") for each in range(4)]
        self.ids: dict[tuple[str, int], str] = {}
        self.add(6)

    def add(self, count: int) -> None:
        """Upload more tasks."""
        tasks = tasks_from(lines_of(count, 2, start=self.slow.num_tasks + 1), "rank")
        self.database.label_tasks.add(self.project, tasks)
        self.slow.num_tasks += count

    def draw(self, labeller: str) -> Work | None:
        """Draw in both; the same task with the same place must come."""
        self.slow.now = self.clock.now
        wanted, found = (
            self.slow.draw(labeller),
            self.database.label_queue.draw(labeller, self.project),
        )
        if wanted is None or found is None:
            assert wanted is None and found is None, f"slow {wanted}, fast {found}"
            return None
        number = self.database.label_tasks.get(found.task_id).number
        assert (number, found.slot is not None) == (wanted.task, wanted.has_place)
        assert (found.draft is not None) == wanted.has_draft
        self.ids[labeller, number] = found.id
        return wanted

    def stored(self, work: Work) -> Assignment:
        """The same in the database."""
        id_ = self.ids[work.labeller, work.task]
        return self.database.label_queue.get(work.labeller, id_)

    def end(self, labeller: str) -> None:
        """Draw, and end the task in one of the ways."""
        if (work := self.draw(labeller)) is None:
            return
        steps, found = self.database.label_steps, self.stored(work)
        state = self.dice.choices(("done", "skipped", "unclear", "personal_data"), (6, 2, 1, 1))[0]
        self.slow.now = self.clock.now
        self.slow.finish(work, state)
        if state == "done":
            steps.submit(labeller, found.id, ranked(found, "ab"), STEP)
        elif state == "skipped":
            steps.skip(labeller, found.id, STEP)
        else:
            has_personal_data = state == "personal_data"
            steps.report(labeller, found.id, has_personal_data=has_personal_data, step=STEP)

    def keep_draft(self, labeller: str) -> None:
        """Draw, and save a draft."""
        if (work := self.draw(labeller)) is not None:
            self.slow.now = self.clock.now
            self.slow.lease(work)
            work.has_draft = True
            id_ = self.ids[labeller, work.task]
            self.database.label_queue.save_draft(labeller, id_, {"notes": "x"}, 1.0)

    def undo(self, labeller: str) -> None:
        """Take back the last step, where both allow it."""
        self.slow.now = self.clock.now
        undone = self.slow.undo(labeller)
        try:
            found = self.database.label_steps.undo(labeller, self.project)
        except (Conflict, NotFound):
            assert undone is None
            return
        assert undone is not None and found.id == self.ids[labeller, undone.task]

    def change_overlap(self, _: str) -> None:
        """Ask for more or fewer labellers."""
        self.slow.overlap = self.dice.choice((1, 2, 3))
        self.database.label_projects.change(self.project, overlap=self.slow.overlap)

    def withdraw(self, _: str) -> None:
        """Take a task out of the queue, or put it back."""
        number = self.dice.randrange(1, self.slow.num_tasks + 1)
        task = self.database.label_tasks.list(self.project, after=number - 1, limit=1)[0]
        away = number not in self.slow.withdrawn
        self.slow.withdrawn.symmetric_difference_update({number})
        self.slow.by_manager = (self.slow.by_manager - {number}) | ({number} if away else set())
        assert self.database.label_tasks.withdraw(task.id, withdrawn=away).is_withdrawn == away

    def wait(self, _: str) -> None:
        """Let leases end."""
        self.clock.now += self.dice.choice((LEASE / 3, 2 * LEASE))

    def step(self) -> None:
        """Do one thing at random."""
        acts = (self.end, self.draw, self.keep_draft, self.undo, self.wait)
        rare = (self.change_overlap, self.withdraw, lambda _: self.add(1))
        act = self.dice.choices((*acts, *rare), (8, 3, 3, 2, 2, 0.5, 1, 0.5))[0]
        act(self.dice.choice(self.people))

    def agrees(self) -> None:
        """Every count in the database is that of the slow queue."""
        counted = ("done", "unclear", "personal_data")
        for task in self.database.label_tasks.list(self.project, limit=200):
            work = [each for each in self.slow.work if each.task == task.number]
            assert (task.num_taken, task.num_finished, task.num_unclear, task.is_withdrawn) == (
                sum(each.has_place for each in work),
                sum(each.state in counted for each in work),
                sum(each.state in counted[1:] for each in work),
                task.number in self.slow.withdrawn,
            ), f"task {task.number}"
        for member in self.database.label_results.members(self.project):
            states = [each.state for each in self.slow.work if each.labeller == member.account_id]
            assert (member.num_done, member.num_skipped) == (
                states.count("done"),
                states.count("skipped"),
            )
        found = self.database.label_projects.get(self.project)
        assert found.num_withdrawn == len(self.slow.withdrawn)
        assert found.num_tasks == self.slow.num_tasks - found.num_withdrawn


@pytest.mark.parametrize("seed", [1])
def test_the_queue_agrees_with_a_slow_one(database: Database, clock: Clock, seed: int) -> None:
    walk = Walk(database, clock, seed)
    for _ in range(STEPS):
        walk.step()
    walk.agrees()
    states = {each.state for each in walk.slow.work}
    assert states == {"open", "done", "skipped", "unclear", "personal_data"}, "a walk that saw all"
