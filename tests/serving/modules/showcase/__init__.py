"""A module as AI4OS ones are written: for webargs 5, marshmallow 3 and DEEPaaS."""
