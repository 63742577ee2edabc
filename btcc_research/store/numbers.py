"""Between exact decimals and floats, always through the number's text.

Arrow's direct cast from decimal to double is not correctly rounded; its readers and
writers of text are, and the shortest text of a float is what the exchange printed
whenever that had no more than about 15 digits.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from btcc_research.frames import EXACT


def to_floats(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return decimals as the nearest floats."""
    return values.cast(pa.string()).cast(pa.float64())


def to_exact(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return floats as the decimals their shortest texts say."""
    return values.cast(pa.string()).cast(EXACT)


def exact_floats(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return decimals as floats whose shortest texts are these decimals, or None."""
    floats = to_floats(values)
    try:
        back = to_exact(floats)
    except pa.ArrowInvalid:  # the float's text has more digits than a decimal holds
        return None
    same = pc.all(pc.equal(values, back)).as_py()
    return floats if same is not False else None
