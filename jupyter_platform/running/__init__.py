"""Inside the process of a RUN: scripts, modules, notebooks and cells in any Python environment.

It imports neither torch nor Dask; the code that it runs has a process and an environment of its
own.
"""
