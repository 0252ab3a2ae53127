"""Decoders: bytes of one partition -> rows, rejected records and a number of foreign ones."""

from consumers.decode.event_format import Decoder, EventFormat
from consumers.decode.json_events import JsonDecoder

__all__ = ["Decoder", "EventFormat", "JsonDecoder"]
