"""BTCC trades, orders, balances and candles as DataFrames."""
