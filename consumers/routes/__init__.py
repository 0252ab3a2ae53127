"""Alerts to people: each route reads the alerts topic in a group of its own and delivers over HTTP.

The order of reading: ``router`` starts the routes, ``kafka_route`` puts one together, ``route`` is its loop,
``history`` decides what is told, ``kinds`` makes requests of events, ``delivery`` tries until it succeeds, and ``post``
is one try.
"""

from consumers.routes.router import Router

__all__ = ["Router"]
