"""Searching a catalogue of 10,000 items, beside SQLite's FTS5 with a count for each facet.

Each query is answered with a page of cards and the counts of nine fields.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
import time
from datetime import date, timedelta

from benchmarks.table import Row
from jupyter_platform.catalogue.search import ItemIndex
from jupyter_platform.core.marketplace import ItemCard, ItemQuery

ITEMS, QUERIES = 10_000, 500
WORDS_OF_DESCRIPTION = 250
FIELDS = {
    "libraries": ["TensorFlow", "PyTorch", "Keras", "Scikit-learn", "Other"],
    "tasks": ["Computer Vision", "Classification", "Time Series", "Regression", "Other"],
    "tags": [f"tag {number}" for number in range(300)],
}


def run() -> list[Row]:
    """Measure; about half a minute."""
    draw = random.Random(1)
    words = [
        "".join(draw.choices("abcdefghiklmnoprstuvw", k=draw.randint(3, 11))) for _ in range(30_000)
    ]
    cards = [_card(draw, words, number) for number in range(ITEMS)]
    texts = [" ".join(draw.choices(words, k=WORDS_OF_DESCRIPTION)) for _ in range(ITEMS)]
    index = ItemIndex(cards, texts)
    queries = [_query(draw, words) for _ in range(QUERIES)]
    ours = [_timed(lambda query=query: index.search(query, limit=60)) for query in queries]
    with contextlib.closing(_database(cards, texts)) as database:
        peer = [_timed(lambda query=query: _ask(database, query)) for query in queries]
    note = f"median {_quantile(ours, 0.5):.1f} ms; words and parts of words, nine facets"
    return [
        Row(
            "catalogue_search",
            "10,000 items: a query, p95",
            f"{_quantile(ours, 0.95):.1f} ms",
            "≤ 50 ms",
            note,
        ),
        Row(
            "catalogue_search",
            "the same by SQLite's FTS5, whole words, three facets, p95",
            f"{_quantile(peer, 0.95):.1f} ms",
            "peer",
        ),
    ]


def _card(draw: random.Random, words: list[str], number: int) -> ItemCard:
    return ItemCard(
        name=f"item-{number}",
        kind="module",
        title=" ".join(draw.choices(words, k=4)),
        summary=" ".join(draw.choices(words, k=15)),
        source="benchmark",
        runs=draw.choice(["here", "containers", "gpu"]),
        updated=date(2020, 1, 1) + timedelta(days=draw.randrange(2000)),
        categories=["AI4 inference"],
        **{field: draw.sample(values, 2) for field, values in FIELDS.items()},
    )


def _query(draw: random.Random, words: list[str]) -> ItemQuery:
    word = draw.choice(words)
    text = draw.choice(["", word, word[: draw.randint(1, len(word))], f"{word[:3]} {word[-2:]}"])
    fields = draw.sample(list(FIELDS), draw.randrange(3))
    chosen = {field: draw.sample(FIELDS[field], draw.randint(1, 3)) for field in fields}
    sort = draw.choice([None, "name", "updated"])
    return ItemQuery.model_validate({"text": text, "filters": chosen, "sort": sort})


def _timed(work: object) -> float:
    assert callable(work)
    began = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - began)


def _quantile(times: list[float], share: float) -> float:
    return sorted(times)[int(share * (len(times) - 1))]


def _database(cards: list[ItemCard], texts: list[str]) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE words USING fts5(title, summary, text)")
    database.execute("CREATE TABLE facets (item INTEGER, field TEXT, value TEXT)")
    for number, (card, text) in enumerate(zip(cards, texts, strict=True)):
        database.execute(
            "INSERT INTO words(rowid, title, summary, text) VALUES (?, ?, ?, ?)",
            (number, card.title, card.summary, text),
        )
        for field in FIELDS:
            rows = [(number, field, value) for value in getattr(card, field)]
            database.executemany("INSERT INTO facets VALUES (?, ?, ?)", rows)
    database.execute("CREATE INDEX by_value ON facets(field, value, item)")
    database.execute("CREATE INDEX by_item ON facets(item)")
    return database


def _ask(database: sqlite3.Connection, query: ItemQuery) -> None:
    conditions, values = ["1"], []
    if query.text:
        conditions.append("item IN (SELECT rowid FROM words WHERE words MATCH ?)")
        values.append(" ".join(f'"{word}"*' for word in query.text.split()))
    for field, chosen in query.filters.items():
        places = ", ".join("?" * len(chosen))
        conditions.append(
            f"item IN (SELECT item FROM facets WHERE field = ? AND value IN ({places}))"
        )
        values += [field, *chosen]
    where = " AND ".join(conditions)
    database.execute(f"SELECT DISTINCT item FROM facets WHERE {where} LIMIT 60", values).fetchall()
    for field in FIELDS:
        database.execute(
            f"SELECT value, count(*) FROM facets WHERE field = ? AND {where} GROUP BY value",
            [field, *values],
        ).fetchall()
