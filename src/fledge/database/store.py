"""Database of a server: open it, migrate it, and reach one store for each noun."""

import time
from collections.abc import Callable
from pathlib import Path

from fledge.database.accounts import AccountStore
from fledge.database.api_keys import ApiKeyStore
from fledge.database.assistants import AssistantStore
from fledge.database.audit import AuditStore
from fledge.database.conversations import ConversationStore
from fledge.database.desk import DeskStore
from fledge.database.engine import Transactions, connect, parse_url
from fledge.database.folders import FolderStore
from fledge.database.identities import IdentityStore
from fledge.database.invitations import InvitationStore
from fledge.database.knowledge import KnowledgeStore
from fledge.database.label_projects import LabelProjectStore
from fledge.database.label_queue import LabelQueue
from fledge.database.label_results import LabelResults
from fledge.database.label_steps import LabelSteps
from fledge.database.label_tasks import LabelTaskStore
from fledge.database.limit_windows import LimitStore
from fledge.database.messages import MessageStore
from fledge.database.migrate import migrate
from fledge.database.password_resets import PasswordResetStore
from fledge.database.prompts import PromptStore
from fledge.database.ratings import RatingStore
from fledge.database.runs import RunStore
from fledge.database.scrub import scrub
from fledge.database.servers import ServerStore
from fledge.database.sessions import SessionStore
from fledge.database.settings import SettingsStore
from fledge.database.shares import ShareStore
from fledge.database.tables import new_id
from fledge.database.training_data import TrainingData
from fledge.database.usage import UsageStore


class Database:
    """Stores that share one pool of connections; any thread may call any method."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float] = time.time) -> None:
        """`clock`: seconds since 1970."""
        self.transactions = transactions
        self.accounts = AccountStore(transactions, clock)
        self.sessions = SessionStore(transactions, clock)
        self.password_resets = PasswordResetStore(transactions, clock)
        self.api_keys = ApiKeyStore(transactions, clock)
        self.identities = IdentityStore(transactions, clock)
        self.conversations = ConversationStore(transactions, clock)
        self.folders = FolderStore(transactions, clock)
        self.messages = MessageStore(transactions, clock)
        self.shares = ShareStore(transactions, clock)
        server_id = new_id(clock())
        self.limits = LimitStore(transactions, clock, server_id)
        self.servers = ServerStore(transactions, clock, server_id)
        self.runs = RunStore(transactions, clock, server_id)
        self.ratings = RatingStore(transactions, clock)
        self.training_data = TrainingData(transactions)
        self.usage = UsageStore(transactions, clock)
        self.assistants = AssistantStore(transactions, clock)
        self.desk = DeskStore(transactions, clock)
        self.prompts = PromptStore(transactions, clock)
        self.knowledge = KnowledgeStore(transactions, clock)
        self.invitations = InvitationStore(transactions, clock)
        self.settings = SettingsStore(transactions, clock)
        self.audit = AuditStore(transactions, clock)
        self.label_projects = LabelProjectStore(transactions, clock)
        self.label_tasks = LabelTaskStore(transactions, clock)
        self.label_queue = LabelQueue(transactions, clock)
        self.label_steps = LabelSteps(transactions, clock)
        self.label_results = LabelResults(transactions)

    def scrub(self) -> None:
        """Overwrite the traces of erased rows."""
        scrub(self.transactions)

    def close(self) -> None:
        """Close the connections."""
        self.transactions.engine.dispose()


def open_database(database: str | Path, clock: Callable[[], float] = time.time) -> Database:
    """Open a SQLite file or a `postgresql://` URL and migrate its tables.

    Raises:
        ConfigError: neither a file nor a supported URL.
        DatabaseError: a newer fledge made it.
        DatabaseUnavailable: it does not answer.
    """
    url = parse_url(database)
    migrate(url)
    return Database(Transactions(connect(url)), clock)
