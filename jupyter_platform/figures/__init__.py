"""Plots and tables of what the platform does, for dashboards, panels and notebooks.

Everything is made from records of the client. Nothing here starts a thread or keeps a connection:
live plots fetch their columns from the Jupyter server, so they outlive the kernel that made them.
"""
