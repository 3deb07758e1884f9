"""Processes, run folders and files of one machine.

The run folder and its shim, the supervisor, the connection file and on-demand start, record
files, content-addressed files, and what the machine has and does. No Dask, torch or web framework.
"""
