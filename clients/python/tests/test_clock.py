"""What the server's clock has reached."""

from __future__ import annotations

import unittest
from datetime import timedelta
from time import monotonic
from typing import cast

from nats.aio.client import Client

from jobstream.protocol.server_clock import ServerClock


class Reached(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = ServerClock(cast("Client", None))

    def test_is_behind_the_measured_time_by_what_that_may_be_wrong(self) -> None:
        self.clock.measured, self.clock.error = monotonic(), 0.4
        self.assertLessEqual(self.clock.reached(), self.clock.now() - timedelta(milliseconds=399))

    def test_is_further_behind_the_longer_ago_that_was(self) -> None:
        self.clock.measured = monotonic() - 60
        self.assertLessEqual(self.clock.reached(), self.clock.now() - timedelta(milliseconds=59))
