"""Letters to programs: JSON by POST, signed as the Standard Webhooks specification (1.0) has it.

`webhook-id` is the letter's, the same at every attempt; `webhook-timestamp` is the attempt's; `webhook-signature` is
`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body` under the shared key. No redirect is followed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from chainfusion.domain.records import to_json
from chainfusion.node.notifications.outbox import Letter
from chainfusion.node.notifications.refusals import Undelivered

PATIENCE = 10
"""Seconds that the receiver may take to answer."""
ASK_AGAIN = (408, 425, 429)
"""Refusals that another attempt may overcome."""


def body_of(letter: Letter, base: str) -> bytes:
    """What is posted."""
    told = {
        "id": letter.id,
        "kind": letter.kind,
        "title": to_json(letter.title),
        "about": to_json(letter.about),
        "url": f"{base.rstrip('/')}{letter.path}",
        "added": letter.added,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def signed(secret: bytes, id_: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """The headers that let the receiver tell who sent this, and that it is not an old message."""
    digest = hmac.new(secret, b"%s.%d.%s" % (id_.encode(), timestamp, body), hashlib.sha256).digest()
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def post(url: str, secret: bytes, letter: Letter, base: str, now: int) -> None:
    """Hands a letter to a program. Raises: Undelivered."""
    parts, body = urlsplit(url), body_of(letter, base)
    headers = {"content-type": "application/json", "user-agent": "chainfusion", **signed(secret, letter.id, now, body)}
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
    where = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
        connection.request("POST", where, body, headers)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        raise Undelivered(f"{type(error).__name__}: {error}", for_good=False) from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise Undelivered(f"HTTP {status}", for_good=300 <= status < 500 and status not in ASK_AGAIN)
