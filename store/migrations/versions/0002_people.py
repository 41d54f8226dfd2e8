"""People, their lists, what happened to titles, and the profiles of the API"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def person(**options: Any) -> sa.Column:
    options = {"nullable": False, **options}
    return sa.Column("person_id", sa.String(64), sa.ForeignKey("people.id", ondelete="CASCADE"), **options)


def title(**options: Any) -> sa.Column:
    return sa.Column("title_id", sa.BigInteger(), nullable=False, **options)


def time(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("taste", sa.JSON(), nullable=False),
        sa.Column("avatar", sa.JSON(), nullable=False),
        sa.Column("exclude", sa.JSON(), nullable=False),
        sa.Column("adventurous", sa.Float(), nullable=False),
        sa.Column("sequels", sa.Boolean(), nullable=False),
        sa.Column("favourites", sa.JSON(), nullable=False),
        time("created"),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )
    op.create_index("people_by_kind", "people", ["kind", "created"])
    op.create_table(
        "entries",
        person(primary_key=True),
        title(primary_key=True, autoincrement=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("score", sa.SmallInteger()),
        sa.Column("episodes", sa.Integer(), nullable=False),
        sa.Column("rewatches", sa.Integer(), nullable=False),
        sa.Column("started", sa.Date()),
        sa.Column("finished", sa.Date()),
        time("updated"),
        sa.Column("position", sa.Integer(), nullable=False),
    )
    op.create_table(
        "hidden",
        person(primary_key=True),
        title(primary_key=True, autoincrement=False),
        time("at"),
    )
    op.create_table(
        "changes",
        person(primary_key=True),
        sa.Column("token", sa.String(100), primary_key=True),
        time("at"),
        sa.Column("kind", sa.String(16), nullable=False),
        title(),
        sa.Column("answer", sa.JSON(), nullable=False),
    )
    op.create_index("changes_by_time", "changes", ["at"])
    op.create_table(
        "events",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        time("at"),
        sa.Column("kind", sa.String(16), nullable=False),
        person(nullable=True),
        sa.Column("visitor", sa.String(32), nullable=False),
        title(),
        sa.Column("row", sa.String(64), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
    )
    op.create_index("events_by_time", "events", ["at"])
    op.create_index("events_by_person", "events", ["person_id", "title_id"])
    op.create_table(
        "api_profiles",
        sa.Column("user_id", sa.String(200), primary_key=True),
        time("updated"),
        sa.Column("profile", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    for table in ("api_profiles", "events", "changes", "hidden", "entries", "people"):
        op.drop_table(table)
