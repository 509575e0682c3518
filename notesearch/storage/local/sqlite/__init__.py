"""The SQLite database: tables, migrations, and every statement."""
