from __future__ import annotations

from jupyter_platform.runtime.paths import Paths


def test_jupyter_variables_move_everything(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "d"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "r"))

    paths = Paths.default()

    assert paths.database == tmp_path / "d" / "jupyter_platform" / "platform.db"
    assert paths.connection_file == tmp_path / "r" / "jupyter_platform" / "connection.json"
    assert paths.host_runs("h") == tmp_path / "d" / "jupyter_platform" / "hosts" / "h" / "runs"


def test_folders_are_closed_to_others_even_when_they_were_open(tmp_path):
    paths = Paths(data=tmp_path / "d", runtime=tmp_path / "r")
    (tmp_path / "d").mkdir(mode=0o777)

    paths.ensure().ensure()

    folders = [paths.data, paths.runtime, paths.logs, paths.blobs, paths.supervised_folder]
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 5
