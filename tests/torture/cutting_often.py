"""The command line, with judges that cut the counts behind them every second, and write after every few of them.

A judge that faults befall every few seconds would never live to the first cut of its first minute; and one that takes
all counts at once when it catches up would seal and drop most panes between two writings, where nobody sees them.
"""

import sys

import consumers.kafka_cut
import consumers.kafka_source
from consumers.cli import main

consumers.kafka_cut.CUT_EVERY_S = 1.0
if "judge" in sys.argv:
    consumers.kafka_source.MOST_RECORDS = 4
main()
