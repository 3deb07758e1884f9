"""Code that calls the inference API of a deployment, to copy."""

from __future__ import annotations

from jupyter_platform.core.deployments import DeploymentRecord


def api_snippets(record: DeploymentRecord, base_url: str) -> dict[str, str]:
    """Return a snippet by its language: ``curl`` and ``python``.

    Parameters
    ----------
    record : DeploymentRecord
        The deployment.
    base_url : str
        Address of the Jupyter server that it is called through.
    """
    ends = [end.path for end in record.endpoints if end.service == "api"]
    if not ends:
        return {}
    address = base_url.rstrip("/") + "/" + ends[0]
    if record.network is not None:
        return {
            "curl": (
                f"curl -X POST '{address}predict' \\\n"
                '  -H "Authorization: token $JUPYTER_TOKEN" \\\n'
                "  -H 'Content-Type: application/json' \\\n"
                "  -d '{\"inputs\": [[0.1, 0.2, 0.3, 0.4]]}'"
            ),
            "python": (
                "from jupyter_platform import Platform\n\n"
                f"deployment = Platform().deployment({record.id!r})\n"
                "deployment.predict([[0.1, 0.2, 0.3, 0.4]])"
            ),
        }
    return {
        "curl": (
            f"curl '{address}v2/models/' \\\n"
            '  -H "Authorization: token $JUPYTER_TOKEN"\n'
            f"# then POST {address}v2/models/MODEL/predict/ with its arguments"
        ),
        "python": (
            "from jupyter_platform import Platform\n\n"
            f"deployment = Platform().deployment({record.id!r})\n"
            "deployment.predict()  # with the arguments of the item"
        ),
    }
