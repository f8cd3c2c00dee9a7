from databases import clock, database, empty_url, migrated_file, migrated_postgresql, url

__all__ = ["clock", "database", "empty_url", "migrated_file", "migrated_postgresql", "url"]
