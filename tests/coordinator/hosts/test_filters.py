"""Which hosts a filter chooses, and what is no filter."""

from __future__ import annotations

import pytest

from jupyter_platform.coordinator.hosts.filters import FilterError, parse_filter

HOST = {
    "name": ("Box-1",),
    "id": ("0f3c",),
    "arch": ("x86_64",),
    "os": ("Linux 6.8", "Linux"),
    "ip": ("10.0.0.7",),
    "cpus": (16,),
    "memory": (64_000_000_000,),
    "gpu": ("NVIDIA H200", "NVIDIA T4"),
    "gpu_memory": (141_000_000_000, 16_000_000_000),
    "role": ("learner", "evaluator"),
}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("(name=box-1)", True),
        ("( NAME = box-1 )", True),
        ("(name=box)", False),
        ("(name=box*)", True),
        ("(name=*x*1)", True),
        ("(name=*2)", False),
        (r"(name=box\*)", False),
        ("(name=.*)", False),
        ("(gpu=*H200*)", True),
        ("(gpu=*a100*)", False),
        ("(gpu=*)", True),
        ("(site=*)", False),
        ("(site=ghent)", False),
        ("(!(site=ghent))", True),
        ("(cpus>=16)", True),
        ("(cpus>=17)", False),
        ("(cpus<=16)", True),
        ("(cpus=16)", True),
        ("(memory>=64GB)", True),
        ("(memory>=65 GB)", False),
        ("(memory<=64000000000)", True),
        ("(gpu_memory<=20GB)", True),
        ("(gpu_memory>=200GB)", False),
        ("(role=evaluator)", True),
        ("(learn=true)", True),
        ("(LEARN=TRUE)", True),
        ("(learn=false)", False),
        ("(act=true)", False),
        ("(act=false)", True),
        ("(&(os=Linux)(evaluate=true))", True),
        ("(os=Lin)", False),
        ("(&(arch=x86_64)(os=linux*))", True),
        ("(&(arch=x86_64)(os=darwin*))", False),
        ("(|(arch=arm64)(os=linux*))", True),
        ("(|(arch=arm64)(os=darwin*))", False),
        ("(!(&(arch=x86_64)(cpus>=8)))", False),
        (" ( & (arch=x86_64) (! (name=old)) ) ", True),
    ],
)
def test_a_filter_chooses_hosts(text, matches):
    assert parse_filter(text)(HOST) is matches


def test_an_escaped_star_is_a_star():
    assert parse_filter(r"(name=a\*\(b\)\\)")({"name": (r"a*(b)\\"[:6],)})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "'(' is expected at character 1, not the end"),
        ("name=a", "'(' is expected at character 1, not 'n'"),
        ("(name=a", "')' is expected at character 8, not the end"),
        ("(name=a))", "the end is expected at character 9, not ')'"),
        ("(name=)", "a value for name is expected at character 7"),
        ("()", "'&', '|', '!' or a comparison"),
        ("(&)", "'(' is expected at character 3, not ')'"),
        ("(!(name=a)(name=b))", "')' is expected at character 11, not '('"),
        ("(speed>=3)", "'speed' is no attribute of a host; name, id, arch"),
        ("(name~=a)", "'~=' has no meaning here"),
        ("(name>=a)", "name is a text and has no order"),
        ("(cpus>=many)", "cpus>=many wants a whole number"),
        ("(learn=yes)", "write learn=true or learn=false"),
        ("(act>=true)", "act is true or false"),
        ("(memory>=64 beans)", "wants a size such as 16GB"),
        ("(" * 30 + "name=a" + ")" * 30, "expected at character 2"),
        ("(!" * 30 + "(name=a)" + ")" * 30, "at most 20 levels"),
        ("(name=" + "a" * 3000 + ")", "at most 2,000 may be"),
    ],
)
def test_what_is_no_filter_is_told_so(text, told):
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert told in str(caught.value)
