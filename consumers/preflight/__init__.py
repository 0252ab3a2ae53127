"""What would go wrong in production, looked for before it does: nothing is written, created or moved."""
