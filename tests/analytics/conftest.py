"""Decimals of the tests keep every digit."""

from decimal import localcontext

import pytest


@pytest.fixture(autouse=True)
def all_digits():
    with localcontext(prec=80):
        yield
