"""What the site remembers: people, lists, events, searches. SQLAlchemy without Flask; SQLite or PostgreSQL."""
