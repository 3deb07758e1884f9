import pytest

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.hosts import GpuSample, HostSample
from jupyter_platform.figures.columns import column_names, host_columns, span, with_latest

NOW = 10_000.0


def sample(moment, cpu=50.0, gpus=()):
    return HostSample(
        time=moment,
        cpu=cpu,
        memory_used=2_000_000_000,
        memory_total=8_000_000_000,
        disk_free=100_000_000_000,
        disk_total=400_000_000_000,
        network_sent=1_500_000.0,
        network_received=250_000.0,
        gpus=list(gpus),
    )


def columns(samples, gpus=(), unit_s=60, gap_s=45):
    return host_columns(samples, gpus, now=NOW, unit_s=unit_s, gap_s=gap_s)


def test_columns_have_the_units_of_the_axes():
    found = columns([sample(NOW - 90)])

    assert found == {
        "time": [9_910_000],
        "ago": [-1.5],
        "cpu": [50.0],
        "memory": [2.0],
        "disk": [300.0],
        "sent": [1.5],
        "received": [0.25],
    }


def test_hours_ago_are_counted_in_hours():
    assert columns([sample(NOW - 5400)], unit_s=3600)["ago"] == [-1.5]


def test_each_gpu_has_its_columns_also_where_a_sample_lacks_it():
    gpu = GpuSample(index=1, utilisation=80.0, memory_used=3_000_000_000)

    found = columns([sample(NOW - 4, gpus=[gpu]), sample(NOW - 2)], gpus=[0, 1])

    assert (found["gpu1"], found["gpu1_memory"]) == ([80.0, None], [3.0, None])
    assert found["gpu0"] == [None, None]
    assert found["cpu"] == [50.0, 50.0]


def test_silence_breaks_the_line():
    found = columns([sample(NOW - 200), sample(NOW - 190), sample(NOW - 10)])

    assert found["cpu"] == [50.0, 50.0, None, 50.0]
    assert found["time"] == sorted(found["time"])


def test_all_columns_are_equally_long_and_named_as_announced():
    found = columns([sample(NOW - 300), sample(NOW)], gpus=[0])

    assert list(found) == column_names([0])
    assert {len(column) for column in found.values()} == {3}


def test_no_sample_gives_empty_columns():
    assert set(map(len, columns([]).values())) == {0}


@pytest.mark.parametrize(("moment", "expected"), [(NOW + 2, 2), (NOW, 1), (NOW - 2, 1)])
def test_the_latest_sample_is_added_only_when_it_is_newer(moment, expected):
    assert len(with_latest([sample(NOW)], sample(moment))) == expected


def test_no_latest_sample_adds_nothing():
    assert with_latest([], None) == []


def test_an_unknown_span_is_refused_by_name():
    with pytest.raises(InvalidRequestError, match="'week'; accepted: live, day"):
        span("week")
