"""What names in an event usually stand for."""

# Names of objects that hold features, and of those that hold something else.
LIKELY = frozenset(
    {"features", "feature", "inputs", "input", "instance", "instances", "x", "row", "rows", "feature_values"}
)
UNLIKELY = frozenset(
    {"meta", "metadata", "headers", "context", "tags", "labels", "trace", "output", "outputs", "prediction"}
    | {"predictions", "response", "result", "source", "system", "kubernetes", "schema"}
)
# Names at an event's top that are about the event.
ABOUT = frozenset(
    {"id", "uuid", "event_id", "request_id", "requestid", "trace_id", "span_id", "ts", "time", "timestamp", "date"}
    | {"event_time", "created_at", "updated_at", "model", "model_name", "model_version", "version", "type", "source"}
    | {"specversion", "schema", "schema_version", "prediction", "predictions", "score", "label", "target", "output"}
)


def sounds_like_time(name: str) -> bool:
    """Tell whether a name is one of those that times have.

    >>> sounds_like_time("sentAt"), sounds_like_time("event_time"), sounds_like_time("heat")
    (True, True, False)
    """
    low = name.lower()
    return "time" in low or "date" in low or low.endswith(("_at", "_ts", "ts", "_ms")) or name.endswith("At")
