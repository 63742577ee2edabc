"""BTCC on the wire: pure descriptions and pure functions, without I/O, clock or pandas."""
