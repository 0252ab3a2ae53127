"""The arithmetic of drift: rows, panes, windows, tests and decisions.

Deterministic: no I/O, no clock, no threads, no logging; time is an argument.
"""
