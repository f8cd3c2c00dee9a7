"""The queue of labelling: what is drawn next, leases, drafts, and many labellers at once."""

import contextlib
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import pytest

from database.labelling import STEP, drawn, finish, key_of, lines_of, project_of, ranked
from databases import Clock, person, together
from fledge.database import Database
from fledge.errors import Conflict, DatabaseUnavailable, NotFound
from fledge.feedback.label_tasks import tasks_from

LEASE = 30 * 60
Result = TypeVar("Result")


@pytest.fixture
def ada(database: Database) -> str:
    return person(database, "ada", "labeller")


@pytest.fixture
def ben(database: Database) -> str:
    return person(database, "ben", "labeller")


def test_a_drawn_task_stays_over_reloads_until_it_is_finished(database: Database, ada: str) -> None:
    project = project_of(database, 2)
    first = drawn(database, ada, project)
    assert drawn(database, ada, project).id == first.id
    finish(database, ada, project)
    assert key_of(database, finish(database, ada, project)) == "t2"
    assert database.label_queue.draw(ada, project) is None


def test_what_misses_most_comes_first_and_nobody_gets_a_task_twice(
    database: Database, ada: str, ben: str
) -> None:
    project, eve = project_of(database, 3, overlap=2), person(database, "eve")
    keys = [key_of(database, finish(database, ada, project)) for _ in range(2)]
    keys += [key_of(database, finish(database, ben, project)) for _ in range(3)]
    assert keys == ["t1", "t2", "t3", "t1", "t2"], "t3 has nobody, so it comes before t1"
    assert database.label_queue.draw(ben, project) is None
    assert key_of(database, finish(database, eve, project)) == "t3"
    assert database.label_queue.draw(eve, project) is None
    assert database.label_queue.draw(ada, project) is None


def test_two_people_never_hold_the_same_place(database: Database, ada: str, ben: str) -> None:
    project = project_of(database, 1, overlap=2)
    slots = {drawn(database, each, project).slot for each in (ada, ben)}
    assert slots == {0, 1}
    assert database.label_queue.draw(person(database, "eve"), project) is None


def test_a_lease_returns_after_its_time(
    database: Database, clock: Clock, ada: str, ben: str
) -> None:
    project = project_of(database, 1)
    left = drawn(database, ada, project)
    clock.now += LEASE - 1
    assert database.label_queue.draw(ben, project) is None
    clock.now += 2
    assert key_of(database, drawn(database, ben, project)) == "t1"
    assert database.label_queue.draw(ada, project) is None, "an untouched task is given up"
    with pytest.raises(NotFound):
        database.label_queue.get(ada, left.id)


def test_a_closed_laptop_loses_nothing(
    database: Database, clock: Clock, ada: str, ben: str
) -> None:
    project = project_of(database, 1)
    begun = drawn(database, ada, project)
    database.label_queue.save_draft(ada, begun.id, {"notes": "half"}, 40.0)
    clock.now += 2 * LEASE
    taken = drawn(database, ben, project)
    again = drawn(database, ada, project)
    assert (again.id, again.draft, again.seconds) == (begun.id, {"notes": "half"}, 40.0)
    assert again.slot is None and again.expires_at is None, "ben has the place"
    done = database.label_steps.submit(ada, again.id, ranked(again, "abc"), STEP)
    assert done.state == "done" and done.seconds == 40.0
    database.label_steps.submit(ben, taken.id, ranked(taken, "cba"), STEP)
    assert database.label_tasks.get(begun.task_id).num_finished == 2, "one more than asked for"


def test_a_draft_renews_the_lease_and_takes_a_free_place_again(
    database: Database, clock: Clock, ada: str, ben: str
) -> None:
    project = project_of(database, 2)
    begun = drawn(database, ada, project)
    for _ in range(3):
        clock.now += LEASE - 1
        database.label_queue.save_draft(ada, begun.id, {}, 1.0)
    assert key_of(database, drawn(database, ben, project)) == "t2"
    clock.now += 2 * LEASE
    database.label_queue.draw(ben, project)  # this ends ada's lease
    kept = database.label_queue.save_draft(ada, begun.id, {"notes": "x"}, 1.0)
    assert kept.slot == 0 and kept.expires_at is not None
    assert database.label_tasks.get(begun.task_id).num_taken == 1


def test_a_task_that_comes_back_is_found_by_those_who_are_past_it(
    database: Database, clock: Clock, ada: str, ben: str
) -> None:
    """ada has gone on to tasks that somebody has; t2, given back, misses more."""
    project, eve = project_of(database, 4, overlap=2), person(database, "eve")
    finish(database, ada, project)
    held = drawn(database, ben, project)
    finish(database, ada, project), finish(database, ada, project)
    assert key_of(database, held) == "t2"
    database.label_steps.skip(ben, held.id, STEP)
    assert key_of(database, finish(database, ada, project)) == "t2"
    assert database.label_queue.draw(ada, project) is None
    database.label_tasks.add(project, tasks_from(lines_of(1, start=5), "rank"))
    assert key_of(database, finish(database, ada, project)) == "t5"
    assert key_of(database, finish(database, eve, project)) == "t1"


def test_more_overlap_opens_finished_tasks_to_others(
    database: Database, ada: str, ben: str
) -> None:
    project = project_of(database, 1)
    finish(database, ada, project)
    assert database.label_queue.draw(ben, project) is None
    database.label_projects.change(project, overlap=2)
    assert key_of(database, finish(database, ben, project)) == "t1"


def test_the_time_of_a_gold_task_ends_as_that_of_any_other(
    database: Database, clock: Clock, ada: str, ben: str
) -> None:
    project = project_of(database, 20, gold_percent=50)
    gold = tasks_from(lines_of(20, start=101, gold={"best": "a"}), "rank", gold=True)
    database.label_tasks.add(project, gold)
    task = drawn(database, ada, project)
    while not task.is_gold:
        finish(database, ada, project)
        task = drawn(database, ada, project)
    clock.now += LEASE + 1
    drawn(database, ben, project)
    assert database.label_queue.get(ada, task.id).expires_at is None
    assert database.label_tasks.get(task.task_id).num_taken == 0
    assert drawn(database, ada, project).expires_at == clock.now + LEASE


def test_gold_comes_at_its_share_and_stays_for_everybody(database: Database, ada: str) -> None:
    project = project_of(database, 20, gold_percent=10)
    gold = tasks_from(lines_of(3, start=101, gold={"best": "a"}), "rank", gold=True)
    database.label_tasks.add(project, gold)
    was_gold = [finish(database, ada, project).is_gold for _ in range(20)]
    assert sum(was_gold) == 2
    (member,) = database.label_results.members(project)
    assert (member.num_done, member.num_gold, member.gold_score) == (18, 2, 2.0)
    taken = {each.num_taken for each in database.label_tasks.list(project) if each.is_gold}
    assert taken == {0}, "a gold task is for every labeller"


def test_orders_are_blind_and_stay(database: Database, ada: str, ben: str) -> None:
    project = project_of(database, 1, num_answers=9, overlap=20)
    orders = {drawn(database, person(database, f"p{each}"), project).shown for each in range(8)}
    assert len(orders) == 8
    assert drawn(database, ada, project).shown == drawn(database, ada, project).shown


def test_a_closed_project_gives_nothing_and_takes_what_was_begun(
    database: Database, ada: str
) -> None:
    project = project_of(database, 1)
    begun = drawn(database, ada, project)
    database.label_projects.change(project, is_open=False)
    with pytest.raises(Conflict, match="closed"):
        database.label_queue.draw(ada, project)
    assert database.label_steps.submit(ada, begun.id, ranked(begun, "abc"), STEP).state == "done"


def patiently(act: Callable[[], Result]) -> Result:
    """The result; on a busy machine, a writer whose turn does not come is told to try again."""
    while True:
        with contextlib.suppress(DatabaseUnavailable):
            return act()


def test_twenty_labellers_at_once_lose_and_cross_nothing(database: Database) -> None:
    """Each draws, keeps a draft of their own, and ranks, until nothing is left for them."""
    project = project_of(database, 8, overlap=3)
    people = [person(database, f"labeller-{each}", "labeller") for each in range(20)]

    queue, steps = database.label_queue, database.label_steps

    def work(account: str) -> list[str]:
        done = []
        while (task := patiently(partial(queue.draw, account, project))) is not None:
            assert task.account_id == account
            draft: dict[str, object] = {"notes": account}
            patiently(partial(queue.save_draft, account, task.id, draft, 1.0))
            judgement = ranked(task, "bca")
            sent = patiently(partial(steps.submit, account, task.id, judgement, STEP))
            assert sent.draft == draft
            done.append(task.task_id)
        return done

    results = together(*(lambda each=each: work(each) for each in people))
    failures = [each for each in results if not isinstance(each, list)]
    assert failures == []
    counts = Counter(task for each in results if isinstance(each, list) for task in each)
    assert sorted(counts.values()) == [3] * 8, "every task three times, and none a fourth"
    judged = list(database.label_results.judgements(project))
    assert len({(each.assignment.task_id, each.assignment.account_id) for each in judged}) == 24
    assert {tuple(map(tuple, each.assignment.judgement["ranking"])) for each in judged} == {  # type: ignore[index, arg-type]
        (("b",), ("c",), ("a",))
    }
    members = database.label_results.members(project)
    assert sum(each.num_done for each in members) == 24
