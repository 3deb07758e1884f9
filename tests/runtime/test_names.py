import re

import pytest

from jupyter_platform.core.datasets import NAME_PATTERN
from jupyter_platform.runtime.names import free_name, name_from


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("sales", "sales"),
        ("my points", "my-points"),
        ("Umsätze 2024", "Umsatze-2024"),
        ("продажи", "prodazhi"),
        ("données-été", "donnees-ete"),
        ("a/b:c", "a-b-c"),
        ("..hidden..", "hidden"),
        ("x" * 100, "x" * 64),
    ],
)
def test_names_say_what_the_text_says(text, name):
    assert name_from(text, "data") == name


@pytest.mark.parametrize("text", ["売上", "データ", "销售数据", "مبيعات", "π", "💰", "_", ""])
def test_every_text_has_a_name_of_its_own(text):
    name = name_from(text, "data")

    assert re.fullmatch(NAME_PATTERN, name)
    assert name != "data"


def test_texts_of_which_nothing_is_left_differ():
    assert name_from("___", "data") != name_from("...", "data")


def test_the_first_free_number_is_taken():
    assert free_name("sales", set()) == "sales"
    assert free_name("sales", {"sales"}) == "sales-2"
    assert free_name("sales", {"sales", "sales-2"}) == "sales-3"
    assert free_name("x" * 64, {"x" * 64}) == "x" * 62 + "-2"
