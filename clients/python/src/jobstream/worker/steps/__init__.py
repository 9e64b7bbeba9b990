"""The steps of an attempt: each runs once for its job. See docs/worker-protocol.md."""
