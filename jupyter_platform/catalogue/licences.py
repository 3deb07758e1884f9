"""Licences: names as people write them, SPDX identifiers, and the vocabulary of the EU.

The vocabulary is http://publications.europa.eu/resource/authority/licence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

AUTHORITY = "http://publications.europa.eu/resource/authority/licence/"


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence as it is shown."""

    name: str
    """SPDX identifier, or the text as it was given."""
    url: str | None
    """Its entry in the vocabulary of the EU."""


_EU = {
    "AGPL-3.0": "AGPL_3_0",
    "Apache-2.0": "APACHE_2_0",
    "BSD-2-Clause": "BSD_2_CLAUSE",
    "BSD-3-Clause": "BSD_3_CLAUSE",
    "CC0-1.0": "CC0",
    "CC-BY-4.0": "CC_BY_4_0",
    "CC-BY-NC-4.0": "CC_BYNC_4_0",
    "CC-BY-NC-SA-4.0": "CC_BYNCSA_4_0",
    "CC-BY-SA-4.0": "CC_BYSA_4_0",
    "EUPL-1.2": "EUPL_1_2",
    "GPL-2.0": "GPL_2_0",
    "GPL-3.0": "GPL_3_0",
    "ISC": "ISC",
    "LGPL-2.1": "LGPL_2_1",
    "LGPL-3.0": "LGPL_3_0",
    "MIT": "MIT",
    "MPL-2.0": "MPL_2_0",
}
"""SPDX identifier, without ``-only`` and ``-or-later``, and name in the vocabulary."""
_ALIASES = {
    "agpl3": "AGPL-3.0",
    "apache2": "Apache-2.0",
    "apache": "Apache-2.0",
    "asl2": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd3": "BSD-3-Clause",
    "newbsd": "BSD-3-Clause",
    "modifiedbsd": "BSD-3-Clause",
    "bsd2": "BSD-2-Clause",
    "simplifiedbsd": "BSD-2-Clause",
    "cc0": "CC0-1.0",
    "ccby4": "CC-BY-4.0",
    "expat": "MIT",
    "gpl2": "GPL-2.0",
    "gpl3": "GPL-3.0",
    "lgpl3": "LGPL-3.0",
    "mpl2": "MPL-2.0",
}
_SUFFIX = re.compile(r"-(only|or-later)$", re.IGNORECASE)
_EMPTY_WORDS = re.compile(r"\b(the|licen[cs]es?|version|software|clause)\b|\bv(?=\d)")
_LONG_NAMES = {
    "gnu affero general public": "agpl",
    "gnu lesser general public": "lgpl",
    "gnu general public": "gpl",
    "creative commons attribution": "cc by",
    "mozilla public": "mpl",
    "european union public": "eupl",
}
_TRAILING_ZERO = re.compile(r"\.0\b")


def find_licence(text: str) -> Licence:
    """Return the licence that a text names; an unknown one stays plain text without address.

    Parameters
    ----------
    text : str
        SPDX identifier, a common name, or an address of the vocabulary.
    """
    given = text.strip()
    key = given.removeprefix(AUTHORITY).removeprefix(AUTHORITY.replace("http:", "https:"))
    for spdx, name in _EU.items():
        if key == name:
            return Licence(spdx, AUTHORITY + name)
    base = _SUFFIX.sub("", given)
    known = {spdx.lower(): spdx for spdx in _EU}
    found = known.get(base.lower()) or known.get(base.lower().replace(" ", "-"))
    found = found or _ALIASES.get(_squeezed(base)) or _squeezed_spdx(base)
    if found is None:
        return Licence(given[:200], None)
    suffix = given[len(base) :] if base != given else ""
    return Licence(found + suffix.lower(), AUTHORITY + _EU[found])


def _squeezed(text: str) -> str:
    words = _TRAILING_ZERO.sub("", text.lower())
    for name, short in _LONG_NAMES.items():
        words = words.replace(name, short)
    return re.sub(r"[^a-z0-9.]", "", _EMPTY_WORDS.sub(" ", words))


def _squeezed_spdx(text: str) -> str | None:
    wanted = _squeezed(text)
    return next((spdx for spdx in _EU if _squeezed(spdx) == wanted), None)


_FIRST_WORDS = 3_000
_TELLING = (
    ("GNU AFFERO GENERAL PUBLIC LICENSE Version 3", "AGPL-3.0"),
    ("GNU LESSER GENERAL PUBLIC LICENSE Version 3", "LGPL-3.0"),
    ("GNU GENERAL PUBLIC LICENSE Version 3", "GPL-3.0"),
    ("GNU GENERAL PUBLIC LICENSE Version 2", "GPL-2.0"),
    ("Apache License Version 2.0", "Apache-2.0"),
    ("Mozilla Public License Version 2.0", "MPL-2.0"),
    ("Permission is hereby granted, free of charge", "MIT"),
    ("Neither the name of", "BSD-3-Clause"),
    ("Redistribution and use in source and binary forms", "BSD-2-Clause"),
)
"""Words of licences, the more telling first."""


def licence_of_text(text: str) -> str | None:
    """Return the SPDX identifier of a licence's text; None where it is not recognised."""
    words = re.sub(r"[\s,]+", " ", text[:_FIRST_WORDS]).lower()
    for telling, spdx in _TELLING:
        if re.sub(r"[\s,]+", " ", telling).lower() in words:
            return spdx
    return None
