"""The SQLite database: its tables, migrations and statements."""
