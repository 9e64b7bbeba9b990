"""The worker protocol: events, the state of a job, and what a call for work means. See docs/worker-protocol.md."""
