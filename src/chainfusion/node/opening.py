"""Opens what a person works with: the ledger of the home's engine, and the person's desk on it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from chainfusion.contracts.catalogue import registry
from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import to_json
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.ledger.embedded.committer import LedgerExists, LedgerWriteFailed
from chainfusion.ledger.evidence.transaction import Creator, Proposal, Transaction
from chainfusion.ledger.port import Ledger, Receipt, Signer
from chainfusion.node.connection import Connection
from chainfusion.node.desk import Desk
from chainfusion.node.home import Engine, FileDamaged, FileExists, Home, LedgerFolder
from chainfusion.node.identity.organisation import unlock, unlock_encryption
from chainfusion.node.locked import LockedSigner, Password, certificate_alone, told
from chainfusion.node.session import Session
from chainfusion.vault.store import FolderStore
from chainfusion.vault.vault import Vault

if TYPE_CHECKING:  # loaded by who works on a channel alone
    from chainfusion.node.channel import ChannelLedger
    from chainfusion.node.office import Office


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
    """Begins an embedded ledger: block 0 is the founding, called by a founder's representative and ordered by `node`.

    `node_identity` is the folder of the ordering member's identity. The folder is a ledger's once its database is
    there; what is refused leaves nothing in it.

    Raises: FileExists, and what the contract refuses of the genesis (GenesisRefused).
    """
    require(not folder.database.exists(), FileExists(path=str(folder.database)))
    folder.lay(signed, node_identity)
    try:
        founding = _founding(signed, founder, clock)
        transaction = Transaction(founding, founder.sign(founding.signing_bytes))
        return EmbeddedLedger.create(
            folder.database, transaction, founder.certificate_der, registry(), node, clock=clock
        )
    except (LedgerExists, LedgerWriteFailed):
        raise  # somebody else's ledger, or one whose state shows when it is opened: nothing of it is removed
    except ChainFusionError:
        folder.clear()
        raise


def found_channel(
    ledger: Ledger, signed: SignedGenesis, founder: Signer, clock: Callable[[], datetime] = _now
) -> Receipt:
    """Founds the consortium on a channel that runs: the first transaction of our contracts on it.

    Raises: GenesisRefused, ConsortiumExists.
    """
    return ledger.submit(_founding(signed, founder, clock), founder)


def _founding(signed: SignedGenesis, founder: Signer, clock: Callable[[], datetime]) -> Proposal:
    return Proposal(
        args={"genesis": to_json(signed)},
        channel=signed.genesis.ledger_id,
        contract="consortium",
        creator=Creator(founder.msp_id, founder.certificate_fingerprint),
        nonce=secrets.token_hex(24),
        operation="found",
        time=clock(),
        transient=None,
        version=registry().in_force("consortium").version,
    )


def open_ledger(
    folder: LedgerFolder, orderer_password: bytes | None = None, clock: Callable[[], datetime] = _now
) -> EmbeddedLedger:
    """The embedded ledger in a folder: to be read, or with the password of the orderer's node to be written as well.

    Raises: LedgerUnreadable, FileDamaged, WrongPassword.
    """
    signer = unlock(folder.orderer().node, orderer_password) if orderer_password is not None else None
    return EmbeddedLedger(folder.database, registry(), signer, clock=clock)


@contextmanager
def opened_ledger(home: Home, reader: Signer, orderer_password: Callable[[], bytes] | None = None) -> Iterator[Ledger]:
    """The ledger that a home uses, whichever engine it is on, closed afterwards.

    `reader` signs what is asked of peers. `orderer_password` is given where the embedded ledger is to be written too.

    Raises: NotJoined, FileDamaged, LedgerUnreadable, WrongPassword, NoPeers.
    """
    if home.settings().engine is Engine.FABRIC:
        ledger: Ledger = open_channel(home.connection(), home.path, reader)
    else:
        ledger = open_ledger(home.ledger(), orderer_password() if orderer_password else None)
    with closing(ledger):
        yield ledger


def open_channel(connection: Connection, folder: Path, reader: Signer) -> ChannelLedger:
    """A channel by its connection profile, whose paths are seen from `folder`. Raises: NoPeers, FileDamaged."""
    from chainfusion.node.channel import ChannelLedger  # whose libraries the embedded engine does without

    try:
        return ChannelLedger(connection, folder, reader)
    except OSError as error:
        raise FileDamaged(path=str(error.filename), why=error.strerror or str(error)) from None


def open_vault(store: Path) -> Vault:
    """The vault on a folder that the institutions share."""
    store.mkdir(parents=True, exist_ok=True)
    return Vault(FolderStore(store))


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
        vault=open_vault(home.store()),
        unlock=lambda: unlock_encryption(organisation, told(for_documents)),
    )


def open_office(home: Home, ledger: Ledger, reader: Signer, encryption_password: Password) -> Office:
    """An institution's node as its people share it: what it reads, and the key that opens what it was granted.

    On the embedded engine questions are not signed, and the office holds no person's key; on Fabric `reader` signs what
    is asked of peers. Raises: NotJoined, WrongPassword.
    """
    from chainfusion.node.office import Office  # whose views no command waits for

    organisation = home.organisation()
    asks = reader if home.settings().engine is Engine.FABRIC else certificate_alone(reader)
    key = unlock_encryption(organisation, told(encryption_password))
    desk = Desk(Session(ledger, registry(), asks), open_vault(home.store()), lambda: key)
    return Office(desk, ledger, home.trust_file.read_bytes(), home)
