"""While versions change, yesterday's code reads what today's has written, and today's what yesterday's has left.

docs/decisions/tables.md says what follows from that for whoever changes a row.
"""

import importlib
import pkgutil

import pytest

import toritsugi
from toritsugi.foundation.tables import Table

for found in pkgutil.walk_packages(toritsugi.__path__, "toritsugi."):
    importlib.import_module(found.name)


def models_under(model):
    for below in model.__subclasses__():
        yield below
        yield from models_under(below)


def kind_of(model):
    """What a row says that it is, if it is of this class; None for a class of which no row is."""
    return model.get_attributes()[model._discriminator].get_discriminator(model) if model._discriminator else None


MODELS = [model for model in models_under(Table) if model._hash_keyname]
OF_KINDS = [
    model for model in MODELS if model._discriminator and kind_of(model) is None
]  # what all of a table is read as


def row_of(model):
    """A row that has its keys, and says what it is, where rows of several kinds lie in one table."""
    row = {name: {"S": "made-up"} for name in key_names(model)}
    return row | ({"kind": {"S": kind_of(model)}} if model._discriminator else {})


def key_names(model):
    return [name for name in (model._hash_keyname, model._range_keyname) if name]


@pytest.mark.parametrize("model", [one for one in MODELS if one not in OF_KINDS], ids=lambda model: model.__name__)
def test_what_a_newer_release_has_added_to_a_row_is_passed_over(model):
    read = model.from_raw_data(row_of(model) | {"of_tomorrow": {"S": "whatever that is"}})
    assert type(read) is model
    assert [getattr(read, name) for name in key_names(model)] == ["made-up"] * len(key_names(model))


@pytest.mark.parametrize("model", OF_KINDS, ids=lambda model: model.__name__)
def test_a_row_of_a_kind_that_a_newer_release_has_added_is_not(model):
    """So a kind is known for one release before it is written: whoever reads all of a partition would fall over it."""
    row = {name: {"S": "made-up"} for name in key_names(model)} | {"kind": {"S": "of tomorrow"}}
    with pytest.raises(ValueError, match="of tomorrow"):
        model.from_raw_data(row)
