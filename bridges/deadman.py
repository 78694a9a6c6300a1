"""Dead-man policy: what a bridge does when the appliance is silent, signed so that nobody between can write another one.

Signature: Ed25519 by the ledger key over the ASCII text `evenhand-deadman-v1`, one line feed, and the policy's bytes as sent.
"""

import msgspec
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from bridges.wire import Deadman, DeadmanPolicy

_DOMAIN = b"evenhand-deadman-v1\n"
_DECODER = msgspec.msgpack.Decoder(DeadmanPolicy)


class DeadmanForged(Exception):
    """A dead-man policy that this bridge must not follow."""


def sign_deadman(policy: DeadmanPolicy, ledger_key: SigningKey) -> Deadman:
    raw = msgspec.msgpack.encode(policy)
    return Deadman(raw, ledger_key.sign(_DOMAIN + raw).signature)


def verify_deadman(signed: Deadman, *, bridge: str, ledger_key: str) -> DeadmanPolicy:
    """The policy, if the ledger key (hex) signed it for this bridge."""
    try:
        VerifyKey(bytes.fromhex(ledger_key)).verify(_DOMAIN + signed.policy, signed.signature)
        policy = _DECODER.decode(signed.policy)
    except (BadSignatureError, ValueError, RecursionError) as error:
        raise DeadmanForged(
            f"dead-man policy for {bridge} is not signed by the ledger key: kept the one before"
        ) from error
    if policy.bridge != bridge:
        raise DeadmanForged(f"dead-man policy is for {policy.bridge}, this is {bridge}: kept the one before")
    return policy
