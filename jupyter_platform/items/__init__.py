"""Items of the marketplace that ship with the package, one folder each, and what they share.

The name of a folder is the name of the item. It holds ``ai4-metadata.yml``, ``README.md``,
``recipe.yml`` and the module, a file of Python with the functions of the DEEPaaS V2 interface. Its
weights are made once on each machine: ``jupyter platform items build``.
"""
