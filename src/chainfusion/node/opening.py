"""Opens what a person works with: the embedded ledger in its folder, and the person's desk on it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from chainfusion.contracts.catalogue import registry
from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import to_json
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.ledger.embedded.committer import LedgerExists, LedgerWriteFailed
from chainfusion.ledger.evidence.transaction import Creator, Proposal, Transaction
from chainfusion.ledger.port import Ledger, Signer
from chainfusion.node.desk import Desk
from chainfusion.node.home import FileExists, Home, LedgerFolder
from chainfusion.node.identity.organisation import unlock, unlock_encryption
from chainfusion.node.locked import LockedSigner, Password, told
from chainfusion.node.session import Session
from chainfusion.vault.store import FolderStore
from chainfusion.vault.vault import Vault


def _now() -> datetime:
    return datetime.now(UTC)


def found_ledger(
    folder: LedgerFolder,
    signed: SignedGenesis,
    founder: Signer,
    node: Signer,
    node_identity: Path,
    clock: Callable[[], datetime] = _now,
) -> EmbeddedLedger:
    """Begins a ledger: block 0 is the founding, called by a founder's representative and ordered by `node`.

    `node_identity` is the folder of the ordering member's identity. The folder is a ledger's once its database is
    there; what is refused leaves nothing in it.

    Raises: FileExists, and what the contract refuses of the genesis (GenesisRefused).
    """
    require(not folder.database.exists(), FileExists(path=str(folder.database)))
    folder.lay(signed, node_identity)
    try:
        return _found(folder, signed, founder, node, clock)
    except (LedgerExists, LedgerWriteFailed):
        raise  # somebody else's ledger, or one whose state shows when it is opened: nothing of it is removed
    except ChainFusionError:
        folder.clear()
        raise


def _found(
    folder: LedgerFolder, signed: SignedGenesis, founder: Signer, node: Signer, clock: Callable[[], datetime]
) -> EmbeddedLedger:
    contracts = registry()
    proposal = Proposal(
        args={"genesis": to_json(signed)},
        channel=signed.genesis.ledger_id,
        contract="consortium",
        creator=Creator(founder.msp_id, founder.certificate_fingerprint),
        nonce=secrets.token_hex(24),
        operation="found",
        time=clock(),
        transient=None,
        version=contracts.in_force("consortium").version,
    )
    founding = Transaction(proposal, founder.sign(proposal.signing_bytes))
    return EmbeddedLedger.create(folder.database, founding, founder.certificate_der, contracts, node, clock=clock)


def open_ledger(
    folder: LedgerFolder, orderer_password: bytes | None = None, clock: Callable[[], datetime] = _now
) -> EmbeddedLedger:
    """The ledger in a folder: to be read, or with the password of the orderer's node to be written as well.

    Raises: LedgerUnreadable, FileDamaged, WrongPassword.
    """
    signer = unlock(folder.orderer().node, orderer_password) if orderer_password is not None else None
    return EmbeddedLedger(folder.database, registry(), signer, clock=clock)


def open_vault(folder: LedgerFolder) -> Vault:
    """The vault on the ledger folder's store."""
    folder.store.mkdir(parents=True, exist_ok=True)
    return Vault(FolderStore(folder.store))


def open_desk(
    home: Home,
    ledger: Ledger,
    user: str,
    password: Password,
    encryption_password: Password | None = None,
    clock: Callable[[], datetime] = _now,
) -> Desk:
    """A person's desk: the person's signing key, and the institution's encryption key with a password of its own.

    The signing key is unlocked at once where its password is given, and when it first signs where it is to be asked
    for; the encryption key when the first document is opened. Without `encryption_password` the person's is tried.

    Raises: NotJoined, IdentityMissing, WrongPassword.
    """
    organisation = home.organisation()
    signer = LockedSigner(organisation.user(user), password)
    for_documents = password if encryption_password is None else encryption_password
    return Desk(
        session=Session(ledger, registry(), signer.unlocked if isinstance(password, bytes) else signer, clock),
        vault=open_vault(home.ledger()),
        unlock=lambda: unlock_encryption(organisation, told(for_documents)),
    )
