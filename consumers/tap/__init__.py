"""A tap for serving code: what a model is asked and what it answers become events, and the model never waits for it."""

from consumers.tap.edge_counts import EdgeCounts
from consumers.tap.kafka_events import KafkaEvents
from consumers.tap.outlet import FileEvents, MemoryEvents, Outlet
from consumers.tap.predictions import ByShape, Logits, Probabilities, Values
from consumers.tap.readings import Embeddings, Pictures, Reading, Tabular, Tokens
from consumers.tap.stats import TapStats
from consumers.tap.tap import Tap, TapLimits
from consumers.tap.watch import Watch

__all__ = [
    "ByShape",
    "EdgeCounts",
    "Embeddings",
    "FileEvents",
    "KafkaEvents",
    "Logits",
    "MemoryEvents",
    "Outlet",
    "Pictures",
    "Probabilities",
    "Reading",
    "Tabular",
    "Tap",
    "TapLimits",
    "TapStats",
    "Tokens",
    "Values",
    "Watch",
]
