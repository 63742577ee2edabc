"""``python -m btcc_research`` is the `btcc` command."""

from btcc_research.cli import main

main()
