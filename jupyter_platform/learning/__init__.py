"""What runs inside a torch process: networks, datasets, the loop; no Dask, no web."""
