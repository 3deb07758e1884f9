"""The base of what the API answers."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A record that is answered whole: its schema promises the fields that have defaults, too.

    It is built when it is first used: a terminal or a kernel imports a hundred of them, and uses a
    few.
    """

    model_config = ConfigDict(json_schema_serialization_defaults_required=True, defer_build=True)
