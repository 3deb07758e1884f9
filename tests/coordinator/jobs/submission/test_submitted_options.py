"""What becomes of the options of a submission: which are taken, used, and spoken of."""

from __future__ import annotations

from jupyter_platform.core.catalogue import TagOrigin

from .test_submission import resolve


async def test_lines_of_dianne_are_told_where_its_defaults_differ_and_take_them(ready):
    async with ready() as lab:
        options = {"batchSize": "16", "trace": "true", "syncInterval": "1000"}
        resolved = await resolve(lab, options=options)

        assert resolved.dianne_defaults["sampling"] == "UNIFORM"
        told = " ".join(resolved.warnings)
        assert "max_iterations -1 (here 1000)" in told
        assert "trace changes nothing" in told
        assert "sync_interval has no effect" in told

        taking = await resolve(lab, options={**options, "dianne_defaults": "true"})
        assert taking.dianne_defaults == {}
        assert taking.given == {
            "sampling": "UNIFORM",
            "max_iterations": -1,
            "validation_interval": 1000,
            "batch_size": "16",
            "sync_interval": "1000",
        }
        assert "DIANNE's own defaults" not in " ".join(taking.warnings)
        assert (await resolve(lab, options={"batch_size": 16})).dianne_defaults == {}


async def test_what_the_data_decide_stands_in_the_record(ready, host):
    host.inspection = {
        "category": "FF",
        "used": {"criterion": "NLL"},
        "sizes": {"train_set": 20},
    }
    async with ready() as lab:
        resolved = await resolve(lab, options={"epochs": 3, "method": "rmsprop"})
        row = resolved.row("0123456789ab", "ada", 3, None)

        assert row.options["batch_size"] == 20
        assert row.options["max_iterations"] == row.options["epochs"] == 3
        assert row.options["criterion"] == "NLL"
        assert row.options["learning_rate"] == 0.001
        assert row.options["smoothing"] == 0.9
        assert row.given == {"epochs": 3, "method": "rmsprop"}


async def test_an_evaluation_judges_by_what_the_job_set_aside(ready, tmp_path):
    async with ready() as lab:
        file = tmp_path / "w.safetensors"
        file.write_bytes(b"w")
        await lab.tags.store(
            network="mlp",
            network_digest=lab.networks.get("mlp").digest,
            tag="mine",
            variant="last",
            file=file,
            step=1,
            scores={},
            job="0123456789ab",
            dataset="iris",
            origin=TagOrigin(options={"test_set": [0, 30], "sample_range": None}),
        )

        judged = await resolve(lab, "EVALUATE", options={"tag": "mine"})
        assert judged.options.test_set == (0, 30)
        assert "test_set = 0:30, as the job that learned the weights" in " ".join(judged.warnings)
        other = await resolve(lab, "EVALUATE", options={"tag": "mine", "test_set": "5:9"})
        assert other.options.test_set == (5, 9)
        elsewhere = await resolve(lab, "EVALUATE", dataset="wine", options={"tag": "mine"})
        assert elsewhere.options.test_set is None
        narrowed = await resolve(lab, "EVALUATE", options={"tag": "mine", "sample_range": "50"})
        assert narrowed.options.test_set is None
        assert "sample_range is another" in " ".join(narrowed.warnings)
