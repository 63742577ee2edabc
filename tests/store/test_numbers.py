"""Between decimals and floats nothing is rounded twice."""

from decimal import Decimal

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from btcc_research.store import numbers

EXACT = pa.decimal128(38, 18)
whole = st.integers(-(10**38) + 1, 10**38 - 1)


def column(*values):
    texts = [value if value is None else format(value, "f") for value in values]
    return pa.chunked_array([pa.array(texts, pa.string()).cast(EXACT)])


def as_decimal(scaled):
    return Decimal(f"{scaled}E-18")


@given(st.lists(whole, max_size=20))
@example([123456789012345678])  # Arrow's own cast gives the neighbour
@example([300000000000000000])
def test_a_float_is_the_nearest_to_the_decimal(scaled):
    exact = [as_decimal(number) for number in scaled]
    assert numbers.to_floats(column(*exact)).to_pylist() == [float(value) for value in exact]


@given(st.lists(whole, min_size=1, max_size=20))
@example([123456789012345678])
@example([1])
@example([10**37])
def test_floats_are_taken_where_their_shortest_text_is_the_number(scaled):
    exact = [as_decimal(number) for number in scaled]
    floats = numbers.exact_floats(column(*exact))
    shown = all(Decimal(repr(float(value))) == value for value in exact)
    assert (floats is not None) == shown
    if floats is not None:
        assert floats.to_pylist() == [float(value) for value in exact]
        assert numbers.to_exact(floats).to_pylist() == exact


def test_numbers_of_fifteen_digits_are_always_taken():
    exact = [Decimal(f"{n}.{n:07d}") for n in range(1_000_000, 9_999_999, 99_991)]
    assert numbers.exact_floats(column(*exact)) is not None


def test_missing_numbers_stay_missing():
    assert numbers.exact_floats(column(Decimal(1), None)).to_pylist() == [1.0, None]
    assert numbers.exact_floats(column()).to_pylist() == []
