"""Checks signatures in a process of its own, so that a second core works while this one runs contracts.

The process (`checking_process`) is given public keys, digests and signatures, and answers yes or no; it has no private
key, no file and no ledger. It is started by the first batch that is worth it and ends with its standard input. Where it
cannot be had, is not ready yet, or ends, signatures are checked here: nothing else changes.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import IO

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chainfusion.ledger.embedded.admission import Admitted, signature_refusal
from chainfusion.ledger.embedded.checking_process import COUNT, GOOD, READY, read
from chainfusion.ledger.embedded.state import sha256
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.port import TransactionRefused

WORTH_IT = 16
"""Signatures below which two pipes cost more than they save."""
_LONGEST = 255
Refusals = list[TransactionRefused | None]


class SignatureChecker:
    """Used by one thread. An answer that is never asked for is passed over when a later one is."""

    def __init__(self) -> None:
        self._due: deque[tuple[int, int]] = deque()
        """Batches that the process has been sent and not asked for: number, signatures."""
        self._begun = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False
        self._is_wanted = (os.cpu_count() or 1) > 1

    def begin(self, batch: Sequence[Admitted]) -> Callable[[], Refusals]:
        """Begins to check a batch; the call that is returned waits for what was found."""
        if len(batch) < WORTH_IT or not self._has_process():
            return partial(refusals_of, batch)
        try:
            _write(_pipe(self._process, "stdin"), _question(batch))
        except OSError:
            self._give_up()
            return partial(refusals_of, batch)
        self._begun += 1
        self._due.append((self._begun, len(batch)))
        return partial(self._answer, batch, self._begun)

    def close(self) -> None:
        """Ends the process."""
        self._give_up()

    def _answer(self, batch: Sequence[Admitted], number: int) -> Refusals:
        found = b""
        while self._due and self._due[0][0] <= number:  # the process answers in order, whoever was asked for
            found = read(_pipe(self._process, "stdout"), self._due.popleft()[1])
        if len(found) != len(batch):
            self._give_up()
            return refusals_of(batch)
        return [None if good == GOOD else _refusal(each) for each, good in zip(batch, found, strict=True)]

    def _has_process(self) -> bool:
        if self._is_ready or not self._is_wanted:
            return self._is_ready
        if self._process is None:
            self._start()
        elif select.select([_pipe(self._process, "stdout")], [], [], 0)[0]:
            self._is_ready = read(_pipe(self._process, "stdout"), len(READY)) == READY
            if not self._is_ready:
                self._give_up()
        return self._is_ready

    def _start(self) -> None:
        command = [sys.executable, "-c", "from chainfusion.ledger.embedded.checking_process import main; main()"]
        settings = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0, env=settings)  # noqa: S603
        except OSError:
            self._is_wanted = False

    def _give_up(self) -> None:
        process, self._process = self._process, None
        self._is_ready = self._is_wanted = False
        self._due.clear()
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait()


def refusals_of(batch: Sequence[Admitted]) -> Refusals:
    """Checks here, one after the other."""
    return [_refusal(admitted) for admitted in batch]


def _refusal(admitted: Admitted) -> TransactionRefused | None:
    return signature_refusal(admitted.transaction, admitted.certificate)


def _question(batch: Sequence[Admitted]) -> bytes:
    parts = [len(batch).to_bytes(COUNT)]
    for admitted in batch:
        signature = admitted.transaction.signature
        known = signature if len(signature) <= _LONGEST else b""
        parts += (_point(admitted.certificate), sha256(admitted.proposal.signing_bytes), bytes([len(known)]), known)
    return b"".join(parts)


@lru_cache(maxsize=4096)
def _point(certificate: Certificate) -> bytes:
    return certificate.p256_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _pipe(process: subprocess.Popen[bytes] | None, name: str) -> IO[bytes]:
    pipe: IO[bytes] | None = getattr(process, name, None)
    if pipe is None:
        raise BrokenPipeError
    return pipe


def _write(pipe: IO[bytes], data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[pipe.write(left) :]
