"""``python -m consumers.cli``: the same as ``driftline``."""

from consumers.cli import main

main()
