"""What is said of networks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jupyter_platform.core.catalogue import NetworkRecord, TagOrigin, TagRecord, TagVariant
from jupyter_platform.core.networks import (
    LayerRecord,
    NetworkDescription,
    NetworkFacts,
    NetworkSource,
)
from jupyter_platform.panels.network_views import best_score, network_row, shape

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FACTS = NetworkFacts(
    layers=[
        LayerRecord(name="conv1", type="Conv2d", output_shape=[6, 8, 8], parameters=60),
        LayerRecord(name="scores", type="Linear", output_shape=[10], parameters=3850),
    ],
    parameters=3910,
    input_shape=[1, 8, 8],
    output_shape=[10],
)


def tag(name: str, **scores: dict[str, float | None]) -> TagRecord:
    variants = [
        TagVariant(variant=variant, digest="0" * 64, bytes=1, step=1200, scores=values)
        for variant, values in scores.items()
    ]
    return TagRecord(
        network="net",
        tag=name,
        job="0123456789ab",
        dataset="digits",
        network_digest="0" * 64,
        variants=variants,
        updated_at=NOW - timedelta(minutes=3),
    )


def record(*tags: TagRecord, facts: NetworkFacts | None = FACTS, **fields: Any) -> NetworkRecord:
    description = NetworkDescription(name="net", layers=(), **fields)
    return NetworkRecord(description=description, origin="added", facts=facts, tags=list(tags))


def test_the_best_score_is_the_highest_accuracy_of_all_tags():
    first = tag("a", last={"validation_accuracy": 0.9, "validation_loss": 0.1})
    second = tag("b", best={"validation_accuracy": 0.97, "validation_loss": 0.2})

    best = best_score(record(first, second))

    assert (best.text, best.tag) == ("accuracy 0.970", "b/best")


def test_without_an_accuracy_it_is_the_lowest_loss():
    best = best_score(
        record(tag("a", last={"validation_loss": 3.5}, best={"validation_loss": 2.25}))
    )

    assert (best.text, best.tag) == ("loss 2.25", "a/best")


@pytest.mark.parametrize("scores", [{}, {"validation_loss": None}])
def test_weights_that_were_not_validated_have_no_best_score(scores):
    assert best_score(record(tag("a", last=scores))) is None


def test_a_page_has_layers_weights_scores_and_the_job_that_made_them():
    row = network_row(record(tag("first", best={"validation_accuracy": 0.97})), "/user/me/", NOW)

    page = row.head + row.page
    for piece in ("conv1", "Conv2d", "6 × 8 × 8", "3,850", "3,910", "1 × 8 × 8"):
        assert piece in page
    for piece in ("first", "best", "1,200", "0.970", "digits", "3 min ago"):
        assert piece in page
    assert 'href="/user/me/lab?job=0123456789ab"' in page
    assert 'data-jupyter-platform-job="0123456789ab"' in page


def test_what_people_write_is_text_and_never_html():
    row = network_row(record(title="<script>alert(1)</script>", summary="a & <b>"), "", NOW)

    assert "<script>" not in row.head + row.page
    assert "&lt;script&gt;" in row.head
    assert "a &amp; &lt;b&gt;" in row.head


def test_a_network_nobody_has_trained_says_how_to():
    row = network_row(record(), "", NOW)

    assert "%submit LEARN net DATASET" in row.page
    assert "not trained yet" in row.cells


def test_layers_that_are_not_known_are_said_to_be_so():
    row = network_row(record(facts=None), "", NOW)

    assert not row.complete
    assert "Not known yet" in row.page


def test_shapes():
    assert [shape(item) for item in ([3, 32, 32], [1000], [], None)] == [
        "3 × 32 × 32",
        "1,000",
        "1",
        "as its dataset",
    ]


def test_a_network_that_takes_the_shape_of_its_dataset_shows_how_it_is_described():
    described = NetworkRecord(
        description=NetworkDescription(
            name="net",
            layers=(
                {"type": "Linear", "name": "fc", "in_features": "$features", "out_features": 64},
                {"type": "Conv2d", "kernel_size": [3, 3]},
            ),
        ),
        origin="bundled",
        facts=NetworkFacts(layers=[], parameters=0, input_shape=None, output_shape=None),
    )

    row = network_row(described, "", NOW)

    assert "in_features=(values of a sample) out_features=64" in row.page
    assert "kernel_size=[3, 3]" in row.page
    assert "follow from the dataset" in row.page
    assert '<span class="jp-PlatformPanel-parameters">–</span>' in row.cells


def test_actions_lead_to_the_form_here_and_elsewhere():
    trained = network_row(record(tag("a", last={})), "/user/me/", NOW).actions
    fresh = network_row(record(), "/user/me/", NOW).actions

    assert 'data-jupyter-platform-submit="LEARN"' in fresh
    assert 'href="/user/me/lab?submit&amp;type=LEARN&amp;network=net"' in fresh
    assert "EVALUATE" not in fresh  # there are no weights to evaluate
    assert 'data-jupyter-platform-submit="EVALUATE"' in trained
    archive = "jupyter-platform/api/networks/net/archive"
    assert f'href="/user/me/{archive}"' in fresh
    assert f'data-jupyter-platform-download="{archive}"' in fresh


def test_weights_tell_what_they_were_made_with():
    made = TagOrigin(torch="2.9", seed=7, options={"method": "ADAM", "l2": None, "batch_size": 8})
    page = network_row(record(tag("a", last={}).model_copy(update={"origin": made})), "", NOW).page

    assert "torch 2.9 · seed 7 · ADAM" in page
    assert "batch_size = 8" in page
    assert "l2" not in page


def test_a_network_of_source_shows_it_as_text():
    source = NetworkSource(
        files={"net.py": "# <script>alert(1)</script>\n", "parts/block.py": "WIDTH = 3\n"},
        main="net.py",
        attribute="Net",
        arguments={"hidden": 4},
    )

    shown = str(network_row(record(source=source), "/", NOW).page)

    assert "<summary>net.py</summary><pre># &lt;script&gt;alert(1)" in shown
    assert "<summary>parts/block.py</summary>" in shown
    assert "<p>Net(hidden=4)</p>" in shown
