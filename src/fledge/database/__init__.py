"""The memory of the chat product, in SQLite or PostgreSQL: one store a noun, no torch."""

from fledge.database.accounts import Account, AccountStore, LoginTaken, Role
from fledge.database.api_keys import ApiKey, ApiKeyStore
from fledge.database.conversations import Conversation, ConversationStore
from fledge.database.messages import MessageStore, StoredMessage
from fledge.database.ratings import Preference, Rating, RatingStore, WrittenAnswer
from fledge.database.runs import RunStore, StoredRun
from fledge.database.sessions import Session, SessionStore
from fledge.database.store import Database, open_database
from fledge.database.usage import UsageOfDay, UsageStore

__all__ = [
    "Account",
    "AccountStore",
    "ApiKey",
    "ApiKeyStore",
    "Conversation",
    "ConversationStore",
    "Database",
    "LoginTaken",
    "MessageStore",
    "Preference",
    "Rating",
    "RatingStore",
    "Role",
    "RunStore",
    "Session",
    "SessionStore",
    "StoredMessage",
    "StoredRun",
    "UsageOfDay",
    "UsageStore",
    "WrittenAnswer",
    "open_database",
]
