"""Why a server cannot be reached, in words for the middle of a sentence."""

from __future__ import annotations

import errno
import socket


def why_unreachable(error: object) -> str | None:
    """None for what says nothing of the kind, such as an answer that breaks off."""
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if _has_code(error, errno.ECONNREFUSED):
        return "the connection was refused"
    if _has_code(error, errno.EHOSTUNREACH) or _has_code(error, errno.ENETUNREACH):
        return "there is no route to it"
    return None


def _has_code(error: object, code: int) -> bool:
    """Where a name has several addresses, asyncio puts the errors of all into the text of one."""
    return isinstance(error, OSError) and (error.errno == code or f"[Errno {code}]" in str(error))
