"""The page of an item: what it is, and what can be done with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_platform.panels.background import Background
from jupyter_platform.panels.boxes import box
from jupyter_platform.panels.front.hub import Hub
from jupyter_platform.panels.front.looks import styled
from jupyter_platform.panels.front.opener import Opener
from jupyter_platform.panels.listing import said

if TYPE_CHECKING:
    from jupyter_platform.client import Platform
    from jupyter_platform.client.deployments import Deployment
    from jupyter_platform.core.marketplace import DeployAction, ItemRecord
    from jupyter_platform.panels.marketplace.form import DeploymentForm

PURPOSES = {"api": "infer", "jupyterlab": "develop", "vscode": "develop"}
"""Actions that open the form, with the purpose that they choose."""
NETWORK_ITEM = "network"
"""Item that serves a network of the repository."""
ICONS = {
    "try": "magic",
    "api": "plug",
    "jupyterlab": "book",
    "vscode": "code",
    "batch": "tasks",
    "elsewhere": "external-link",
}


class Item:
    """The page of one item of the marketplace.

    Parameters
    ----------
    name : str, optional
        The item; `show` shows one later.
    platform : Platform, optional
        Where the item is; this machine's platform, started on demand, when absent.
    base_url : str
        Address of the Jupyter server's pages where no JupyterLab is around; ends with a slash.
    left : callable, optional
        Called when somebody goes back to the list that the page was opened from.
    """

    def __init__(
        self,
        name: str | None = None,
        platform: Platform | Hub | None = None,
        *,
        base_url: str = "",
        left: Callable[[], None] | None = None,
    ) -> None:
        self._hub = platform if isinstance(platform, Hub) else Hub(platform)
        self._base_url = base_url
        self._left = left
        self._background = Background()
        self._name = name
        self._record: ItemRecord | None = None
        self._forms: dict[tuple[Any, ...], DeploymentForm] = {}
        """The forms that were opened, with what was chosen in them, by what they began with."""
        self._build()
        if name is not None:
            self.show(name)

    @property
    def name(self) -> str | None:
        """The item that is shown."""
        return self._name

    def show(self, name: str) -> None:
        """Show the page of an item."""
        if name != self._name:
            self._below.children = ()
        self._name = name
        self._tell("Reading the item…" if self._record is None else "")
        self._background.run(partial(self._read, name), self._draw, self._failed)

    def deploy(self, item: str, *, purpose: str | None = None, **values: Any) -> None:
        """Open the form that configures a deployment, as it was left when it was opened before.

        Parameters
        ----------
        item : str
            What is deployed: the item that is shown, or the tool that deploys it.
        purpose : str, optional
            ``infer``, ``retrain`` or ``develop``; asked first when absent.
        **values
            What the form begins with.
        """
        from jupyter_platform.panels.marketplace.form import (  # noqa: PLC0415 - when it is opened
            DeploymentForm,
        )

        key = (item, purpose, *sorted(values.items()))
        if key not in self._forms:
            self._forms[key] = DeploymentForm(
                item,
                self._hub,
                purpose=purpose,
                values=values,
                submitted=partial(self._submitted, key),
                cancelled=self._close,
            )
        self._put(self._forms[key].widget)

    def deploy_network(self, network: str, tag: str | None) -> None:
        """Open the form that deploys weights of a network of the repository.

        Parameters
        ----------
        network : str
            Its name.
        tag : str, optional
            A tag, or the id of the job that made the weights; the newest when absent.
        """
        self._name = self._record = None
        for part in (self._head, self._reasons, self._text, self._facts):
            part.value = ""
        self._actions.children = ()
        self._tell("")
        weights = {} if tag is None else {"tag": tag}
        self.deploy(NETWORK_ITEM, purpose="infer", network=network, **weights)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def _build(self) -> None:
        self._opener = Opener(self._open_here)
        self._message = widgets.HTML()
        self._head, self._reasons, self._text, self._facts = (widgets.HTML() for _ in range(4))
        self._actions = box(widgets.HBox, "actions")
        self._notebook = widgets.Button(
            description="Open in a notebook",
            icon="file-text-o",
            tooltip="A notebook with its arguments as a form, and the code that calls it",
        )
        self._notebook.on_click(lambda _: self._write_notebook())
        self._below = box(widgets.VBox, "below")
        back = widgets.Button(description="Marketplace", icon="arrow-left")
        back.on_click(lambda _: self._left and self._left())
        back.layout.display = None if self._left else "none"
        body = box(
            widgets.Box,
            "itemBody",
            box(widgets.VBox, "itemText", self._text),
            box(widgets.VBox, "itemFacts", self._facts),
        )
        top = box(widgets.HBox, "actions", back)
        parts = (top, self._message, self._head, self._actions, self._below, self._reasons, body)
        self.widget: widgets.VBox = styled(*parts, self._opener, name="item")

    def _read(self, name: str) -> tuple[ItemRecord, dict[str, str]]:
        from jupyter_platform.panels.marketplace import item_views  # noqa: PLC0415 - slow to import

        record = self._hub().item(name).record
        return record, {
            "head": str(item_views.head(record)),
            "reasons": str(item_views.reasons(record)),
            "text": str(item_views.description(record)),
            "facts": str(item_views.facts(record, self._base_url)),
        }

    def _draw(self, answer: tuple[ItemRecord, dict[str, str]]) -> None:
        record, views = answer
        if record.name != self._name:
            return  # somebody went on to another item
        self._record = record
        self._tell("")
        self._head.value, self._reasons.value = views["head"], views["reasons"]
        self._text.value, self._facts.value = views["text"], views["facts"]
        buttons = (self._button(action) for action in record.deploy)
        can_be_called = record.recipe is not None and "api" in record.recipe.services
        self._notebook.layout.display = None if can_be_called else "none"
        self._actions.children = (*buttons, self._deploy_button(record), self._notebook)

    def _deploy_button(self, record: ItemRecord) -> widgets.Button:
        button = widgets.Button(
            description="Deploy…",
            icon="rocket",
            tooltip="Choose what for: to infer, to retrain or to develop",
            disabled=not any(action.enabled for action in record.deploy),
        )
        button.on_click(lambda _: self.deploy(record.name))
        return button

    def _button(self, action: DeployAction) -> widgets.Widget:
        if action.url is not None and action.enabled:
            return widgets.HTML(
                f'<a class="jp-PlatformPanel-action" href="{escape(action.url)}" target="_blank" '
                f'rel="noopener noreferrer" title="{escape(action.reason)}">'
                f"{escape(action.label)}</a>"
            )
        button = widgets.Button(
            description=action.label,
            icon=ICONS.get(action.action, "rocket"),
            tooltip=action.reason,
            disabled=not action.enabled,
            button_style="primary" if action.action == "try" and action.enabled else "",
        )
        button.on_click(lambda _: self._act(action))
        return button

    def _act(self, action: DeployAction) -> None:
        if action.action == "try":
            self._try()
        elif action.action == "batch":
            self._opener.follow(jupyterPlatformSubmit="RUN", jupyterPlatformItem=action.item or "")
        elif action.action == "elsewhere":
            self._tell(action.reason)
        else:
            item = action.item or self._name
            assert item is not None
            self.deploy(item, purpose=PURPOSES.get(action.action), **action.values)

    def _try(self) -> None:
        self._tell("Starting a trial…")
        name = self._name
        assert name is not None
        self._background.run(lambda: self._hub().try_item(name), self._tried, self._failed)

    def _tried(self, deployment: Deployment) -> None:
        from jupyter_platform.panels.deployments.endpoint import (  # noqa: PLC0415 - when it is opened
            Endpoint,
        )

        self._tell("")
        self._put(Endpoint(deployment, base_url=self._base_url).widget)

    def _put(self, widget: widgets.Widget) -> None:
        self._below.children = (widget,)

    def _close(self) -> None:
        self._below.children = ()

    def _submitted(self, key: tuple[Any, ...], deployment: Deployment) -> None:
        self._forms.pop(key, None)
        self._close()
        self._tell(f"“{deployment.title}” was submitted.")
        self._opener.follow(jupyterPlatformDeployment=deployment.id)

    def _write_notebook(self) -> None:
        from jupyter_platform.client.item_notebooks import (  # noqa: PLC0415 - rarely needed
            item_notebook,
        )

        if self._record is not None:
            text = json.dumps(item_notebook(self._record))
            self._opener.follow(jupyterPlatformNotebook=text, jupyterPlatformName=self._record.name)

    def _open_here(self, words: dict[str, str]) -> None:
        """Show what a link would have opened, where nobody follows links."""
        deployment = words.get("jupyterPlatformDeployment")
        if deployment is not None:
            from jupyter_platform.panels.deployments.panel import (  # noqa: PLC0415 - rarely
                Deployments,
            )

            panel = Deployments(self._hub, base_url=self._base_url)
            panel.choose(deployment)
            self._put(panel.widget)
        elif "jupyterPlatformNotebook" in words:
            self._background.run(partial(self._keep, words), self._tell, self._failed)
        else:
            self._tell("Batch jobs are submitted from JupyterLab, or by “jupyter platform submit”.")

    def _keep(self, words: dict[str, str]) -> str:
        path = Path(f"{words['jupyterPlatformName']}.ipynb")
        with path.open("x", encoding="utf-8") as file:  # what is there is not overwritten
            file.write(words["jupyterPlatformNotebook"])
        return f"Written to {path.absolute()}."

    def _failed(self, error: BaseException) -> None:
        self._tell(said(error), is_error=True)

    def _tell(self, sentence: str, *, is_error: bool = False) -> None:
        role = "alert" if is_error else "status"
        self._message.value = f'<p role="{role}">{escape(sentence)}</p>' if sentence else ""
