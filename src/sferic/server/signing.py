"""Signatures of deliveries, as the Standard Webhooks specification has them.

A receiver that knows the secret can tell that a delivery is from this server, whole, and not an old
one: what is signed is the id, the time and the body.
"""

import base64
import hmac

PREFIX = "whsec_"
"""What a secret begins with, as it is written."""


def secret_of(key_id: str, master: bytes) -> bytes:
    """Return the secret of a key, which says nothing about those of others.

    Args:
        key_id: Whose.
        master: The secret of the server.
    """
    return hmac.digest(master, b"webhook:" + key_id.encode(), "sha256")


def written(secret: bytes) -> str:
    """Write a secret as receivers need it."""
    return PREFIX + base64.b64encode(secret).decode()


def headers(secret: bytes, delivery_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of a delivery.

    Args:
        secret: Of the key whose delivery it is.
        delivery_id: The same at every attempt.
        timestamp: Of this attempt, in seconds since 1970.
        body: What is sent.
    """
    signed = b"%s.%d.%s" % (delivery_id.encode(), timestamp, body)
    signature = base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
