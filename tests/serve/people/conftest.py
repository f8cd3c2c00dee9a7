from databases import clock, migrated_file, migrated_postgresql, url

__all__ = ["clock", "migrated_file", "migrated_postgresql", "url"]
