"""What the site remembers: searches and opened titles. SQLAlchemy without Flask; SQLite or PostgreSQL."""
