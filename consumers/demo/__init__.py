"""The demo: a simulated day of house-price requests with a change that nobody announced, and driftline watching it."""
