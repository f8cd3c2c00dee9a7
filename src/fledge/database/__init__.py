"""Stores of the chat product in SQLite or PostgreSQL, one for each noun; no torch."""

from fledge.database.accounts import Account, AccountStore, EmailTaken, LoginTaken, Role
from fledge.database.api_keys import ApiKey, ApiKeyStore
from fledge.database.assistants import Assistant, AssistantStore
from fledge.database.audit import AuditEntry, AuditStore
from fledge.database.chat_search import Found
from fledge.database.conversations import Conversation, ConversationStore
from fledge.database.folders import Folder, FolderStore
from fledge.database.identities import IdentityStore, LinkedIdentity
from fledge.database.invitations import Invitation, InvitationStore
from fledge.database.knowledge import Document, FoundPassage, KnowledgeStore, Passage
from fledge.database.messages import MessageStore, StoredMessage
from fledge.database.password_resets import PasswordResetStore
from fledge.database.prompts import Prompt, PromptStore
from fledge.database.ratings import Preference, Rating, RatingStore, WrittenAnswer
from fledge.database.runs import RunStore, StoredRun
from fledge.database.sessions import Session, SessionStore
from fledge.database.settings import Logo, ServerSettings, SettingsStore
from fledge.database.shares import Share, SharedChat, SharedTurn, ShareStore
from fledge.database.store import Database, open_database
from fledge.database.usage import UsageOfDay, UsageStore

__all__ = [
    "Account",
    "AccountStore",
    "ApiKey",
    "ApiKeyStore",
    "Assistant",
    "AssistantStore",
    "AuditEntry",
    "AuditStore",
    "Conversation",
    "ConversationStore",
    "Database",
    "Document",
    "EmailTaken",
    "Folder",
    "FolderStore",
    "Found",
    "FoundPassage",
    "IdentityStore",
    "Invitation",
    "InvitationStore",
    "KnowledgeStore",
    "LinkedIdentity",
    "LoginTaken",
    "Logo",
    "MessageStore",
    "Passage",
    "PasswordResetStore",
    "Preference",
    "Prompt",
    "PromptStore",
    "Rating",
    "RatingStore",
    "Role",
    "RunStore",
    "ServerSettings",
    "Session",
    "SessionStore",
    "SettingsStore",
    "Share",
    "ShareStore",
    "SharedChat",
    "SharedTurn",
    "StoredMessage",
    "StoredRun",
    "UsageOfDay",
    "UsageStore",
    "WrittenAnswer",
    "open_database",
]
