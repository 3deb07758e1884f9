"""The inference API: the DEEPaaS V2 contract around modules, batched predictions of own networks.

``python -m jupyter_platform.serving api`` needs the packages of `REQUIREMENTS` alone, so that a
module can bring an environment of its own, with neither torch nor Dask nor Jupyter in it.
"""

REQUIREMENTS = (
    "click>=8.1",
    "httptools>=0.6",
    "marshmallow>=3.13",
    "pydantic>=2.10",
    "python-multipart>=0.0.20",
    "starlette>=0.46",
    "swagger-ui-bundle>=1.1",
    "typing-extensions>=4.12",
    "uvicorn>=0.34",
    "webargs>=5.5.3",
)
"""Packages that an environment of a module's own must hold beside what the module imports."""
