from __future__ import annotations

import asyncio

import pytest

from jupyter_platform.coordinator.repository import facts
from jupyter_platform.core.catalogue import TagRecord
from jupyter_platform.core.errors import (
    ConflictError,
    HostError,
    InvalidDataError,
    InvalidRequestError,
    OptionError,
    RequestTooLargeError,
)
from jupyter_platform.core.jobs import JobSubmission

from ...fake_hosts import FACTS, FakeHost


async def resolve(lab, type="LEARN", networks=("mlp",), dataset="iris", **fields):
    submission = JobSubmission(type=type, networks=list(networks), dataset=dataset, **fields)
    return await lab.submissions.resolve(submission)


@pytest.fixture
def store_weights(tmp_path):
    """Store weights under a tag."""

    async def store(lab, tag="mine", variant="last", digest=None, content=b"w") -> TagRecord:
        file = tmp_path / "w.safetensors"
        file.write_bytes(content)
        return await lab.tags.store(
            network="mlp",
            network_digest=digest or lab.networks.get("mlp").digest,
            tag=tag,
            variant=variant,
            file=file,
            step=1,
            scores={},
            job="0123456789ab",
            dataset="iris",
        )

    return store


@pytest.mark.parametrize(
    ("fields", "named", "near"),
    [
        ({"type": "LERN"}, "LERN", "LEARN"),
        ({"type": "ACT", "dataset": None}, "needs an environment", None),
        ({"type": "ACT", "dataset": "iris"}, "'iris' is a dataset; ACT writes to a pool", None),
        (
            {"options": {"strategy": "dqn", "environment": "CartPole-v1"}},
            "learns from acting; 'iris' is a dataset",
            None,
        ),
        ({"dataset": None, "options": {"strategy": "dqn"}}, "name one, as environment", None),
        ({"networks": ["mpl"]}, "mpl", "mlp"),
        ({"networks": []}, "networks is missing", None),
        ({"dataset": "irsi"}, "irsi", "iris"),
        ({"dataset": None}, "needs a dataset", None),
        ({"name": "   "}, "name is empty", None),
        ({"name": ""}, "name is empty", None),
        ({"options": {"learning_rte": 1}}, "learning_rte", "learning_rate"),
        ({"options": {"batch_size": 0}}, "batch_size", None),
        ({"options": {"batchSize": 1, "batch_size": 2}}, "two spellings", None),
        ({"options": {"name": "x"}, "name": "y"}, "given twice", None),
        ({"options": {"targetCount": "many"}}, "targetCount", None),
        ({"request": {"cpu": 1}}, "cpu", "cpus"),
        ({"request": {"cpus": 0}}, "request.cpus", None),
        ({"request": {"cpus": "two"}}, "request.cpus", None),
        ({"request": {"memory": "4 XB"}}, "4 XB", None),
        ({"request": {"memory": [1]}}, "request.memory", None),
        ({"request": {"memory": "-1"}}, "request.memory", None),
        ({"type": "EVALUATE"}, "no weights yet", None),
    ],
)
async def test_what_is_wrong_is_named_with_what_is_near(ready, fields, named, near):
    async with ready() as lab:
        with pytest.raises(InvalidRequestError, match=named) as caught:
            await resolve(lab, **fields)

        assert caught.value.errors
        assert near is None or caught.value.errors[0].nearest == near


async def test_ten_megabytes_of_options_are_too_many(ready):
    async with ready() as lab:
        with pytest.raises(RequestTooLargeError):
            await resolve(lab, options={"tag": "x" * 10_000_000})


async def test_defaults_are_filled_in(ready):
    async with ready() as lab:
        resolved = await resolve(lab)
        row = resolved.row("0123456789ab", "ada", 3, None)

        assert row.name == "mlp-iris"
        assert row.tag == "0123456789ab"
        assert (row.cpus, row.memory, row.gpus) == (1, 10**9, 0)
        assert row.options["max_iterations"] == 1000
        assert row.given == {}
        assert row.category == "FF"
        assert row.warnings == []


async def test_dianne_lines_work_as_they_stand(ready):
    async with ready() as lab:
        resolved = await resolve(
            lab, options={"name": "my job", "batchSize": "16", "learningRate": "0.5"}
        )

        assert resolved.name == "my job"
        assert resolved.given == {"batch_size": "16", "learning_rate": "0.5"}
        assert resolved.options.model_dump()["batch_size"] == 16


async def test_sizes_may_be_text(ready):
    async with ready() as lab:
        resolved = await resolve(lab, request={"cpus": "2", "memory": "1.5 GB", "gpus": ""})

        assert (resolved.request.cpus, resolved.request.memory) == (2, 1_500_000_000)


async def test_more_than_any_host_has_is_accepted_with_a_warning(ready):
    async with ready() as lab:
        resolved = await resolve(lab, request={"gpus": 2})

        assert resolved.warnings == [
            "needs 2 GPUs on one host; no host has any; it waits until a host that can run it joins"
        ]


async def test_learning_under_a_tag_goes_on_from_its_last_weights(ready, store_weights):
    async with ready() as lab:
        record = await store_weights(lab)

        again = await resolve(lab, options={"tag": "mine"})
        fresh = await resolve(lab, options={"tag": "mine", "clean": True})

        assert again.weights == {"mlp": record.variants[0].digest}
        assert fresh.weights == {}
        assert again.tag == fresh.tag == "mine"


async def test_init_tag_gives_weights_to_start_from_and_another_tag_keeps_those_that_come(
    ready, store_weights
):
    async with ready() as lab:
        await store_weights(lab, content=b"the last")
        best = await store_weights(lab, variant="best", content=b"the best")
        step = await store_weights(lab, variant="500", content=b"of step 500")
        digests = {item.variant: item.digest for item in step.variants}

        begun = await resolve(lab, options={"initTag": "mine", "tag": "other"})
        earlier = await resolve(lab, options={"init_tag": "mine/500"})

        assert best.variants
        assert (begun.tag, begun.weights) == ("other", {"mlp": digests["best"]})
        assert (earlier.tag, earlier.weights) == (None, {"mlp": digests["500"]})
        with pytest.raises(InvalidRequestError, match="mnie") as caught:
            await resolve(lab, options={"init_tag": "mnie"})
        assert [(item.field, item.nearest) for item in caught.value.errors] == [
            ("init_tag", "mine")
        ]


async def test_a_teacher_comes_with_its_weights_and_its_trainee_starts_afresh(ready, store_weights):
    async with ready() as lab:
        await store_weights(lab, content=b"the last")
        record = await store_weights(lab, variant="best", content=b"the best")
        digests = {item.variant: item.digest for item in record.variants}
        networks = ("logistic-regression", "mlp")

        newest = await resolve(lab, networks=networks, options={"strategy": "distillation"})
        named = await resolve(
            lab,
            networks=networks,
            options={"strategy": "distillation", "teacher_tag": "mine/last", "tag": "mine"},
        )

        assert (newest.tag, newest.weights) == (None, {"mlp": digests["best"]})
        assert (named.tag, named.weights) == ("mine", {"mlp": digests["last"]})


@pytest.mark.parametrize(
    ("networks", "tag", "words", "field"),
    [
        (("mlp", "lenet"), None, "'lenet' has no weights yet", "teacher_tag"),
        (("lenet", "mlp"), "mnie", "mnie", "teacher_tag"),
        (("mlp", "mlp"), "mine", "'mlp' cannot be its own teacher", "networks"),
    ],
)
async def test_a_teacher_that_cannot_teach_is_refused(
    ready, store_weights, networks, tag, words, field
):
    async with ready() as lab:
        await store_weights(lab)
        options = {"strategy": "distillation", "teacher_tag": tag}
        with pytest.raises(InvalidRequestError, match=words) as caught:
            await resolve(lab, networks=networks, options=options)
        assert [item.field for item in caught.value.errors] == [field]


async def test_an_uploaded_strategy_goes_with_the_job_as_it_is_now(ready, host):
    async with ready() as lab:
        host.inspection = {
            "name": "mine", "title": "Mine", "summary": "", "category": "FF", "errors": [],
            "warnings": [],
        }  # fmt: skip
        await lab.strategies.put("mine", b"class Mine: pass")

        resolved = await resolve(lab, options={"strategy": "mine"})
        await lab.strategies.put("mine", b"class Other: pass", replace=True)

        blob = lab.blobs.path(resolved.code.removeprefix("sha256:"))
        assert blob.read_bytes() == b"class Mine: pass"
        (lab.paths.strategies / "mine.py").write_bytes(b"class Mine(: pass")
        with pytest.raises(InvalidDataError, match="in line 1: class Mine"):
            await resolve(lab, options={"strategy": "mine"})


async def test_weights_of_an_earlier_description_are_refused(ready, store_weights):
    async with ready() as lab:
        await store_weights(lab, digest="0" * 64)

        with pytest.raises(ConflictError, match="earlier description"):
            await resolve(lab, options={"tag": "mine"})
        with pytest.raises(ConflictError, match="earlier description"):
            await resolve(lab, type="EVALUATE")


async def test_evaluate_freezes_the_weights_it_names(ready, store_weights):
    async with ready() as lab:
        best = await store_weights(lab, variant="best", content=b"the best")

        resolved = await resolve(lab, type="EVALUATE", options={"tag": "mine"})
        await store_weights(lab, variant="best", content=b"something newer")

        assert resolved.tag == "mine/best"
        assert resolved.weights == {"mlp": best.variants[0].digest}


async def test_an_unknown_tag_names_the_nearest(ready, store_weights):
    async with ready() as lab:
        await store_weights(lab, tag="first")

        with pytest.raises(InvalidRequestError, match="frist") as caught:
            await resolve(lab, type="EVALUATE", options={"tag": "frist"})

        assert caught.value.errors[0].nearest == "first"


async def test_misfits_that_the_inspector_finds_are_refused(ready, host):
    async with ready() as lab:
        error = {"field": "networks", "value": "mlp", "message": "Network and dataset do not fit."}
        host.inspection = {"category": None, "errors": [error], "warnings": []}

        with pytest.raises(InvalidDataError, match="do not fit"):
            await resolve(lab)


async def test_without_an_answer_it_is_accepted_unchecked(ready, host):
    async with ready() as lab:
        host.inspection = HostError("Host h1 did not answer 'inspect' within 5 s.")

        resolved = await resolve(lab)

        assert resolved.warnings == ["not checked: Host h1 did not answer 'inspect' within 5 s."]


async def test_a_check_comes_with_what_is_known_of_the_data_and_waits_for_no_more(
    ready, host, monkeypatch
):
    async with ready() as lab:
        await resolve(lab)
        assert host.inspected[-1]["facts"] == FACTS

        monkeypatch.setattr(facts, "ANSWER_WITHIN_S", 0.1)
        host.data_are_read = asyncio.Event()
        resolved = await resolve(lab, dataset="wine")

        assert resolved.warnings == [
            "not checked: The data of 'wine' are still being read; ask again when that is done."
        ]
        host.data_are_read.set()


async def test_what_is_wrong_with_the_data_is_blamed_on_the_dataset(ready, host):
    async with ready() as lab:
        host.inspection = InvalidDataError("Dataset 'iris': row 3 is broken.")

        with pytest.raises(InvalidDataError, match="row 3") as caught:
            await resolve(lab)

        assert [(item.field, item.value) for item in caught.value.errors] == [("dataset", "iris")]


async def test_the_same_check_is_asked_once(ready, host):
    async with ready() as lab:
        await resolve(lab)
        await resolve(lab, options={"max_iterations": 7, "seed": 1})
        asked = [request for request in host.inspected if request["op"] == "check"]
        await resolve(lab, options={"criterion": "CE"})
        later = [request for request in host.inspected if request["op"] == "check"]

        assert (len(asked), len(later)) == (1, 2)


async def test_learning_takes_a_gpu_where_there_are_some(open_lab, cluster, until):
    gpu_host = FakeHost("g1")
    gpu_host.gpus = 1
    cluster.join(gpu_host)
    async with open_lab() as lab:
        await until(lambda: lab.hosts.link("g1"))

        assert (await resolve(lab)).request.gpus == 1
        assert (await resolve(lab, request={"gpus": 0})).request.gpus == 0


async def test_an_option_error_is_one_of_ours(ready):
    async with ready() as lab:
        with pytest.raises(OptionError):
            await resolve(lab, options={"max_iterations": 0})


@pytest.mark.parametrize(
    ("fields", "ranks", "kept"),
    [
        ({"target_count": 3}, 3, None),
        ({"options": {"targetCount": "2"}}, 2, None),
        ({"options": {"target_count": "2"}}, 2, None),
        ({"targets": ["h1"]}, 1, {"targets": ["h1"]}),
        ({"targets": "id-h1"}, 1, {"targets": ["id-h1"]}),
        ({"options": {"targets": " h1, h1,"}}, 1, {"targets": ["h1"]}),
        ({"target_filter": "(cpus>=2)"}, 1, {"target_filter": "(cpus>=2)"}),
        ({"options": {"targetFilter": "(name=h1)"}}, 1, {"target_filter": "(name=h1)"}),
        ({"options": {"forceFree": "true"}}, 1, {"force_free": True}),
        ({"target_filter": "", "targets": [], "force_free": False}, 1, None),
    ],
    ids=str,
)
async def test_where_a_job_may_run_is_kept(ready, fields, ranks, kept):
    async with ready() as lab:
        resolved = await resolve(lab, **fields)

        row = resolved.row("0123456789ab", "ada", 3, None)
        assert (resolved.target_count, row.placement) == (ranks, kept)
        assert resolved.shape.ranks == ranks
        shown = await lab.submit(**fields)
        assert shown.targets == (kept or {}).get("targets", [])
        assert shown.target_filter == (kept or {}).get("target_filter")
        assert shown.force_free == (kept or {}).get("force_free", False)


@pytest.mark.parametrize(
    ("fields", "blamed", "told"),
    [
        ({"targets": ["h2"]}, "targets", "Unknown host 'h2'. Known: h1."),
        ({"targets": ["h1"], "target_count": 2}, "target_count", "more than 1 target;"),
        ({"target_filter": "(cpu>=2)"}, "target_filter", "'cpu' is no attribute of a host"),
        ({"target_filter": "cpus>=2"}, "target_filter", "expected at character 1"),
        (
            {"target_count": 2, "options": {"schedule": "plateau"}},
            "schedule",
            "choose another schedule where target_count is above 1",
        ),
        (
            {"targets": ["h1"], "options": {"targets": "h1"}},
            "targets",
            "targets is given twice",
        ),
        (
            {"options": {"targetCount": 2, "target_count": 2}},
            "target_count",
            "target_count is given twice",
        ),
        ({"options": {"forceFree": "perhaps"}}, "forceFree", "'perhaps' is not accepted"),
    ],
    ids=str,
)
async def test_where_no_job_can_run_is_refused(ready, fields, blamed, told):
    async with ready() as lab:
        with pytest.raises(InvalidRequestError) as caught:
            await resolve(lab, **fields)

        assert told in caught.value.message
        assert [error.field for error in caught.value.errors] == [blamed]


async def test_hosts_that_are_not_there_yet_are_warned_of(ready):
    async with ready() as lab:
        resolved = await resolve(lab, target_filter="(gpu=*H200*)")

        (warning,) = resolved.warnings
        assert warning.startswith("no host matches target_filter (gpu=*H200*); it waits until")


async def test_the_inspector_is_told_of_the_processes(ready, host):
    async with ready() as lab:
        await resolve(lab, target_count=3)
        await resolve(lab)

        asked = [request for request in host.inspected if request["op"] == "check"]
        assert [request.get("ranks") for request in asked] == [3, None]


async def test_networks_larger_than_the_memory_of_the_job_are_refused_with_numbers(ready, host):
    host.inspection = {
        "category": "FF", "errors": [], "warnings": [], "parameters": {"mlp": 300_000_000},
    }  # fmt: skip
    async with ready() as lab:
        with pytest.raises(InvalidRequestError) as caught:
            await resolve(lab, options={"method": "ADAM"})
        for words in (
            "request.memory = 1.0 GB cannot hold",
            "300,000,000 parameters of 'mlp'",
            "weights alone have 1.2 GB",
            "Accepted: 4.8 GB or more",
        ):
            assert words in caught.value.message
        assert caught.value.errors[0].field == "request.memory"

        enough = await resolve(lab, options={"method": "ADAM"}, request={"memory": "4.8GB"})
        assert not [text for text in enough.warnings if "parameters" in text]

        scarce = await resolve(lab, options={"momentum": 0.9}, request={"memory": "2GB"})
        (warning,) = [text for text in scarce.warnings if "parameters" in text]
        assert "need about 3.6 GB for weights, gradients" in warning
