import re

import pytest

from jupyter_platform.coordinator.deployments.configuration import Fleet, document_of
from jupyter_platform.coordinator.deployments.limits import limits_of
from jupyter_platform.coordinator.deployments.values import take_values
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.core.recipes import ResourcesRecipe
from jupyter_platform.core.settings import DeploymentSettings

from .conftest import item

TUTORIALS = {
    "members": ("ann",),
    "cpus": (2, 4),
    "memory_mb": (2000, 4000),
    "disk_mb": (1000, 1000),
    "gpus_per_deployment": 0,
}
FLEET = Fleet({"T4": 16 * 10**9, "H200": 141 * 10**9}, {"dresden": "3 CPUs free"})


def document(purpose="infer", offer=None, user="ben", **settings):
    limits = limits_of(Principal(user), DeploymentSettings(**settings))
    return document_of(offer or item(), purpose, limits, FLEET)


def refused(document, **given):
    values, errors = take_values(document, given)
    return values, {error.field: error.message for error in errors}


def test_every_field_has_a_help_text_and_a_value_that_is_accepted():
    asked = {"size": {"type": "int", "value": 3, "description": "How large.", "range": [1, 9]}}
    found = document(offer=item(recipe={"arguments": asked}))

    values, errors = take_values(found, {})

    assert list(found.groups) == ["general", "hardware", "storage", "item"]
    fields = [field for group in found.groups.values() for field in group.values()]
    assert all(re.search(r"\w{3,}.*\.", field.description) for field in fields)
    assert errors == []
    assert values["item"] == {"size": 3}
    assert values["hardware"] == {k: f.value for k, f in found.groups["hardware"].items()}


@pytest.mark.parametrize(
    ("purpose", "service", "cpus", "gpus"),
    [("infer", "api", 1, 0), ("retrain", "ide", 2, 1), ("develop", "ide", 1, 0)],
)
def test_the_purpose_presets_service_and_hardware(purpose, service, cpus, gpus):
    offer = item(training=ResourcesRecipe(cpus=2, gpus=1))
    found = document(purpose, offer).groups

    assert found["general"]["service"].value == service
    assert (found["hardware"]["cpu_num"].value, found["hardware"]["gpu_num"].value) == (cpus, gpus)


@pytest.mark.parametrize(("asked", "value"), [(40_000, 40_000), (40_001, 40_000)])
def test_what_an_item_asks_for_is_cut_to_what_is_allowed_and_says_so(asked, value):
    field = document(offer=item(recipe={"resources": {"memory_mb": asked}})).groups["hardware"][
        "ram"
    ]

    assert field.value == value
    assert (field.warning is None) == (asked == value)
    assert field.warning is None or "40,001 MB" in field.warning


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("cpu_num", 11, "over the limit of 10"),
        ("cpu_num", 0, "under the least of 1"),
        ("cpu_num", -1, "under the least of 1"),
        ("cpu_num", "many", "no number"),
        ("cpu_num", 1.5, "no whole number"),
        ("cpu_num", True, "no number"),
        ("cpu_num", float("nan"), "no number"),
        ("ram", "80GB", "over the limit of 40,000"),
        ("disk", 50_001, "over the limit of 50,000"),
        ("gpu_num", 2, "over the limit of 1"),
        ("gpu_type", "V100", "none of the choices"),
        ("site", "nowhere", "none of the choices"),
        ("service", "monitor", "none of the choices"),
        ("title", "t" * 46, "at most 45 characters"),
        ("title", "a\x00b", "control character"),
        ("desc", "d" * 1001, "at most 1,000 characters"),
        ("idle_stop", -5, "under the least of 0"),
        ("cpus", 2, "Unknown field 'cpus'"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_what_could(field, value, says):
    _, errors = refused(document(), **{field: value})

    assert list(errors) == [field]
    assert says in errors[field]


def test_values_come_by_group_or_by_name_as_numbers_or_as_text():
    given = {"hardware": {"cpu_num": "3"}, "ram": "2 GB", "general.title": "mine"}

    values, errors = refused(document(), **given)

    assert not errors
    assert (values["hardware"]["cpu_num"], values["hardware"]["ram"]) == (3, 2000)
    assert values["general"]["title"] == "mine"


def test_what_means_nothing_beside_the_others_is_refused():
    _, errors = refused(document(), gpu_type="T4", jupyter_password="long enough")

    assert set(errors) == {"gpu_type", "jupyter_password"}
    assert "long enough" not in str(errors)


def test_a_password_of_eight_characters_is_too_short_and_not_repeated():
    values, errors = refused(document(), service="ide", jupyter_password="12345678")

    assert "at least 9" in errors["jupyter_password"]
    assert "12345678" not in errors["jupyter_password"]
    assert not refused(document(), service="ide", jupyter_password="123456789")[1]


def test_members_of_a_project_have_its_limits_with_the_reason_on_what_is_closed():
    settings = {"projects": {"tutorials": TUTORIALS}}
    found = document(user="ann", offer=item(recipe={"resources": {"gpus": 1}}), **settings)

    values, errors = refused(found, cpu_num=5, gpu_num=1)

    hardware = found.groups["hardware"]
    assert (hardware["cpu_num"].range, hardware["cpu_num"].value) == ([2, 4], 2)
    assert "project tutorials" in hardware["gpu_num"].disabled
    assert "project tutorials" in hardware["gpu_num"].warning
    assert set(errors) == {"cpu_num", "gpu_num"}
    assert document(user="ben", **settings).groups["hardware"]["cpu_num"].range == [1, 10]


def test_limits_of_a_role_are_those_of_who_has_it():
    roles = {"member": {"cpus": (1, 2)}, "administrator": {"gpus_per_deployment": 4}}
    settings = DeploymentSettings(roles=roles)

    assert limits_of(Principal("eve"), settings).cpus == (1, 2)
    owner = limits_of(Principal("ada", administers=True), settings)
    assert (owner.cpus, owner.gpus_per_deployment) == ((1, 10), 4)


def test_a_gpu_that_has_too_little_memory_is_not_offered():
    found = document(offer=item(gpu_memory_mb=80_000))

    assert found.groups["hardware"]["gpu_type"].options == ["", "H200"]


def test_what_is_free_at_a_site_stands_beside_its_name():
    site = document().groups["hardware"]["site"]

    assert site.options == ["", "dresden"]
    assert "dresden: 3 CPUs free" in site.description
