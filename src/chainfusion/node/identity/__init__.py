"""An institution's certificates and keys: making them, keeping them, unlocking them.

issuing       certificates, as Fabric CA would issue them
keyfile       private keys at rest
folder        files, laid out as a Fabric MSP
organisation  what a folder holds, and unlocking it
enrolment     a new institution with a CA of its own, and its people
importing     an institution whose CA is elsewhere
"""

from chainfusion.node.identity.enrolment import create_organisation as create_organisation
from chainfusion.node.identity.enrolment import enrol_user as enrol_user
from chainfusion.node.identity.importing import Enrolment as Enrolment
from chainfusion.node.identity.importing import import_notary as import_notary
from chainfusion.node.identity.importing import import_organisation as import_organisation
from chainfusion.node.identity.importing import import_user as import_user
from chainfusion.node.identity.organisation import Identity as Identity
from chainfusion.node.identity.organisation import Organisation as Organisation
from chainfusion.node.identity.organisation import change_password as change_password
from chainfusion.node.identity.organisation import export_key as export_key
from chainfusion.node.identity.organisation import open_organisation as open_organisation
from chainfusion.node.identity.organisation import unlock as unlock
from chainfusion.node.identity.organisation import unlock_encryption as unlock_encryption
from chainfusion.node.identity.organisation import unlock_notary as unlock_notary
from chainfusion.node.identity.signer import Notary as Notary
from chainfusion.node.identity.signer import Signer as Signer
