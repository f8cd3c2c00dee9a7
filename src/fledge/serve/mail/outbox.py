"""Outbox: letters that are looked up, written and sent beside the requests, one after another."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from fledge.errors import FledgeError

logger = logging.getLogger(__name__)

MOST_WAITING = 200


class Outbox:
    """Do jobs in a thread of its own, so that no request takes longer for what it found."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mail")
        self._room = threading.BoundedSemaphore(MOST_WAITING)

    def put(self, job: Callable[[], None]) -> bool:
        """Add a job; return False where too many are waiting."""
        if not self._room.acquire(blocking=False):
            return False
        # An error that no user can cause is raised again, and so logged with its traceback.
        self._thread.submit(self._do, job).add_done_callback(
            lambda done: None if done.cancelled() else done.result()
        )
        return True

    def wait(self) -> None:
        """Return once every job that was put before has ended."""
        self._thread.submit(lambda: None).result()

    def stop(self) -> None:
        """Finish the letter that is being sent; those that wait are dropped."""
        self._thread.shutdown(cancel_futures=True)

    def _do(self, job: Callable[[], None]) -> None:
        try:
            job()
        except FledgeError as error:
            logger.warning("%s", error)
        finally:
            self._room.release()
