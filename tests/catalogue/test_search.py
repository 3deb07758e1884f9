"""Search and filters, against a reference that looks at every item."""

from __future__ import annotations

import random
from datetime import date

import pytest

from jupyter_platform.catalogue.entries import ItemFiles, make_entry
from jupyter_platform.catalogue.reading import read_metadata
from jupyter_platform.catalogue.search import ItemIndex
from jupyter_platform.core.errors import OptionError
from jupyter_platform.core.marketplace import FILTER_FIELDS, ItemQuery, item_query

from .files import FILES

FIELDS = ("libraries", "tasks", "categories", "data_types", "tags")


@pytest.fixture(scope="module")
def entries():
    found = []
    for path in FILES:
        metadata = read_metadata(path.read_text(encoding="utf-8"), path.stem)
        found.append(make_entry(ItemFiles(path.stem, metadata), path.parent.name))
    return found


@pytest.fixture(scope="module")
def index(entries):
    return ItemIndex([entry.record for entry in entries], [entry.text for entry in entries])


def values(record, field):
    value = getattr(record, field)
    return set(value) if isinstance(value, list) else {value}


def holds(entry, text):
    record = entry.record
    parts = (record.name, record.title, record.summary, *record.tags, entry.text)
    return any(text.lower() in " ".join(part.split()).lower() for part in parts)


def passes(record, chosen):
    return all(values(record, field) & set(wanted) for field, wanted in chosen.items())


def reference(entries, terms, chosen, groups):
    """Return the names of the items that a query finds, by looking at each."""
    alternatives = [*([chosen] if chosen else []), *groups] or [{}]
    return {
        entry.record.name
        for entry in entries
        if all(holds(entry, term) for term in terms)
        and any(passes(entry.record, one) for one in alternatives)
    }


def draw_filter(draw, entries):
    chosen = {}
    for field in draw.sample(FIELDS, draw.randrange(4)):
        known = sorted(set().union(*(values(entry.record, field) for entry in entries)))
        chosen[field] = draw.sample(
            [*known, "nothing has this"], draw.randint(1, min(3, len(known)))
        )
    return chosen


TERMS = ["plankton", "IMAGE", "a", "th", "segment", "deep learning", "µ", "zzz", "tensorflow", "-"]


def test_a_thousand_queries_find_what_a_look_at_every_item_finds(entries, index):
    draw = random.Random(11)
    records = {entry.record.name: entry.record for entry in entries}
    found_any = 0
    for number in range(1000):
        terms = draw.sample(TERMS, draw.choice([0, 0, 1, 1, 2]))
        chosen = draw_filter(draw, entries)
        groups = [
            one for _ in range(draw.choice([0, 0, 1, 2])) if (one := draw_filter(draw, entries))
        ]
        sort = draw.choice([None, "name", "updated", "relevance"])
        text = " ".join(f'"{term}"' if " " in term else term for term in terms)

        page = index.search(
            ItemQuery(text=text, filters=chosen, groups=groups, sort=sort), limit=500
        )

        names = [card.name for card in page.items]
        expected = reference(entries, terms, chosen, groups)
        assert set(names) == expected
        assert page.total == len(names) == len(expected)
        found_any += bool(expected)
        if number % 10 == 0:
            check_facets(page, records, entries, terms, chosen)
    assert found_any > 300


def check_facets(page, records, entries, terms, chosen):
    """Each value's count is what ticking it alone in its field would give."""
    for field in FILTER_FIELDS:
        others = {name: wanted for name, wanted in chosen.items() if name != field}
        left = reference(entries, terms, others, [])
        for facet in page.facets[field]:
            having = sum(facet.value in values(records[name], field) for name in left)
            assert facet.count == having, (field, facet)
        counted = {facet.value for facet in page.facets[field]}
        present = set().union(*(values(records[name], field) for name in left)) if left else set()
        assert present - {None} <= counted


@pytest.mark.parametrize("text", ["plankton", "PLANKTON", "Plankton "])
def test_a_word_is_found_in_any_case(entries, index, text):
    page = index.search(ItemQuery(text=text), limit=100)

    names = {card.name for card in page.items}
    said = {
        entry.record.name
        for entry in entries
        if "plankton" in f"{entry.record.title} {entry.record.summary}".lower()
    }
    assert said <= names
    assert page.all == len(entries)
    # Where it stands in the title comes first.
    assert "plankton" in f"{page.items[0].title} {page.items[0].name}".lower()


def test_items_are_sorted_by_name_and_by_date(entries, index):
    by_name = [card.title for card in index.search(ItemQuery(), limit=500).items]
    by_date = index.search(ItemQuery(sort="updated"), limit=500).items

    assert by_name == sorted(by_name, key=str.casefold)
    days = [card.updated or date.min for card in by_date]
    assert days == sorted(days, reverse=True)
    for before, after in zip(by_date, by_date[1:], strict=False):
        if before.updated == after.updated:
            assert by_name.index(before.title) <= by_name.index(after.title)


def test_pages_together_are_the_whole(index):
    whole = [card.name for card in index.search(ItemQuery(), limit=500).items]

    pages = [index.search(ItemQuery(), limit=7, offset=start) for start in range(0, len(whole), 7)]

    assert [card.name for page in pages for card in page.items] == whole


def test_facets_come_by_frequency_with_other_last(index):
    page = index.search(ItemQuery(), limit=1)

    libraries = [facet.value for facet in page.facets["libraries"]]
    counts = [facet.count for facet in page.facets["tags"]]
    assert libraries[-1] == "Other"
    assert counts == sorted(counts, reverse=True)


def test_an_unknown_field_is_refused_by_name():
    with pytest.raises(OptionError, match="'library'.*Did you mean 'libraries'"):
        item_query("", {"library": ["PyTorch"]})
    with pytest.raises(OptionError, match="A group is a JSON object"):
        item_query("", {}, ['{"library": ["PyTorch"]}'])
