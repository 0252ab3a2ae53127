"""Decoders: bytes of one partition -> rows, rejected records and a number of foreign ones."""

from consumers.decode.event_decoder import EventDecoder
from consumers.decode.event_format import Decoder, EventFormat

__all__ = ["Decoder", "EventDecoder", "EventFormat"]
