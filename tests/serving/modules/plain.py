"""A module of one file: no schema, no accept, no train; its fields are current ones."""

from webargs import fields

SCALE = 2


def get_predict_args():
    return {"x": fields.Float(required=True, metadata={"description": "A number"})}


def predict(x):
    return {"doubled": SCALE * x, "nothing": float("nan")}
