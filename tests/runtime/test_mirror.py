from __future__ import annotations

import pytest

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.runtime.mirror import Mirror


def test_lengths_are_the_offsets_also_after_reopening(tmp_path):
    mirror = Mirror(tmp_path / "m")
    assert mirror.offsets() == {}

    mirror.append({"metrics/loss.rec": b"r" * 48, "events.jsonl": b"a\n", "output.log": b"no end"})
    mirror.append({"metrics/loss.rec": b"s" * 24})

    expected = {"metrics/loss.rec": 72, "events.jsonl": 2, "output.log": 6}
    assert mirror.offsets() == expected
    assert Mirror(tmp_path / "m").offsets() == expected
    assert mirror.path("metrics/loss.rec").read_bytes() == b"r" * 48 + b"s" * 24


def test_torn_ends_are_cut_at_every_length(tmp_path):
    records = bytes(range(72))
    events = b'{"a": 1}\n{"b": 2}\n'
    for cut in range(len(records) + 1):
        Mirror(tmp_path / str(cut)).append(
            {"metrics/x.rec": records[:cut], "events.jsonl": events[:cut], "output.log": b"x"}
        )

        mirror = Mirror(tmp_path / str(cut))

        whole = events[:cut].rfind(b"\n") + 1
        assert mirror.offsets()["metrics/x.rec"] == cut // 24 * 24
        assert mirror.offsets()["events.jsonl"] == whole
        assert mirror.path("events.jsonl").read_bytes() == events[:whole]
        assert mirror.offsets()["output.log"] == 1


def test_long_torn_line_is_cut(tmp_path):
    Mirror(tmp_path).append({"events.jsonl": b"first\n" + b"x" * 200_000})

    assert Mirror(tmp_path).offsets() == {"events.jsonl": 6}


@pytest.mark.parametrize("left", [None, 24])
def test_what_somebody_removed_or_cut_is_pulled_again_from_its_beginning(tmp_path, left):
    mirror = Mirror(tmp_path)
    mirror.append({"metrics/x.rec": b"a" * 48, "output.log": b"all of it"})
    path = mirror.path("metrics/x.rec")
    path.write_bytes(b"a" * left) if left else path.unlink()

    mirror.append({"metrics/x.rec": b"b" * 24, "output.log": b", and more"})

    assert mirror.offsets() == {"metrics/x.rec": 0, "output.log": 19}
    mirror.append({"metrics/x.rec": b"a" * 48 + b"b" * 24})
    assert path.read_bytes() == b"a" * 48 + b"b" * 24


def test_truncate_makes_the_rest_come_again(tmp_path):
    mirror = Mirror(tmp_path)
    mirror.append({"events.jsonl": b"a\nb\nc\n"})

    mirror.truncate("events.jsonl", 2)
    mirror.truncate("events.jsonl", 100)
    mirror.append({"events.jsonl": b"b\n"})

    assert mirror.path("events.jsonl").read_bytes() == b"a\nb\n"
    assert mirror.offsets() == {"events.jsonl": 4}


@pytest.mark.parametrize(
    "name", ["../x.rec", "metrics/../../x.rec", "metrics/a/b.rec", "spec.json", "/output.log", ""]
)
def test_strange_names_are_refused_and_nothing_is_written(tmp_path, name):
    mirror = Mirror(tmp_path / "m")

    with pytest.raises(InvalidDataError, match="append-only"):
        mirror.append({"output.log": b"x", name: b"y"})

    assert not (tmp_path / "m").exists()
