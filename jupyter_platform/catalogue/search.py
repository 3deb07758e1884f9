"""Search and filters over all items, in memory.

A set of items is a whole number, bit *n* for item *n*: a filter is a few operations on such
numbers, and a facet's count is a population count. A term is looked for among the distinct words,
each of which knows its items, so that no query reads all texts. Nothing but the standard library
is needed, which the public page of the Jupyter server relies on; SQLite's FTS5 finds words and
their beginnings, not parts of words, and would need a statement for each count.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import accumulate

from jupyter_platform.core.marketplace import (
    FILTER_FIELDS,
    FacetValue,
    FilterField,
    ItemCard,
    ItemFilter,
    ItemPage,
    ItemQuery,
    Sort,
)

OTHER = "Other"
_TERM = re.compile(r'"([^"]*)"?|(\S+)')
_MOST_WORDS = 200
"""Words with a term in them whose items are joined; a term in more stands early in most texts."""


def folded(text: str) -> str:
    """Return text as searches compare it: without case and in one Unicode form."""
    return unicodedata.normalize("NFKC", text).casefold()


def search_terms(text: str) -> list[str]:
    """Return the terms of a search text, all of which must be found: words, quoted phrases."""
    found = (phrase or word for phrase, word in _TERM.findall(folded(text)))
    return [term for item in found if (term := " ".join(item.split()))]


def values_of(card: ItemCard, field: FilterField) -> list[str]:
    """Return the values that an item has in a field.

    Parameters
    ----------
    card : ItemCard
        The item.
    field : str
        One of `FILTER_FIELDS`.
    """
    value = getattr(card, field)
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


class ItemIndex:
    """All items, ready to be searched.

    Parameters
    ----------
    cards : sequence of ItemCard
        The items.
    texts : sequence of str
        For each the text that searches look through besides title and summary.
    """

    def __init__(self, cards: Sequence[ItemCard], texts: Sequence[str]) -> None:
        order = sorted(range(len(cards)), key=lambda place: _by_name(cards[place]))
        self.cards = [cards[place] for place in order]
        self._titles = [folded(card.title) for card in self.cards]
        self._summaries = [folded(card.summary) for card in self.cards]
        self._texts = [
            "\n".join(
                " ".join(folded(part).split())
                for part in (card.name, card.title, card.summary, *card.tags, texts[place])
            )
            for card, place in zip(self.cards, order, strict=True)
        ]
        self._all = (1 << len(self.cards)) - 1
        self._masks = {field: self._masks_of(field) for field in FILTER_FIELDS}
        self._words = _Vocabulary(self._texts)
        newest = sorted(range(len(self.cards)), key=lambda bit: _by_date(self.cards[bit]))
        self._newest = {bit: rank for rank, bit in enumerate(newest)}

    def __len__(self) -> int:
        return len(self.cards)

    def search(self, query: ItemQuery, *, limit: int, offset: int = 0) -> ItemPage:
        """Return a page of the items that a query finds, with the counts of all facets.

        Parameters
        ----------
        query : ItemQuery
            What to look for.
        limit, offset : int
            Items at most, and how many are left out before.
        """
        terms = search_terms(query.text)
        found = self._with_text(terms)
        alternatives = [query.filters, *query.groups] if query.filters else query.groups
        passed = found if not alternatives else 0
        for alternative in alternatives:
            passed |= self._filtered(alternative, found)
        places = self._sorted(list(_bits(passed)), query.sort, terms)
        return ItemPage(
            total=len(places),
            items=[self.cards[bit] for bit in places[offset : offset + limit]],
            facets={field: self._facet(field, query.filters, found) for field in FILTER_FIELDS},
            offset=offset,
            all=len(self.cards),
        )

    def _masks_of(self, field: FilterField) -> dict[str, int]:
        return _masks((values_of(card, field), bit) for bit, card in enumerate(self.cards))

    def _with_text(self, terms: Sequence[str]) -> int:
        found = self._all
        for term in terms:
            parts = term.split()
            known = [self._words.items_with(part) for part in parts]
            for items in known:
                found &= self._all if items is None else items
            if len(parts) > 1 or None in known:
                found = _number([bit for bit in _bits(found) if term in self._texts[bit]])
        return found

    def _filtered(self, chosen: ItemFilter, found: int) -> int:
        for field, values in chosen.items():
            masks, any_of = self._masks[field], 0
            for value in values:
                any_of |= masks.get(value, 0)
            found &= any_of
        return found

    def _facet(self, field: FilterField, chosen: ItemFilter, found: int) -> list[FacetValue]:
        others = {other: values for other, values in chosen.items() if other != field}
        left = self._filtered(others, found)
        ticked = set(chosen.get(field, ()))
        counted = (
            FacetValue(value=value, count=(mask & left).bit_count())
            for value, mask in self._masks[field].items()
        )
        kept = [item for item in counted if item.count or item.value in ticked]
        return sorted(kept, key=lambda item: (item.value == OTHER, -item.count, _key(item.value)))

    def _sorted(self, bits: list[int], sort: Sort | None, terms: Sequence[str]) -> list[int]:
        """Return items in order; they come by name, which decides between equals."""
        if sort == "updated":
            return sorted(bits, key=self._newest.__getitem__)
        if terms and sort in (None, "relevance"):
            scores = self._relevance(bits, terms)
            return sorted(bits, key=lambda bit: -scores[bit])
        return bits

    def _relevance(self, bits: Sequence[int], terms: Sequence[str]) -> dict[int, int]:
        """Return how well items fit: each term counts by where it stands."""
        scores = dict.fromkeys(bits, 0)
        for term in terms:
            for bit in bits:
                title = self._titles[bit]
                if term in title:
                    scores[bit] += 10 if title.startswith(term) else 8
                else:
                    scores[bit] += 4 if term in self._summaries[bit] else 1
        return scores


class _Vocabulary:
    """The distinct words of all texts, each with the items that hold it."""

    def __init__(self, texts: Sequence[str]) -> None:
        items: dict[str, list[int]] = {}
        for bit, text in enumerate(texts):
            for word in set(text.split()):
                items.setdefault(word, []).append(bit)
        self._items = [array("I", found) for found in items.values()]
        self._starts = list(accumulate((len(word) + 1 for word in items), initial=0))
        self._joined = "\n".join(items)

    def items_with(self, part: str) -> int | None:
        """Return the items with a word that holds `part`; None where those are too many words."""
        found: set[int] = set()
        place, words = self._joined.find(part), 0
        while place >= 0:
            word = bisect(self._starts, place) - 1
            found.update(self._items[word])
            words += 1
            if words > _MOST_WORDS:
                return None
            place = self._joined.find(part, self._starts[word + 1])
        return _number(sorted(found))


def _masks(values: Iterable[tuple[Iterable[str], int]]) -> dict[str, int]:
    """Return for each value the set of items that have it; bits are set in bytes, not in ints."""
    places: dict[str, list[int]] = {}
    for found, bit in values:
        for value in found:
            places.setdefault(value, []).append(bit)
    return {value: _number(bits) for value, bits in places.items()}


def _number(bits: Sequence[int]) -> int:
    """Return a set of items as a number; `bits` ascend."""
    if not bits:
        return 0
    filled = bytearray((bits[-1] >> 3) + 1)
    for bit in bits:
        filled[bit >> 3] |= 1 << (bit & 7)
    return int.from_bytes(filled, "little")


def _bits(number: int) -> Iterator[int]:
    for place, byte in enumerate(number.to_bytes((number.bit_length() + 7) // 8, "little")):
        while byte:
            low = byte & -byte
            yield (place << 3) + low.bit_length() - 1
            byte ^= low


def _key(text: str) -> str:
    """Return what a name is sorted by: letters without accents, whatever the locale."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _by_name(card: ItemCard) -> tuple[str, str, str]:
    return _key(card.title), card.title, card.name


def _by_date(card: ItemCard) -> int:
    return -(card.updated or date.min).toordinal()
