"""The process of a deployment: prepares what an item needs, starts its services, looks after them.

Standard library, pydantic and the platform's runtime only: it outlives nothing and needs little.
"""
