"""The vault of one institution: seal a stream for named members, open what was granted, grant it on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from chainfusion.domain.documents import SALT_LENGTH, document_fingerprint
from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.vault.chunks import (
    CHUNK_SIZE,
    TAG_LENGTH,
    ChunkCipher,
    Progress,
    Sealing,
    chunk_count,
    ciphertext_length,
    no_progress,
)
from chainfusion.vault.datakey import DataKey
from chainfusion.vault.envelope import (
    ENVELOPE_FORMAT,
    LARGEST_ENVELOPE,
    LARGEST_GRANT,
    MOST_RECIPIENTS,
    Envelope,
    Recipient,
    SignedEnvelope,
    SignedGrant,
    envelope_bytes,
    is_msp_id,
    read_envelope,
    read_grant,
    recipient_of,
    recipients_of,
    sign_envelope,
    sign_grant,
)
from chainfusion.vault.errors import (
    ContentNotAsStated,
    ContentTampered,
    EnvelopeTampered,
    FileNameInvalid,
    GrantTampered,
    MediaTypeInvalid,
    NotGranted,
    NotSigned,
    ObjectMissing,
    RecipientInvalid,
    SealerLeftOut,
    StoreUnavailable,
    TooManyRecipients,
    WrongDataKey,
)
from chainfusion.vault.header import Header, is_file_name, is_media_type, seal_header
from chainfusion.vault.keys import EncryptionKeyPair, EncryptionPublicKey
from chainfusion.vault.opened import Opened, data_key_of
from chainfusion.vault.signing import SignatureCheck, Signer
from chainfusion.vault.store import Kind, ObjectKey, ObjectStore


@dataclass(frozen=True, slots=True)
class Sealed:
    """What sealing made. `salt` is for readers alone; `fingerprint` and the object's id may be shown."""

    object_id: str
    fingerprint: bytes
    salt: bytes
    content_sha256: bytes
    content_length: int
    signed: SignedEnvelope


class Vault:
    """Encrypted objects in a store. The vault holds no key: whoever calls brings it."""

    def __init__(self, store: ObjectStore, chunk_size: int = CHUNK_SIZE) -> None:
        self._store, self._chunk_size = store, chunk_size

    def seal(
        self,
        source: BinaryIO,
        name: str,
        media_type: str,
        recipients: Mapping[str, EncryptionPublicKey],
        signer: Signer,
        progress: Progress = no_progress,
    ) -> Sealed:
        """Encrypts `source` to the end for `recipients` (by MSP id, the sealer among them) and signs its envelope.

        Memory stays constant. The object becomes visible with its envelope, which is written last.

        Raises: FileNameInvalid, MediaTypeInvalid, SealerLeftOut, TooManyRecipients, RecipientInvalid, StoreUnavailable,
        and whatever `source` or `signer` raises; nothing stays behind.
        """
        _check_request(name, media_type, recipients, signer)
        key, salt = DataKey.generate(), os.urandom(SALT_LENGTH)
        stream = Sealing(source, ChunkCipher(key.content_key(), key.object_id), self._chunk_size, progress)
        try:
            self._store.put(ObjectKey(Kind.CIPHERTEXT, key.object_id), stream)
            envelope = Envelope(
                chunk_size=self._chunk_size,
                ciphertext_sha256=stream.ciphertext_sha256.digest(),
                content_length=stream.content_length,
                fingerprint=document_fingerprint(salt, stream.content_sha256.digest()),
                format=ENVELOPE_FORMAT,
                header=seal_header(Header(media_type, name, salt), key),
                object_id=key.object_id,
                recipients=recipients_of(recipients, key),
            )
            signed = sign_envelope(envelope, signer)
            self._store.put(ObjectKey(Kind.ENVELOPE, key.object_id), [envelope_bytes(signed)])
        except BaseException:
            with suppress(StoreUnavailable):
                self.delete(key.object_id)
            raise
        content_sha256 = stream.content_sha256.digest()
        return Sealed(key.object_id, envelope.fingerprint, salt, content_sha256, stream.content_length, signed)

    def open(
        self,
        object_id: str,
        msp: str,
        key: EncryptionKeyPair,
        check: SignatureCheck,
        fingerprint: bytes | None = None,
        progress: Progress = no_progress,
    ) -> Opened:
        """The object's facts, verified, and its content to be read, for the member `msp` with its `key`.

        `fingerprint` is what the ledger holds; give it wherever there is one, since any member can sign an envelope.

        Raises: ObjectMissing, EnvelopeTampered, GrantTampered, NotSigned, NotGranted, WrongDataKey,
        ContentNotAsStated; while reading: ContentTampered, ContentNotAsStated, StoreUnavailable.
        """
        signed = self.envelope(object_id, check)
        stated = signed.envelope.fingerprint
        if fingerprint is not None and fingerprint != stated:
            raise ContentNotAsStated(object=object_id, stated=fingerprint.hex(), found=stated.hex())
        data_key, granted_by = self._data_key(signed, msp, key, check)
        blocks = self._store.get(ObjectKey(Kind.CIPHERTEXT, object_id), signed.envelope.chunk_size + TAG_LENGTH)
        return Opened.of(signed, data_key, granted_by, blocks, progress)

    def grant(
        self,
        object_id: str,
        msp: str,
        key: EncryptionKeyPair,
        check: SignatureCheck,
        recipient: tuple[str, EncryptionPublicKey],
        signer: Signer,
    ) -> SignedGrant:
        """Seals the object's data key to one more member (MSP id, encryption key) and stores the signed grant.

        Raises: as `open`; who cannot open cannot grant. RecipientInvalid.
        """
        require(is_msp_id(recipient[0]), RecipientInvalid(msp=repr(recipient[0])))
        data_key, _ = self._data_key(self.envelope(object_id, check), msp, key, check)
        signed = sign_grant(object_id, recipient_of(*recipient, data_key), signer)
        data = envelope_bytes(signed)
        self._store.put(ObjectKey(Kind.GRANT, object_id, hashlib.sha256(data).hexdigest()), [data])
        return signed

    def envelope(self, object_id: str, check: SignatureCheck) -> SignedEnvelope:
        """The object's signed envelope. Raises: ObjectMissing, EnvelopeTampered, NotSigned."""
        data = self._small(ObjectKey(Kind.ENVELOPE, object_id), LARGEST_ENVELOPE)
        return read_envelope(data, object_id, check)

    def grants(self, object_id: str, check: SignatureCheck) -> Iterator[SignedGrant]:
        """The object's grants, each verified. Raises: GrantTampered, NotSigned at the first that does not hold."""
        for key in self._store.list(Kind.GRANT, object_id):
            yield self._grant(key, check)

    def readers(self, object_id: str, check: SignatureCheck) -> frozenset[str]:
        """The MSP ids of all members that the object was sealed or granted to. Raises: as `envelope` and `grants`."""
        sealed = {recipient.msp for recipient in self.envelope(object_id, check).envelope.recipients}
        return frozenset(sealed | {signed.grant.recipient.msp for signed in self.grants(object_id, check)})

    def audit(self, object_id: str, check: SignatureCheck) -> SignedEnvelope:
        """Checks an object without any key: envelope and grants signed, ciphertext whole and as stated.

        Raises: ObjectMissing, EnvelopeTampered, GrantTampered, NotSigned, ContentTampered.
        """
        signed = self.envelope(object_id, check)
        for _ in self.grants(object_id, check):
            pass
        stated, length, digest = signed.envelope, 0, hashlib.sha256()
        for block in self._store.get(ObjectKey(Kind.CIPHERTEXT, object_id), stated.chunk_size + TAG_LENGTH):
            length += len(block)
            digest.update(block)
        chunks = chunk_count(stated.content_length, stated.chunk_size)
        whole = length == ciphertext_length(stated.content_length, stated.chunk_size)
        same = digest.digest() == stated.ciphertext_sha256
        require(whole and same, ContentTampered(object=object_id, chunk=chunks, chunks=chunks))
        return signed

    def objects(self) -> Iterator[str]:
        """The ids of all objects, in no order."""
        return (key.object_id for key in self._store.list(Kind.ENVELOPE))

    def unfinished(self) -> Iterator[str]:
        """Ids of ciphertexts without an envelope: being sealed now, or left by a process that was killed."""
        for key in self._store.list(Kind.CIPHERTEXT):
            if not self._store.exists(ObjectKey(Kind.ENVELOPE, key.object_id)):
                yield key.object_id

    def delete(self, object_id: str) -> None:
        """Removes the object from this store, its envelope first. Copies in other members' stores stay."""
        self._store.delete(ObjectKey(Kind.ENVELOPE, object_id))
        for key in list(self._store.list(Kind.GRANT, object_id)):
            self._store.delete(key)
        self._store.delete(ObjectKey(Kind.CIPHERTEXT, object_id))

    def _data_key(
        self, signed: SignedEnvelope, msp: str, key: EncryptionKeyPair, check: SignatureCheck
    ) -> tuple[DataKey, str]:
        """The data key and the MSP id of the member that sealed it to this one; a bad offer never hides a good one."""
        object_id = signed.envelope.object_id
        refusal: ChainFusionError = NotGranted(object=object_id, msp=msp, key=key.fingerprint)
        for offer in self._offers(signed, check):
            if isinstance(offer, ChainFusionError):
                refusal = offer
                continue
            recipient, by = offer
            if (recipient.msp, recipient.key) == (msp, key.fingerprint):
                try:
                    return data_key_of(recipient, object_id, key, by), by
                except WrongDataKey as error:
                    refusal = error
        raise refusal

    def _offers(
        self, signed: SignedEnvelope, check: SignatureCheck
    ) -> Iterator[tuple[Recipient, str] | ChainFusionError]:
        """Everyone the data key was sealed to and by whom: in the envelope, then each grant or what is wrong in it."""
        for recipient in signed.envelope.recipients:
            yield recipient, signed.signature.msp
        for stored in self._store.list(Kind.GRANT, signed.envelope.object_id):
            try:
                found = self._grant(stored, check)
                yield found.grant.recipient, found.signature.msp
            except (GrantTampered, NotSigned, ObjectMissing) as error:
                yield error

    def _grant(self, key: ObjectKey, check: SignatureCheck) -> SignedGrant:
        return read_grant(self._small(key, LARGEST_GRANT), key.object_id, str(key.part), check)

    def _small(self, key: ObjectKey, limit: int) -> bytes:
        """A stored envelope or grant, refused when it is larger than any true one."""
        data = next(self._store.get(key, limit + 1), b"")
        if len(data) > limit:
            why = f"more than {limit} bytes"
            raise (
                EnvelopeTampered(object=key.object_id, why=why)
                if key.part is None
                else GrantTampered(object=key.object_id, grant=key.part, why=why)
            )
        return data


def _check_request(name: str, media_type: str, recipients: Mapping[str, EncryptionPublicKey], signer: Signer) -> None:
    require(is_file_name(name), FileNameInvalid(name=repr(name)))
    require(is_media_type(media_type), MediaTypeInvalid(media_type=repr(media_type)))
    require(signer.msp_id in recipients, SealerLeftOut(msp=signer.msp_id))
    require(len(recipients) <= MOST_RECIPIENTS, TooManyRecipients(count=len(recipients), most=MOST_RECIPIENTS))
    for msp in recipients:
        require(is_msp_id(msp), RecipientInvalid(msp=repr(msp)))
