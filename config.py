"""Every setting of Nextep, read once from the environment and `.env`."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent


class SettingsError(ValueError):
    """A setting has a value that is not allowed; the message names it and what is."""


class Settings(BaseSettings):
    """The settings. A field's alias is the name of its environment variable, its description the documentation.

    A blank value counts as none given.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", populate_by_name=True, frozen=True
    )

    env: Literal["development", "production"] = Field(
        "development",
        alias="NEXTEP_ENV",
        description="development or production; production refuses a missing secret key and a superuser of Elasticsearch.",
    )
    var: Path = Field(
        Path("var"),
        alias="NEXTEP_VAR",
        description="Folder of everything generated: indices, vectors, models, database.",
    )
    host: str = Field("127.0.0.1", alias="NEXTEP_HOST", description="Address that the site listens on.")
    port: int = Field(8000, ge=1, le=65535, alias="NEXTEP_PORT", description="Port that the site listens on.")
    workers: int = Field(1, ge=1, le=64, alias="NEXTEP_WORKERS", description="Worker processes of the site.")
    threads: int = Field(8, ge=1, le=128, alias="NEXTEP_THREADS", description="Threads in each worker process.")
    embedder: str = Field(
        "minilm",
        min_length=1,
        alias="NEXTEP_EMBEDDER",
        description="minilm, e5, kanana, lsa, or any sentence-transformers name or folder.",
    )
    embedder_revision: str | None = Field(
        None, alias="NEXTEP_EMBEDDER_REVISION", description="Revision (commit) of a hub model to pin."
    )
    trust_remote_code: bool = Field(
        False,
        alias="NEXTEP_TRUST_REMOTE_CODE",
        description="1 lets a hub model bring code of its own (Kanana does); it then needs a pinned revision.",
    )
    rate_limit: int = Field(
        120,
        ge=0,
        alias="NEXTEP_RATE_LIMIT",
        description="Searches, writes and painted share pictures a minute and address; 0 = no limit.",
    )
    adult: bool = Field(False, alias="NEXTEP_ADULT", description="1 shows adult titles.")
    today: datetime.date | None = Field(
        None, alias="NEXTEP_TODAY", description="The date that rows depend on (YYYY-MM-DD); empty = the real one."
    )
    secret_key: SecretStr | None = Field(
        None, alias="NEXTEP_SECRET_KEY", description="Key that signs cookies; production refuses to start without one."
    )
    api_tokens: SecretStr | None = Field(
        None,
        alias="NEXTEP_API_TOKENS",
        description="Comma-separated tokens of the services that may use profiles and hybrid; empty = anybody may.",
    )
    admin_token: SecretStr | None = Field(
        None,
        alias="NEXTEP_ADMIN_TOKEN",
        description="Token of the operator for /admin/conversion; empty = nobody sees it.",
    )
    images: bool = Field(
        False,
        alias="NEXTEP_IMAGES",
        description="1 shows a catalogue's own pictures (its image_url), fetched and kept by this site.",
    )
    posters: Path | None = Field(
        None,
        alias="NEXTEP_POSTERS",
        description="A folder of posters (<id>.jpg, .png or .webp) that stand before any other picture.",
    )
    proxies: int = Field(
        0,
        ge=0,
        le=8,
        alias="NEXTEP_PROXIES",
        description="Trusted proxies in front, whose X-Forwarded-* headers count.",
    )
    hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), alias="NEXTEP_HOSTS", description="Comma-separated host names the site answers to; empty = any."
    )
    model_dir: Path | None = Field(
        None, alias="NEXTEP_MODEL_DIR", description="A folder that `nextep train` wrote, or a folder of them."
    )
    elasticsearch_url: Annotated[tuple[str, ...], NoDecode] = Field(
        (), alias="ELASTICSEARCH_URL", description="Comma-separated addresses; empty = the embedded engine."
    )
    elasticsearch_api_key: SecretStr | None = Field(
        None, alias="ELASTICSEARCH_API_KEY", description="API key (encoded form) for Elasticsearch."
    )
    elasticsearch_username: str | None = Field(
        None, alias="ELASTICSEARCH_USERNAME", description="User of Elasticsearch."
    )
    elasticsearch_password: SecretStr | None = Field(
        None, alias="ELASTICSEARCH_PASSWORD", description="Password of that user."
    )
    elasticsearch_ca_certs: Path | None = Field(
        None, alias="ELASTICSEARCH_CA_CERTS", description="PEM file of the authority that signed its certificate."
    )
    index_name: str = Field(
        "nextep",
        pattern=r"^[a-z0-9][a-z0-9_.-]{0,99}$",
        alias="NEXTEP_INDEX",
        description="Alias of the index in Elasticsearch; its generations' names begin with it.",
    )
    es_timeout: float = Field(
        0.9,
        gt=0,
        le=60,
        alias="NEXTEP_ES_TIMEOUT",
        description="Seconds that a search waits for one node of Elasticsearch while there is another to ask.",
    )
    es_retries: int = Field(
        2, ge=0, le=10, alias="NEXTEP_ES_RETRIES", description="Further nodes that a search tries when one fails."
    )
    es_breaker_failures: int = Field(
        5,
        ge=1,
        le=1000,
        alias="NEXTEP_ES_BREAKER_FAILURES",
        description="Failed searches in a row after which the site stops asking for a while.",
    )
    es_breaker_seconds: float = Field(
        3.0,
        gt=0,
        le=600,
        alias="NEXTEP_ES_BREAKER_SECONDS",
        description="How long that while is; then one request tries again.",
    )
    database_url: str | None = Field(
        None, alias="DATABASE_URL", description="SQLAlchemy URL; empty = SQLite in NEXTEP_VAR."
    )

    @field_validator("hosts", "elasticsearch_url", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def date(self) -> datetime.date:
        """The date that rows depend on."""
        return self.today or datetime.date.today()

    @property
    def tokens(self) -> tuple[str, ...]:
        """The API tokens, none where the API is open."""
        given = self.api_tokens.get_secret_value() if self.api_tokens else ""
        return tuple(part.strip() for part in given.split(",") if part.strip())

    @property
    def index_dir(self) -> Path:
        """Where the embedded engine keeps its generations."""
        return self.var / "index"

    @property
    def vectors_dir(self) -> Path:
        """Where the cache of embeddings lives."""
        return self.var / "vectors"

    @property
    def default_models_dir(self) -> Path:
        """Where `nextep index` puts the models learned from the simulated crowd."""
        return self.var / "models" / "default"

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address: DATABASE_URL, else SQLite in NEXTEP_VAR."""
        return self.database_url or f"sqlite:///{(self.var / 'nextep.sqlite3').resolve()}"


def load(**overrides: object) -> Settings:
    """Read the settings; raise SettingsError that names each bad value and what is allowed."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = str(problem["loc"][0])
            lines.append(f"{name}={problem['input']!r}: {problem['msg'].removeprefix('Input ')}. {_help(name)}")
        raise SettingsError("\n".join(lines)) from None


def _help(name: str) -> str:
    for key, info in Settings.model_fields.items():
        if name in (key, info.alias):
            return info.description or ""
    return ""
