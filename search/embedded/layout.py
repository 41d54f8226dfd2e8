"""Files and fields of a generation: known to its writer and its reader."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import tantivy

CURRENT = "CURRENT"
LOCK = "BUILD.lock"
MANIFEST = "manifest.json"
DOCUMENTS = "documents.jsonl"
COLUMNS = "columns.npz"
NAMES = "names.json"
WORDS_DIR = "words"
FORMAT_VERSION = 1
TANTIVY = version("tantivy")

# Lexical fields: analysed English, and fields whose words the application makes itself.
ENGLISH_FIELDS = ("en", "tags")
SPLIT_FIELDS = ("name", "bi", "name_bi")
ENGLISH = "nextep_english"


def english_analyzer() -> tantivy.TextAnalyzer:
    """Return the analyser of English text: folded, without stop words, stemmed."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


def schema() -> tantivy.Schema:
    """Return the schema of the lexical index; `doc` is the row of the columns."""
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("doc", stored=False, indexed=True, fast=True)
    for name in ENGLISH_FIELDS:
        builder.add_text_field(name, stored=False, tokenizer_name=ENGLISH, index_option="freq")
    for name in SPLIT_FIELDS:
        builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("facet", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("year", stored=False, indexed=True, fast=True)
    builder.add_integer_field("episodes", stored=False, indexed=True, fast=True)
    return builder.build()


def open_words(folder: Path, create: bool = False) -> tantivy.Index:
    """Open (or create) the lexical index in `folder` with its analysers registered."""
    index = tantivy.Index(schema(), path=str(folder)) if create else tantivy.Index.open(str(folder))
    index.register_tokenizer(ENGLISH, english_analyzer())
    return index


def vectors_file(space: str) -> str:
    """Name the file of a space's document vectors."""
    return f"vectors-{space}.npy"


def passages_file(space: str) -> str:
    """Name the file of a space's passage vectors, in the order of the documents."""
    return f"passages-{space}.npy"


def offsets_file(space: str) -> str:
    """Name the file of the first passage of each document, (documents + 1,)."""
    return f"passage-offsets-{space}.npy"
