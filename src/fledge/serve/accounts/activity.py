"""Activity log: stored audit codes as sentences for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

from fledge.database import Database
from fledge.database.audit import AuditEntry

SENTENCES: Mapping[str, Sequence[str]] = {
    "account.deleted": ("Deleted the account of {target}", "Deleted their own account"),
    "account.disabled": ("Disabled the account of {target}",),
    "account.enabled": ("Enabled the account of {target}",),
    "account.made": ("Created their account with {target}",),
    "feedback.added": ("Added {target} to the data of the next round",),
    "feedback.exported": ("Downloaded everybody's feedback: {target} ({records} records)",),
    "chats.erased": ("Deleted all their chats ({chats})",),
    "email.changed": (
        "Changed the e-mail address of {target}",
        "Changed their own e-mail address",
    ),
    "identity.linked": ("Linked {target} to their account",),
    "identity.refused": (
        "Failed to log in with {target} from {address}: {reason}",
        "Failed to log in with {target}: {reason}",
    ),
    "identity.unlinked": ("Unlinked {target} from their account",),
    "invitation.accepted": ("Accepted an invitation",),
    "invitation.made": ("Invited a new {role} (“{target}”)", "Invited a new {role}"),
    "invitation.taken_back": ("Revoked an invitation",),
    "key.made": ("Created API key “{key}”", "Created API key {target}…"),
    "key.revoked": ("Revoked API key “{key}”", "Revoked an API key"),
    "label_guideline.deleted": ("Deleted version {version} of the guideline of “{target}”",),
    "label_guideline.written": ("Wrote version {version} of the guideline of “{target}”",),
    "label_judgements.downloaded": ("Downloaded {format} of the labelling project “{target}”",),
    "label_project.changed": ("Changed the labelling project “{target}”",),
    "label_project.deleted": ("Deleted the labelling project “{target}”",),
    "label_project.made": ("Created the labelling project “{target}” ({kind})",),
    "label_task.restored": ("Put task {task} of “{target}” back into the queue",),
    "label_task.withdrawn": ("Took task {task} of “{target}” out of the queue",),
    "label_tasks.added": ("Added tasks to the labelling project “{target}” ({tasks})",),
    "limits.changed": ("Changed the limits of {target}: {limits}",),
    "login.changed": ("Changed their username from {from} to {target}",),
    "login.failed": ("Failed to log in as {target} from {address}", "Failed to log in as {target}"),
    "logo.changed": ("Changed the server's logo",),
    "logo.removed": ("Removed the server's logo",),
    "mail.tested": ("Sent a test e-mail",),
    "password.changed": ("Changed their password",),
    "password.reset": ("Reset their password by e-mail",),
    "password.set": ("Set a new password for {target}",),
    "reset.asked": (
        "Asked to reset the password of {target} from {address}",
        "Asked to reset the password of {target}",
    ),
    "reset.failed": ("Failed to reset the password of {target}: {problem}",),
    "role.changed": ("Changed the role of {target} from {from} to {to}",),
    "round.given_up": ("Gave round {target} up",),
    "round.promoted": ("Promoted the model of round {target}: {why}",),
    "round.rolled_back": ("Returned to the model of round {target}",),
    "round.started": ("Started a round of feedback",),
    "round.stopped": ("Stopped the round of feedback",),
    "feedback.removed": ("Removed {target} from the data of the next round",),
    "run.started": ("Started the training run {target}",),
    "run.stopped": ("Stopped the training run {target}",),
    "server.named": ("Named the server “{target}”",),
    "server.set_up": ("Set up the server",),
    "settings.changed": ("Changed the defaults for everyone: {defaults}",),
    "share.made": ("Shared a chat by a link",),
    "share.revoked": ("Revoked the link of a shared chat",),
    "share.updated": ("Updated a shared chat",),
    "sharing.changed": ("Let {readers} read shared chats",),
    "learning.refused": ("Asked that no later model learns from their feedback",),
    "training.allowed": ("Allowed training on their chats",),
    "training.refused": ("Opted out of training on their chats",),
}
"""Sentences of each code. The first whose facts are all known is shown."""

LIMITS: Mapping[str, str] = {
    "requests_per_minute": "requests per minute",
    "tokens_per_minute": "tokens per minute",
    "concurrent_streams": "answers at once",
    "daily_tokens": "tokens per day",
}


@dataclass(frozen=True, slots=True)
class Activity:
    """Line of the log; `at` in seconds since 1970, `who` None if erased or unknown."""

    at: float
    who: str | None
    sentence: str


def newest(database: Database, limit: int) -> list[Activity]:
    """Read the last entries, the newest first."""
    entries = database.audit.newest(limit)
    keys = key_names(database, entries)
    return [Activity(each.at, each.who, sentence_of(each, keys)) for each in entries]


def key_names(database: Database, entries: Sequence[AuditEntry]) -> dict[str, str]:
    """Map ids and visible starts of API keys to their names, for the people in `entries`.

    The log keeps no names of keys, so they vanish with their person.
    """
    holders = {entry.who for entry in entries if entry.action.startswith("key.")}
    return {
        shown: key.name
        for account in database.accounts.list()
        if account.login in holders
        for key in database.api_keys.every(account.id)
        for shown in (key.id, key.prefix)
    }


def sentence_of(entry: AuditEntry, keys: Mapping[str, str]) -> str:
    """Say an entry in one sentence; an unknown code shows itself, its target and its details."""
    facts = facts_of(entry, keys)
    for sentence in SENTENCES.get(entry.action, ()):
        if fields(sentence) <= facts.keys():
            return sentence.format_map(facts)
    details = (f"{name.replace('_', ' ')} {value}" for name, value in entry.detail.items())
    return ", ".join((f"{entry.action} {entry.target}".strip(), *details))


def facts_of(entry: AuditEntry, keys: Mapping[str, str]) -> dict[str, str]:
    """Return the facts that a sentence may name; empty ones are left out."""
    training = "allowed" if entry.detail.get("allows_training") else "not allowed"
    facts = {
        **{name: str(value) for name, value in entry.detail.items() if value is not None},
        "target": entry.target,
        "key": keys.get(entry.target, ""),
        "limits": limits_of(entry) or "back to the defaults",
        "defaults": f"{limits_of(entry) or 'no limits'}, training {training} for new people",
    }
    return {name: fact for name, fact in facts.items() if fact}


def limits_of(entry: AuditEntry) -> str:
    """List the limits that were set, 0 as "unlimited"; "" if all were left empty."""
    chosen = {name: entry.detail.get(name) for name in LIMITS}
    return ", ".join(
        f"{f'{value:,}' if value else 'unlimited'} {LIMITS[name]}"
        for name, value in chosen.items()
        if isinstance(value, int)
    )


def fields(sentence: str) -> set[str]:
    """Return the names of the facts in a sentence."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}
