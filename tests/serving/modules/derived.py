"""A module that is a class, derived from the base class of DEEPaaS."""

from deepaas.model.v2.base import BaseModel


class Model(BaseModel):
    def get_metadata(self):
        raise NotImplementedError

    def get_predict_args(self):
        raise NotImplementedError

    def predict(self, **kwargs):
        return "nothing"

    def get_train_args(self):
        raise NotImplementedError

    def train(self, **kwargs):
        raise NotImplementedError

    def warm(self):
        raise NotImplementedError
