"""Differences between two sets of settings, which a resumed run must not have."""

from collections.abc import Collection, Mapping


def differences(
    here: Mapping[str, object], there: Mapping[str, object], free: Collection[str] = ()
) -> list[str]:
    """Describe each dotted key that differs, except keys, and keys of sections, named in `free`."""
    ours, theirs = flat(here), flat(there)
    return [
        f"{key} is {ours.get(key)!r} here, {theirs.get(key)!r} there"
        for key in sorted(theirs.keys() | ours.keys())
        if theirs.get(key) != ours.get(key) and not _is_within(key, free)
    ]


def flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Flatten nested settings into values by dotted key."""
    items: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            items.update(flat(value, f"{prefix}{key}."))
        else:
            items[f"{prefix}{key}"] = value
    return items


def _is_within(key: str, sections: Collection[str]) -> bool:
    return any(key == section or key.startswith(f"{section}.") for section in sections)
