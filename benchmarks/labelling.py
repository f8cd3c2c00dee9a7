"""Labelling with 100,000 tasks, 900,000 answers and 50 labellers: milliseconds of each request.

    python benchmarks/labelling.py                       # SQLite, in a folder that is removed
    python benchmarks/labelling.py postgresql://USER@HOST/NAME   # an empty database

The hardest state of the queue is measured: two labellers have each finished half of the tasks, so
that the first of them finds 50,000 finished ones before the first that is new.
"""

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert, select, update

from fledge.database import Database, open_database
from fledge.database.label_queue import newcomer
from fledge.database.tables import LabelAssignments, LabelMembers, LabelTasks, new_id
from fledge.feedback.label_tasks import tasks_from
from fledge.serve.labelling.routes import labelling_routes
from fledge.serve.people.allowances import Allowances
from fledge.serve.people.identity import COOKIE, Identity
from fledge.serve.people.metering import Meter
from fledge.serve.people.settings import LiveSettings

ANSWERS = 9
PART = 5_000
ORIGIN = "http://localhost:8000"


def fill(database: Database, num_tasks: int) -> str:
    """Make a project of rankings with that many tasks; return its id."""
    project = database.label_projects.create("Benchmark", "rank", overlap=3, gold_percent=5)
    database.label_projects.write_guideline(project.id, "# Rank them\n\nThe best one first.")
    for start in range(0, num_tasks, PART):
        lines = (
            json.dumps(
                {
                    "prompt": f"Question {number}: why do tides come twice a day?",
                    "responses": [
                        {"id": f"a{each}", "content": f"Answer {each} to {number}. " * 8}
                        for each in range(ANSWERS)
                    ],
                }
                | ({"gold": {"best": "a0"}} if number % 20 == 0 else {})
            )
            for number in range(start, min(start + PART, num_tasks))
        )
        database.label_tasks.add(project.id, tasks_from("\n".join(lines).encode(), "rank"))
    return project.id


def finish_half_each(database: Database, project_id: str, people: list[str]) -> None:
    """Have each of two people finish half of the plain tasks."""
    now = time.time()
    with database.transactions.write() as connection:
        query = (
            select(LabelTasks.id)
            .where(LabelTasks.project_id == project_id, LabelTasks.is_gold.is_(False))
            .order_by(LabelTasks.number)
        )
        tasks = list(connection.scalars(query))
        half = len(tasks) // 2
        ranking = {"ranking": [[f"a{each}"] for each in range(ANSWERS)]}
        for person, part in zip(people, (tasks[:half], tasks[half:]), strict=True):
            member = newcomer(project_id, person, now)
            member |= {"num_drawn": len(part), "num_done": len(part)}
            connection.execute(insert(LabelMembers).values(member))
            rows = [
                {
                    "id": new_id(now),
                    "project_id": project_id,
                    "task_id": task,
                    "account_id": person,
                    "state": "done",
                    "slot": 0,
                    "is_gold": False,
                    "guideline_version": 1,
                    "shown": [f"a{each}" for each in range(ANSWERS)],
                    "draft": None,
                    "judgement": ranking,
                    "notes": "",
                    "seconds": 30.0,
                    "gold_score": None,
                    "leased_at": now,
                    "expires_at": None,
                    "finished_at": now + index,
                    "used_at": None,
                }
                for index, task in enumerate(part)
            ]
            for start in range(0, len(rows), PART):
                connection.execute(insert(LabelAssignments), rows[start : start + PART])
        connection.execute(
            update(LabelTasks)
            .where(LabelTasks.project_id == project_id, LabelTasks.is_gold.is_(False))
            .values(num_taken=1, num_finished=1)
        )


class Timed:
    """Requests of one labeller, with the time of each by name."""

    def __init__(self, client: TestClient, times: dict[str, list[float]], cookie: str) -> None:
        self._client = client
        self._times = times
        self._headers = {"origin": ORIGIN, "cookie": f"{COOKIE}={cookie}"}

    def ask(self, name: str, method: str, path: str, body: object = None) -> dict[str, object]:
        started = time.perf_counter()
        response = self._client.request(method, path, json=body, headers=self._headers)
        self._times[name].append(time.perf_counter() - started)
        assert response.is_success, response.text
        shown = response.json() if method != "GET" or "jsonl" not in path else {}
        assert isinstance(shown, dict)
        return shown


def label(timed: Timed, project_id: str, index: int) -> None:
    """Do everything that a labeller does with one task."""
    project = f"/api/label/projects/{project_id}"
    timed.ask("list projects", "GET", "/api/label/projects")
    drawn = timed.ask("draw", "POST", f"{project}/draw")["assignment"]
    assert isinstance(drawn, dict)
    task = f"/api/label/assignments/{drawn['id']}"
    letters = [answer["letter"] for answer in drawn["answers"]]
    body = {"ranking": [[letter] for letter in letters], "seconds": 30}
    timed.ask("reload", "POST", f"{project}/draw")
    timed.ask("draft", "PUT", f"{task}/draft", {"draft": body, "seconds": 20})
    if index % 10 == 9:
        timed.ask("skip", "POST", f"{task}/skip", {"reason": "hard"})
    else:
        timed.ask("submit", "POST", f"{task}/submit", body)
    if index % 7 == 6:
        timed.ask("undo", "POST", f"{project}/undo")
    timed.ask("history", "GET", f"{project}/history")


def measured(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run(database: Database, num_tasks: int, rounds: int) -> None:
    """Fill a database, label in it, and print a table."""
    seconds = measured(lambda: fill(database, num_tasks))
    project_id = database.label_projects.list()[0].id
    people = [
        database.accounts.create(f"labeller-{each}", name="", role="labeller", password_hash=None)
        for each in range(50)
    ]
    admin = database.accounts.create("admin", name="", role="owner", password_hash="-")
    finish_half_each(database, project_id, [person.id for person in people[:2]])
    print(f"{num_tasks:,} tasks with {num_tasks * ANSWERS:,} answers, filled in {seconds:.0f} s")
    times: dict[str, list[float]] = defaultdict(list)
    hardest: dict[str, list[float]] = defaultdict(list)
    app = FastAPI()
    settings = LiveSettings(database.settings)
    allowances = Allowances(Meter(database.usage, time.time), settings)
    app.include_router(labelling_routes(Identity(database, allowances, login=True), database))
    with TestClient(app, base_url=ORIGIN) as client:
        for person in people[2:]:
            timed = Timed(client, times, database.sessions.create(person.id, "benchmark")[1])
            for index in range(rounds):
                label(timed, project_id, index)
        timed = Timed(client, hardest, database.sessions.create(people[0].id, "benchmark")[1])
        for index in range(50):
            label(timed, project_id, index)
        timed = Timed(client, times, database.sessions.create(admin.id, "benchmark")[1])
        for _ in range(20):
            project = f"/api/label/admin/projects/{project_id}"
            timed.ask("progress", "GET", f"{project}/progress")
            timed.ask("guidelines", "GET", f"{project}/guidelines")
            timed.ask("tasks", "GET", f"{project}/tasks")
        timed.ask("download", "GET", f"{project}/judgements.jsonl")
    for title, table in (("48 labellers", times), ("after 50,000 finished tasks", hardest)):
        print(f"\n{title:28} {'requests':>8} {'median ms':>10} {'p95 ms':>8}")
        for name, found in table.items():
            ordered = sorted(1000 * each for each in found)
            middle, high = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
            print(f"{name:28} {len(ordered):8,} {middle:10.1f} {high:8.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", nargs="?", help="an empty database; SQLite by default")
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=10, help="tasks of each labeller")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(options.database or Path(folder) / "labelling.db")
        try:
            run(database, options.tasks, options.rounds)
        finally:
            database.close()


if __name__ == "__main__":
    main()
