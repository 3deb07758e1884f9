"""``jupyter platform tags``: the weights that networks have, by name."""

from __future__ import annotations

from collections.abc import Iterable

import click

from jupyter_platform.cli.catalogue import NameGroup
from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.output import ago, json_option, number, print_json, print_table
from jupyter_platform.core.catalogue import NetworkRecord, named_tags


@click.group(cls=NameGroup, invoke_without_command=True)
@json_option
@click.pass_context
def tags(ctx: click.Context, as_json: bool) -> None:
    """List tags of weights; `tags NETWORK` those of one network.

    `tags rename` gives weights another name, `tags forget` forgets some.
    """
    if ctx.invoked_subcommand is None:
        _list(platform().networks(), as_json)


@tags.command("show")
@click.argument("network")
@json_option
def show(network: str, as_json: bool) -> None:
    """List the tags of one network."""
    _list([platform().network(network)], as_json)


@tags.command("rename")
@click.argument("network")
@click.argument("tag")
@click.argument("new")
def rename(network: str, tag: str, new: str) -> None:
    """Give weights of a network another name."""
    platform().rename_tag(network, tag, new)
    click.echo(f"{network}/{new}  was {tag}")


@tags.command("forget")
@click.argument("network")
@click.argument("names", metavar="TAG…", nargs=-1, required=True)
def forget(network: str, names: tuple[str, ...]) -> None:
    """Forget weights of a network; what a job made stays with the job."""
    hub = platform()
    for name in names:
        hub.remove_tag(network, name)
        click.echo(f"{network}/{name}  forgotten")


def _list(networks: Iterable[NetworkRecord], as_json: bool) -> None:
    found = [tag for network in networks for tag in named_tags(network.tags)]
    if as_json:
        print_json(found)
        return
    print_table(
        ("NETWORK", "TAG", "WEIGHTS", ">STEP", "SCORES", "UPDATED"),
        [
            (
                tag.network,
                tag.tag,
                item.variant,
                f"{item.step:,}",
                ", ".join(f"{key} {number(value)}" for key, value in item.scores.items()),
                ago(tag.updated_at),
            )
            for tag in found
            for item in tag.variants
        ],
        empty="No network has weights yet.",
    )
