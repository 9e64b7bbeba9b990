"""Reading all messages of a stream under a subject, in pages: one request for each message would take long."""

from __future__ import annotations

import nats.errors
from nats.aio.client import Client
from nats.js.api import RawStreamMsg

from .events import to_json

PAGE, PAGE_BYTES = 256, 8_000_000
TIMEOUT = 5
END_OF_PAGE = ("204", "404")


async def read_all(nc: Client, stream: str, subject: str) -> list[RawStreamMsg]:
    """The messages under a subject, oldest first. Any replica answers, and may lack the last ones.

    Raises nats.errors.Error when the server does not answer, or refuses.
    """
    messages: list[RawStreamMsg] = []
    pending = True
    while pending:
        first = messages[-1].seq or 0 if messages else 0
        page, pending = await _read_page(nc, stream, {"seq": first + 1, "next_by_subj": subject})
        messages += page
    return messages


async def _read_page(nc: Client, stream: str, query: dict[str, object]) -> tuple[list[RawStreamMsg], bool]:
    """Up to a page of messages, and whether there are more."""
    page: list[RawStreamMsg] = []
    pending = False
    inbox = nc.new_inbox()
    answers = await nc.subscribe(inbox)
    try:
        asked = to_json({**query, "batch": PAGE, "max_bytes": PAGE_BYTES})
        await nc.publish(f"$JS.API.DIRECT.GET.{stream}", asked, reply=inbox)
        while True:
            msg = await answers.next_msg(timeout=TIMEOUT)
            headers = msg.headers or {}
            if "Nats-Sequence" not in headers:
                if headers.get("Status") in END_OF_PAGE:
                    return page, pending
                raise nats.errors.Error(f"{stream} was not read: {headers}")
            pending = headers.get("Nats-Num-Pending") != "0"
            sequence = int(headers["Nats-Sequence"])
            page.append(RawStreamMsg(headers["Nats-Subject"], sequence, msg.data, headers=headers))
    finally:
        await answers.unsubscribe()
