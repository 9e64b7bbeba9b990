"""The worker: it takes calls for work, runs handlers, and records their outcomes."""
