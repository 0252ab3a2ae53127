"""Looking at events that nobody has described: their format, their parts, their pace; and what a configuration says."""
