"""Searches and opened titles"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "searches",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visitor", sa.String(32), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("key", sa.String(500), nullable=False),
        sa.Column("resolution", sa.String(16), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
    )
    op.create_index("searches_by_time", "searches", ["at"])
    op.create_index("searches_by_key", "searches", ["key", "at"])
    op.create_table(
        "opened",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visitor", sa.String(32), nullable=False),
        sa.Column("title_id", sa.BigInteger(), nullable=False),
    )
    op.create_index("opened_by_time", "opened", ["at"])


def downgrade() -> None:
    op.drop_table("opened")
    op.drop_table("searches")
