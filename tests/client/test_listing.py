"""Lists that draw themselves."""

from __future__ import annotations

from jupyter_platform.client.listing import SHOWN, Listing


def test_a_listing_is_a_list_and_draws_a_table():
    found = Listing([("a", "1"), ("long", "22")], ("name", "size"), lambda item: item)

    assert found[1] == ("long", "22")
    assert repr(found) == "name  size\na     1\nlong  22"


def test_html_of_a_name_is_escaped():
    found = Listing(["<script>"], ("name",), lambda item: (item,))

    assert "<script>" not in found._repr_html_()
    assert "&lt;script&gt;" in found._repr_html_()


def test_a_long_listing_says_how_much_it_does_not_draw():
    found = Listing([str(number) for number in range(200)], ("n",), lambda item: (item,))

    assert len(repr(found).splitlines()) == SHOWN + 2
    assert repr(found).endswith(f"{SHOWN} of 200 shown")
