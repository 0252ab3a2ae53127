"""Run a local Kafka without Docker, in the foreground: ``python docker/local_kafka.py [--nodes 3]``."""

import sys

from consumers.local_kafka import main

sys.exit(main())
