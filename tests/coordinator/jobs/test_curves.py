import json

import numpy as np
import pytest

from jupyter_platform.coordinator.jobs.curves import AttemptCurves, JobCurves, Window
from jupyter_platform.core.errors import NotFoundError
from jupyter_platform.core.jobs import MetricsRecord
from jupyter_platform.runtime.records import RECORD_DTYPE, series_file_name


@pytest.fixture
def write(tmp_path):
    """Write the records of one attempt; return where they are and what they hold."""
    folders = []

    def build(steps, values=None, *, series="loss", resume_step=0, tail=b""):
        folder = tmp_path / str(len(folders)) / "metrics"
        folder.mkdir(parents=True)
        folders.append(folder)
        records = np.empty(len(steps), RECORD_DTYPE)
        records["step"] = steps
        records["time"] = 1.7e9 + np.arange(len(steps)) * 0.01
        records["value"] = np.zeros(len(steps)) if values is None else values
        (folder / series_file_name(series)).write_bytes(records.tobytes() + tail)
        return AttemptCurves(folder, resume_step), records

    return build


def thinned(curves, series="loss", **window):
    record = MetricsRecord.model_validate_json(curves.metrics_json([series], Window(**window)))
    return record.series[series]


@pytest.mark.parametrize("count", [1, 7, 1999, 2000, 2001, 10_007])
def test_buckets_are_exact(write, count):
    values = np.random.default_rng(count).normal(size=count)
    attempt, records = write(np.arange(count), values)

    points = thinned(JobCurves([attempt]), buckets=2000)

    pieces = np.array_split(values, min(count, 2000))
    assert points.points == count
    assert sorted(map(len, pieces))[-1] - sorted(map(len, pieces))[0] <= 1
    assert len(points.mean) == len(pieces)
    edges = np.arange(len(pieces) + 1) * count // len(pieces)
    expected = [values[low:high] for low, high in zip(edges, edges[1:], strict=False)]
    assert points.min == [piece.min() for piece in expected]
    assert points.max == [piece.max() for piece in expected]
    np.testing.assert_allclose(points.mean, [piece.mean() for piece in expected], rtol=1e-12)
    assert points.step == records["step"][edges[:-1]].tolist()
    np.testing.assert_allclose(points.time, records["time"][edges[1:] - 1], atol=1e-3)


def test_an_attempt_is_cut_where_the_next_one_resumed(write):
    first, _ = write(range(100), np.full(100, 1.0))
    second, _ = write(range(60, 130), np.full(70, 2.0), resume_step=60)

    points = thinned(JobCurves([first, second]))

    assert points.step == list(range(130))
    assert points.mean == [1.0] * 60 + [2.0] * 70


def test_an_attempt_that_went_further_back_cuts_all_before_it(write):
    attempts = [
        write(range(50), np.full(50, 1.0))[0],
        write(range(40, 80), np.full(40, 2.0), resume_step=40)[0],
        write(range(20, 90), np.full(70, 3.0), resume_step=20)[0],
    ]

    points = thinned(JobCurves(attempts))

    assert points.step == list(range(90))
    assert points.mean == [1.0] * 20 + [3.0] * 70


def test_an_attempt_that_left_nothing_still_cuts(write):
    first, _ = write(range(100))
    second = AttemptCurves(first.folder.parent / "absent", 70)

    assert thinned(JobCurves([first, second])).step == list(range(70))


def test_a_torn_last_record_is_left_out(write):
    attempt, _ = write(range(10), tail=b"\x01" * 23)

    assert thinned(JobCurves([attempt])).points == 10


def test_values_that_are_not_finite_are_counted_and_left_out(write):
    values = np.array([1.0, np.nan, 3.0, np.inf, np.nan, np.nan, 7.0, -np.inf])
    attempt, _ = write(range(8), values)

    points = thinned(JobCurves([attempt]), buckets=4)

    assert points.nonfinite == 5
    assert points.mean == [1.0, 3.0, None, 7.0]
    assert points.min == points.max == points.mean


def test_values_near_the_largest_double_do_not_overflow(write):
    attempt, _ = write(range(4), [1.7e308, 1.7e308, -1.7e308, 1e300])

    points = thinned(JobCurves([attempt]), buckets=1)

    assert (points.min, points.max, points.nonfinite) == ([-1.7e308], [1.7e308], 0)
    assert points.mean[0] == pytest.approx(1.7e308 / 4, rel=1e-6)


def test_a_window_is_half_open_and_thinned_by_itself(write):
    attempts = [
        write(range(1000), np.arange(1000.0))[0],
        write(range(900, 2000), np.arange(900.0, 2000.0), resume_step=900)[0],
    ]

    points = thinned(JobCurves(attempts), buckets=5, start=890, stop=910)

    assert points.points == 20
    assert points.step == [890, 894, 898, 902, 906]
    assert points.max == [893, 897, 901, 905, 909]


def test_an_empty_window_has_no_points(write):
    attempt, _ = write(range(10))

    assert thinned(JobCurves([attempt]), start=50).step == []


def test_series_of_all_attempts_are_found_by_their_real_names(write):
    attempts = [write(range(3), series="validation/loss")[0], write(range(3), series="späť")[0]]

    curves = JobCurves(attempts)

    assert curves.names() == ["späť", "validation/loss"]
    assert set(json.loads(curves.metrics_json(None, Window()))["series"]) == set(curves.names())


@pytest.mark.parametrize("series", ["los", "../../secret", ".."])
def test_a_series_that_is_not_there_is_named(write, series):
    attempt, _ = write(range(3))

    with pytest.raises(NotFoundError, match="Unknown series.*Known: loss"):
        JobCurves([attempt]).metrics_json([series], Window())


def test_the_records_of_the_whole_curve_are_those_of_its_parts(write):
    first, one = write(range(100_000))
    second, two = write(range(50_000, 60_000), resume_step=50_000)

    data = b"".join(JobCurves([first, second]).record_bytes("loss"))

    assert data == one[:50_000].tobytes() + two.tobytes()


def write_rank(attempt, rank, steps, values, series="loss"):
    folder = attempt.of_rank(rank)
    folder.mkdir(parents=True, exist_ok=True)
    records = np.full(len(steps), 1.7e9, RECORD_DTYPE)
    records["step"], records["value"] = steps, values
    (folder / series_file_name(series)).write_bytes(records.tobytes())


def test_each_rank_of_a_gang_has_curves_of_its_own(tmp_path):
    first = AttemptCurves(tmp_path / "1" / "0" / "metrics", 0, ranks=2)
    second = AttemptCurves(tmp_path / "2" / "0" / "metrics", 3, ranks=2)
    for rank in (0, 1):
        write_rank(first, rank, [1, 2, 3, 4], np.full(4, 10.0 * rank))
        write_rank(second, rank, [3, 4, 5], np.full(3, 10.0 * rank + 1))
    curves = JobCurves([first, second])

    assert curves.names() == ["loss", "loss@1"]
    assert thinned(curves, "loss").mean == [0, 0, 1, 1, 1]
    assert thinned(curves, "loss@1").mean == [10, 10, 11, 11, 11]
    assert thinned(curves, "loss@1").step == [1, 2, 3, 4, 5]
    for absent in ("loss@2", "loss@0", "loss@", "other@1"):
        with pytest.raises(NotFoundError, match="loss@1"):
            curves.metrics_json([absent], Window())


def test_an_at_sign_in_the_name_of_a_series_is_its_own(write):
    attempt, _ = write([1, 2], [5.0, 6.0], series="hits@1")
    curves = JobCurves([attempt])

    assert curves.names() == ["hits@1"]
    assert thinned(curves, "hits@1").mean == [5.0, 6.0]


def test_a_series_of_rank_0_and_one_of_another_rank_never_share_a_name(tmp_path):
    attempt = AttemptCurves(tmp_path / "1" / "0" / "metrics", 0, ranks=2)
    for rank in (0, 1):
        write_rank(attempt, rank, [1], [10.0 + rank], series="hits")
        write_rank(attempt, rank, [1], [20.0 + rank], series="hits@1")
        write_rank(attempt, rank, [1], [30.0 + rank], series="recall@5")
    curves = JobCurves([attempt])

    values = {name: thinned(curves, name).mean for name in curves.names()}

    assert values == {
        "hits": [10],
        "hits@1": [11],
        "hits@1@0": [20],
        "hits@1@1": [21],
        "recall@5": [30],
        "recall@5@1": [31],
    }
    ranks = {name: thinned(curves, name).rank for name in values}
    assert ranks == {name: int(values[name][0]) % 10 for name in values}


def test_names_with_commas_are_asked_for_one_by_one_or_together(write):
    attempt = write([1], series="a,b")[0]
    write_rank(attempt, 0, [1], [0], series="c")
    curves = JobCurves([attempt])

    def asked(*names):
        return sorted(json.loads(curves.metrics_json(names, Window()))["series"])

    assert asked("a,b") == ["a,b"]
    assert asked("a,b", "c") == ["a,b", "c"]
    assert asked("c,c") == ["c"]


def test_a_damaged_file_gives_no_false_point_and_says_how_many_are_lost(write):
    attempt, records = write(range(1, 201))
    (path,) = attempt.folder.iterdir()
    path.write_bytes(records[:101].tobytes()[:-13] + records[150:].tobytes())

    points = thinned(JobCurves([attempt]))

    assert points.step == [*range(1, 100), *range(151, 201)]
    assert points.damaged == 1
