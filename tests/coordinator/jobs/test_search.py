import pytest

from jupyter_platform.coordinator.jobs.search import search_terms, search_text

TEXT = search_text(
    ["0123", "My big job", "LEARN", "lenet"],
    {"method": "SGD", "epsilon": 1e-8, "clean": False},
    {"learning_rate": 0.2, "batch_size": 32, "milestones": [10, 20]},
)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("sgd", True),
        ("method=SGD", True),
        ("learning_rate=0.2", True),
        ("learning_rate=0", False),
        ("batch_size=3", False),
        ("batch_size=32", True),
        ("milestones=10,20", True),
        ("batch_si", True),
        ('"big job"', True),
        ('"my job"', False),
        ("job my", True),
        ('lenet "my big', True),
        ("epsilon", False),
        ('""', True),
        ("", True),
    ],
)
def test_words_phrases_and_options_are_found(search, found):
    assert all(term in TEXT for term in search_terms(search)) is found
