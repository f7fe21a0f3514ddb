"""Everything that is kept: tables, queries, migrations; the same on SQLite and PostgreSQL. Imports only `domain`."""
