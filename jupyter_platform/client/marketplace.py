"""The marketplace, seen from a client."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from jupyter_platform.client.deployments import Deploying, Deployment
from jupyter_platform.client.item_notebooks import write_item_notebook
from jupyter_platform.client.job import Job
from jupyter_platform.client.submitting import Submitting
from jupyter_platform.core.catalogue import TagRecord
from jupyter_platform.core.jobs import JobRecord
from jupyter_platform.core.marketplace import (
    DefaultSearch,
    ItemPage,
    ItemQuery,
    ItemRecord,
    SavedSearch,
    Sort,
    SourceRecord,
)

DocumentFormat = Literal["json", "json-ld", "turtle"]


class Item:
    """An item of the marketplace.

    Made by `Platform.item` and `Platform.publish`.
    """

    def __init__(self, platform: Marketplace, record: ItemRecord) -> None:
        self._platform = platform
        self.record = record

    @property
    def name(self) -> str:
        """Name, unique in the marketplace."""
        return self.record.name

    def deploy(self, **configuration: Any) -> Deployment:
        """Deploy it, and return the deployment; see `Platform.deploy` for the arguments."""
        return self._platform.deploy(self.name, **configuration)

    def retrain(self, dataset: str, **options: Any) -> Job:
        """Take it to another dataset: a LEARN job that starts from its weights.

        Parameters
        ----------
        dataset : str
            Name of a dataset in the repository.
        **options
            Options of LEARN, and further arguments of `Platform.submit`.

        Raises
        ------
        InvalidRequestError
            If it has no weights of a network of the platform, or they are not made yet.
        """
        found = self._platform.item_weights(self.name)
        given: dict[str, Any] = {"name": f"{self.name} on {dataset}", **options}
        given.setdefault("init_tag", found.tag)
        return self._platform.submit("LEARN", found.network, dataset, **given)

    def metadata(self, format: DocumentFormat = "json") -> str:
        """Return its metadata as JSON, or as RDF of the profile MLDCAT-AP."""
        return self._platform.item_document(self.name, "metadata", format)

    def provenance(self, format: DocumentFormat = "turtle") -> str:
        """Return where it comes from as RDF, or as a graph in JSON.

        Raises
        ------
        NotFoundError
            If nothing is known of that.
        """
        return self._platform.item_document(self.name, "provenance", format)

    def write_notebook(self, path: str | Path | None = None) -> Path:
        """Write a notebook that deploys it, with its arguments as a form and code to call it.

        Parameters
        ----------
        path : path, optional
            File or folder; ``<name>.ipynb`` in the working directory when absent. A file that is
            there already is left, and a number is added to the name.
        """
        return write_item_notebook(self.record, path)

    def __repr__(self) -> str:
        return f"<Item {self.name!r}: {self.record.title} ({self.record.runs_reason})>"

    def _repr_html_(self) -> str:
        record = self.record
        return (
            f"<h3>{escape(record.title)}</h3><p>{escape(record.summary)}</p>"
            f"<p><small>{escape(record.runs_reason)}</small></p>{record.description_html}"
        )


class Marketplace(Deploying, Submitting):
    """The part of a client that knows the marketplace."""

    def items(
        self,
        text: str | None = None,
        *,
        sort: Sort | None = None,
        limit: int = 60,
        offset: int = 0,
        groups: Sequence[Mapping[str, Sequence[str]]] = (),
        **facets: str | Iterable[str],
    ) -> ItemPage:
        """Return the items that a search finds, with the counts of all facets.

        Parameters
        ----------
        text : str, optional
            Words and quoted phrases, all of which an item holds.
        sort : str, optional
            ``name``, ``updated`` or ``relevance``; by default the last with a text, else the first.
        limit, offset : int
            Items at most, and how many are left out before.
        groups : sequence of mapping
            Further filters; an item passes the facets, or any of these.
        **facets : str or iterable of str
            Values of ``libraries``, ``tasks``, ``categories``, ``data_types``, ``tags``, ``runs``,
            ``kind``, ``source`` and ``license``: any of one field, in all fields.

        Raises
        ------
        OptionError
            If there is no such field.
        """
        params: dict[str, Any] = {
            "text": text,
            "sort": sort,
            "limit": limit,
            "offset": offset,
            "group": [
                json.dumps({field: list(values) for field, values in group.items()})
                for group in groups
            ],
        }
        for field, values in facets.items():
            params[field] = [values] if isinstance(values, str) else list(values)
        answer = self._transport.request("GET", f"{_ROOT}/items", params=params)
        return ItemPage.model_validate_json(answer.content)

    def item(self, name: str) -> Item:
        """Return an item with its description, links and deploy menu.

        Raises
        ------
        NotFoundError
            If there is none of that name.
        """
        answer = self._transport.request("GET", _path(name))
        return Item(self, ItemRecord.model_validate_json(answer.content))

    def item_document(
        self, name: str, kind: Literal["metadata", "provenance"], format: DocumentFormat
    ) -> str:
        """Return a document of an item.

        Parameters
        ----------
        name : str
            Name of the item.
        kind : str
            ``metadata`` or ``provenance``.
        format : str
            ``json``, ``json-ld`` or ``turtle``.
        """
        params = {"format": format}
        return self._transport.request("GET", f"{_path(name)}/{kind}", params=params).text

    def item_picture(self, name: str) -> bytes:
        """Return the picture of an item.

        Raises
        ------
        NotFoundError
            If it has none.
        """
        return self._transport.get_bytes(f"{_path(name)}/picture")

    def item_weights(self, name: str) -> TagRecord:
        """Bring the weights of an item into the repository, and return their tag.

        Raises
        ------
        InvalidRequestError
            If it has no weights of a network of the platform, or they are not made yet.
        """
        answer = self._transport.request("POST", f"{_path(name)}/weights", repeatable=True)
        return TagRecord.model_validate_json(answer.content)

    def publish(
        self,
        job: Job | str,
        *,
        name: str,
        title: str | None = None,
        summary: str = "",
        description: str = "",
        parent: str | Item | None = None,
        compare_on: str | None = None,
        license: str | None = None,
        tags: Sequence[str] = (),
        replace: bool = False,
    ) -> Item:
        """Publish the network of a finished LEARN job, with its best weights, as an item.

        Parameters
        ----------
        job : Job or str
            The job, or its id.
        name : str
            Name of the item: lower-case letters, digits, ``.``, ``_`` and ``-``.
        title, summary, description : str
            Texts; the title is made of the name when absent, the description is Markdown.
        parent : str or Item, optional
            Item that it was retrained from.
        compare_on : str, optional
            Dataset on whose test part it is judged by an EVALUATE job, and its parent by another;
            waits for both.
        license : str, optional
            SPDX identifier; that of the parent when absent.
        tags : sequence of str
            Words to find it by.
        replace : bool
            Whether to replace an item of that name that was published before.

        Raises
        ------
        OptionError
            If a field is not accepted.
        ConflictError
            If another item has the name.
        """
        made = Job(self._transport, self._job_record(job)) if isinstance(job, str) else job
        older = self.item(parent) if isinstance(parent, str) else parent
        body = {
            "name": name,
            "title": title or name.replace("-", " ").replace("_", " ").capitalize(),
            "summary": summary,
            "description": description,
            "job": made.id,
            "parent": None if older is None else older.name,
            "evaluations": [] if compare_on is None else self._judge(made, older, compare_on),
            "license": license,
            "tags": list(tags),
            "replace": replace,
        }
        answer = self._transport.request("POST", f"{_ROOT}/items", body=body)
        return Item(self, ItemRecord.model_validate_json(answer.content))

    def unpublish(self, name: str) -> None:
        """Take an item out of the marketplace that was published here; jobs and weights stay."""
        self._transport.request("DELETE", _path(name))

    def item_sources(self) -> list[SourceRecord]:
        """Return where items come from, and how the last look at each went."""
        answer = self._transport.get(f"{_ROOT}/sources")
        return [SourceRecord.model_validate(item) for item in answer]

    def refresh_marketplace(self, *sources: str) -> list[SourceRecord]:
        """Read sources again, all of them where none is named, and return all."""
        answer = self._transport.request(
            "POST", f"{_ROOT}/refresh", params={"source": list(sources)}, repeatable=True
        )
        return [SourceRecord.model_validate(item) for item in answer.json()]

    def saved_searches(self) -> list[SavedSearch]:
        """Return the searches that you keep, by name."""
        answer = self._transport.get(f"{_ROOT}/searches")
        return [SavedSearch.model_validate(item) for item in answer]

    def save_search(self, name: str, query: ItemQuery) -> SavedSearch:
        """Keep a search, in the place of one of that name.

        Parameters
        ----------
        name : str
            Its name.
        query : ItemQuery
            What it looks for.
        """
        path = f"{_ROOT}/searches/{quote(name, safe='')}"
        body = query.model_dump(mode="json")
        return SavedSearch.model_validate_json(
            self._transport.request("PUT", path, body=body).content
        )

    def delete_search(self, name: str) -> None:
        """Forget a search.

        Raises
        ------
        NotFoundError
            If you keep none of that name.
        """
        self._transport.request("DELETE", f"{_ROOT}/searches/{quote(name, safe='')}")

    def default_search(self) -> DefaultSearch:
        """Return the search that the marketplace opens with."""
        return DefaultSearch.model_validate(self._transport.get(f"{_ROOT}/default"))

    def _job_record(self, job: str) -> JobRecord:
        answer = self._transport.request("GET", f"/api/jobs/{quote(job, safe='')}")
        return JobRecord.model_validate_json(answer.content)

    def _judge(self, made: Job, parent: Item | None, dataset: str) -> list[str]:
        """Evaluate weights of a job and of a parent on one dataset; return the ids of the jobs."""
        network, tag = made.record.networks[0], made.id
        judged = [self.submit("EVALUATE", network, dataset, tag=tag, name=f"{made.name} judged")]
        if parent is not None:
            found = self.item_weights(parent.name)
            name = f"{parent.name} judged"
            judged.append(self.submit("EVALUATE", found.network, dataset, tag=found.tag, name=name))
        for job in judged:
            job.wait()
        return [job.id for job in judged]


_ROOT = "/api/marketplace"


def _path(name: str) -> str:
    return f"{_ROOT}/items/{quote(name, safe='')}"
