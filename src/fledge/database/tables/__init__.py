"""Typed tables; the migrations create exactly these."""

from fledge.database.tables.assistants import Assistants, Chunks, Documents
from fledge.database.tables.base import Base, Json, new_id
from fledge.database.tables.chats import Conversations, Folders, Messages, Runs
from fledge.database.tables.desk import HandOvers, Visits
from fledge.database.tables.labelling import (
    LabelAssignments,
    LabelGuidelines,
    LabelMembers,
    LabelProjects,
    LabelTasks,
)
from fledge.database.tables.operations import Audit, Settings, Usage
from fledge.database.tables.opinions import Preferences, Ratings, WrittenAnswers
from fledge.database.tables.people import (
    Accounts,
    ApiKeys,
    HasLimits,
    Identities,
    Invitations,
    PasswordResets,
    Sessions,
)
from fledge.database.tables.prompts import Prompts
from fledge.database.tables.servers import Holdings, Servers, Windows
from fledge.database.tables.shares import Shares

__all__ = [
    "Accounts",
    "ApiKeys",
    "Assistants",
    "Audit",
    "Base",
    "Chunks",
    "Conversations",
    "Documents",
    "Folders",
    "HandOvers",
    "HasLimits",
    "Holdings",
    "Identities",
    "Invitations",
    "Json",
    "LabelAssignments",
    "LabelGuidelines",
    "LabelMembers",
    "LabelProjects",
    "LabelTasks",
    "Messages",
    "PasswordResets",
    "Preferences",
    "Prompts",
    "Ratings",
    "Runs",
    "Servers",
    "Sessions",
    "Settings",
    "Shares",
    "Usage",
    "Visits",
    "Windows",
    "WrittenAnswers",
    "new_id",
]
