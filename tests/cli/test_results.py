"""Results as text."""

from __future__ import annotations

from jupyter_platform.cli.demo import draw_digits, image_lines
from jupyter_platform.cli.results import confusion_text, print_result


def test_a_confusion_matrix_names_its_axes_and_keeps_zeros_on_the_diagonal():
    text = confusion_text([[10, 2], [0, 0]], ["cat", "dog"])

    assert text.splitlines() == [
        "      predicted",
        "true  cat dog",
        "cat    10   2",
        "dog     ·   0",
    ]


def test_an_odd_image_is_drawn_two_rows_to_a_line():
    assert image_lines([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]) == ["▀▄", "▀▀"]


def test_digits_stand_side_by_side_over_truth_and_prediction():
    image = [[[1.0] * 8] * 8]
    examples = [{"input": image, "truth": 3, "prediction": 3}] * 9
    examples[1] = {"input": image, "truth": 3, "prediction": 8}

    lines = draw_digits(examples).splitlines()

    assert lines[0] == "  ".join(["█" * 8] * 8)
    assert lines[4].startswith("3 → 3     3 → 8 ✗   3 → 3")
    assert lines[6] == "█" * 8


def test_the_worst_class_comes_first(capsys):
    rows = [
        {"class": "good", "precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 5},
        {"class": "bad", "precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 4},
    ]
    print_result({"accuracy": 0.75, "top_k": {"1": 0.75}, "per_class": rows})

    out = capsys.readouterr().out
    assert out.index("bad") < out.index("good")
    assert "top k     1 0.75" in out


def test_each_agent_has_a_line(capsys):
    agents = [
        {"agent": 0, "episodes": 1200, "actions": 9, "mean_return": 7.5, "best": {"reward": 20.0}},
        {"agent": 1, "episodes": 0, "actions": 0, "mean_return": None, "best": None},
    ]
    print_result({"episodes": 1200, "agents": agents})

    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].split() == ["0", "1,200", "9", "7.5", "20"]
    assert lines[-1].split() == ["1", "0", "0", "–", "–"]


def test_what_to_know_of_a_score_comes_before_it(capsys):
    print_result({"accuracy": 0.5, "warnings": ["4 of 8 outputs are not finite."]})

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "▲ 4 of 8 outputs are not finite."
    assert "0.5" in lines[1]
