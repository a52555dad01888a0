"""The offline verifier: what an evidence file proves to one who names what he trusts.

    verdict = verify(evidence, genesis, document)
    print("OK:" if verdict.ok else "FAIL:", verdict.headline("en"))

Standard library and cryptography only: no node, ledger or network, and none of the packages that they need.
"""

from chainfusion.verify.verdict import Status, Step, Verdict, VerificationFailed
from chainfusion.verify.verifier import verify

__all__ = ["Status", "Step", "Verdict", "VerificationFailed", "verify"]
