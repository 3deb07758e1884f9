"""httpx as it is where its extra ``cli`` is not installed.

It loads a command line of its own where it finds click, pygments and rich, as it does here. That
would be a third of the time that importing our client takes, and megabytes in each process.
"""

import sys

_COMMAND_LINE = "httpx._main"

if "httpx" not in sys.modules:
    # Python raises ImportError for it meanwhile; httpx expects that.
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]  # documented, typeshed has no None
    import httpx as httpx

    del sys.modules[_COMMAND_LINE]
else:
    import httpx as httpx

__all__ = ["httpx"]
