"""Whether events are still made as they were: fields, kinds of values, how many of the events are sent."""

from stream.schema_drift.state import SchemaState
from stream.schema_drift.watch import SchemaWatch

__all__ = ["SchemaState", "SchemaWatch"]
