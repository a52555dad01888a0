"""The configuration of a peer (core.yaml) and of an orderer (orderer.yaml).

Both are written whole: Fabric has no built-in values for many of its settings. Times that differ from Fabric's samples
are the ones that decide how long a start or a catch-up takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chainfusion.ledger.evidence.transaction import MAX_CLOCK_DIFFERENCE
from chainfusion.ledger.fabric.network.package import SETTING
from chainfusion.ledger.fabric.network.places import TlsFiles
from chainfusion.ledger.fabric.network.plan import Database, OrganisationPlan

TIME_WINDOW = f"{MAX_CLOCK_DIFFERENCE.seconds}s"
"""How far the time that a proposal states may be from that of the peer that endorses it."""
_SOFTWARE_KEYS = {"Default": "SW", "SW": {"Hash": "SHA2", "Security": 256}}
_MESSAGE = 100 * 1024 * 1024


@dataclass(frozen=True)
class NodeFolder:
    """Where a node's files are, as the node itself sees them: on this machine, or in a container."""

    root: Path
    builder: Path | None

    @property
    def msp(self) -> Path:
        """The node's identity, with its key."""
        return self.root / "msp"

    @property
    def tls(self) -> TlsFiles:
        """The node's TLS files."""
        return TlsFiles(self.root / "tls")

    @property
    def data(self) -> Path:
        """What the node keeps."""
        return self.root / "data"


def core_yaml(plan: OrganisationPlan, folder: NodeFolder, database: Database = Database.LEVELDB) -> str:
    """The peer's configuration."""
    return _yaml(
        {
            "peer": _peer(plan, folder),
            "vm": {"endpoint": ""},
            "chaincode": _chaincode(folder),
            "ledger": _ledger(plan, folder, database),
            "operations": _operations(plan.peer_operations, folder.tls),
            "metrics": {"provider": "prometheus"},
        }
    )


def orderer_yaml(plan: OrganisationPlan, folder: NodeFolder) -> str:
    """The orderer's configuration."""
    tls = folder.tls
    mutual = {
        "Enabled": True,
        "PrivateKey": str(tls.key),
        "Certificate": str(tls.certificate),
        "ClientAuthRequired": True,
        "ClientRootCAs": [str(tls.ca)],
    }
    return _yaml(
        {
            "General": {
                "ListenAddress": plan.host,
                "ListenPort": plan.orderer_port,
                "TLS": mutual | {"RootCAs": [str(tls.ca)]},
                "Keepalive": {"ServerMinInterval": "30s", "ServerInterval": "7200s", "ServerTimeout": "20s"},
                "Backoff": {"BaseDelay": "1s", "Multiplier": 1.6, "MaxDelay": "10s"},
                "MaxRecvMsgSize": _MESSAGE,
                "MaxSendMsgSize": _MESSAGE,
                "Throttling": {"Rate": 0, "InactivityTimeout": "5s"},
                "Cluster": {
                    "SendBufferSize": 100,
                    "ClientCertificate": str(tls.certificate),
                    "ClientPrivateKey": str(tls.key),
                    "DialTimeout": "3s",
                    "RPCTimeout": "7s",
                    "ReplicationBufferSize": 20 * 1024 * 1024,
                    "ReplicationPullTimeout": "5s",
                    "ReplicationRetryTimeout": "1s",
                    "ReplicationMaxRetries": 12,
                    # the other policy ("consensus", the default) leaves out the hash of the client's certificate that
                    # mutual TLS asks for: an orderer that fell behind would be refused every block (Fabric 3.1.5)
                    "ReplicationPolicy": "simple",
                },
                "LocalMSPDir": str(folder.msp),
                "LocalMSPID": plan.msp,
                "Profile": {"Enabled": False, "Address": "127.0.0.1:0"},
                "BCCSP": _SOFTWARE_KEYS,
                "Authentication": {"TimeWindow": "15m"},
            },
            "FileLedger": {"Location": str(folder.data / "ledger")},
            "Operations": {"ListenAddress": plan.orderer_operations, "TLS": mutual},
            "Metrics": {"Provider": "prometheus"},
            "Admin": {"ListenAddress": plan.orderer_admin, "TLS": mutual},
            "ChannelParticipation": {"Enabled": True, "MaxRequestBodySize": "4 MB"},
            "Consensus": {"WALDir": str(folder.data / "wal"), "SnapDir": str(folder.data / "snapshots")},
        }
    )


def _peer(plan: OrganisationPlan, folder: NodeFolder) -> dict[str, Any]:
    tls = folder.tls
    client = {"interval": "60s", "timeout": "20s"}
    return {
        "id": f"peer.{plan.msp}",
        "networkId": "chainfusion",
        "listenAddress": plan.peer,
        "address": plan.peer,
        "chaincodeListenAddress": plan.peer_chaincode,
        "chaincodeAddress": plan.peer_chaincode,
        "addressAutoDetect": False,
        "gateway": {"enabled": True, "endorsementTimeout": "30s", "broadcastTimeout": "30s", "dialTimeout": "2m"},
        "keepalive": {
            "interval": "7200s",
            "timeout": "20s",
            "minInterval": "30s",
            "client": client,
            "deliveryClient": client,
        },
        "gossip": _gossip(plan),
        "tls": {
            "enabled": True,
            "clientAuthRequired": True,
            "cert": {"file": str(tls.certificate)},
            "key": {"file": str(tls.key)},
            "rootcert": {"file": str(tls.ca)},
            "clientRootCAs": {"files": [str(tls.ca)]},
            "clientKey": {"file": str(tls.key)},
            "clientCert": {"file": str(tls.certificate)},
        },
        "authentication": {"timewindow": TIME_WINDOW},
        "fileSystemPath": str(folder.data),
        "BCCSP": _SOFTWARE_KEYS,
        "mspConfigPath": str(folder.msp),
        "localMspId": plan.msp,
        "localMspType": "bccsp",
        "client": {"connTimeout": "3s"},
        "deliveryclient": {
            "blockGossipEnabled": False,
            "reconnectTotalTimeThreshold": "3600s",
            "connTimeout": "3s",
            "reConnectBackoffThreshold": "10s",
            "blockCensorshipTimeoutKey": "30s",
            "minimalReconnectInterval": "100ms",
            "policy": "cluster",
        },
        "profile": {"enabled": False, "listenAddress": "127.0.0.1:0"},
        "handlers": _handlers(),
        "discovery": {
            "enabled": True,
            "authCacheEnabled": True,
            "authCacheMaxSize": 1000,
            "authCachePurgeRetentionRatio": 0.75,
            "orgMembersAllowedAccess": False,
        },
        "limits": {"concurrency": {"endorserService": 2500, "deliverService": 2500, "gatewayService": 500}},
        "maxRecvMsgSize": _MESSAGE,
        "maxSendMsgSize": _MESSAGE,
    }


def _gossip(plan: OrganisationPlan) -> dict[str, Any]:
    """`reconnectInterval` is how long peers that started apart do not know each other: 25 s in Fabric's sample."""
    return {
        "bootstrap": plan.peer,
        "useLeaderElection": False,
        "orgLeader": True,
        "membershipTrackerInterval": "5s",
        "endpoint": plan.peer,
        "maxBlockCountToStore": 10,
        "maxPropagationBurstLatency": "10ms",
        "maxPropagationBurstSize": 10,
        "propagateIterations": 1,
        "propagatePeerNum": 3,
        "pullInterval": "4s",
        "pullPeerNum": 3,
        "requestStateInfoInterval": "1s",
        "publishStateInfoInterval": "1s",
        "publishCertPeriod": "10s",
        "skipBlockVerification": False,
        "dialTimeout": "3s",
        "connTimeout": "2s",
        "recvBuffSize": 20,
        "sendBuffSize": 200,
        "digestWaitTime": "1s",
        "requestWaitTime": "1500ms",
        "responseWaitTime": "2s",
        "aliveTimeInterval": "2s",
        "aliveExpirationTimeout": "10s",
        "reconnectInterval": "2s",
        "maxConnectionAttempts": 120,
        "msgExpirationFactor": 20,
        "externalEndpoint": plan.peer,
        "election": {
            "startupGracePeriod": "15s",
            "membershipSampleInterval": "1s",
            "leaderAliveThreshold": "10s",
            "leaderElectionDuration": "5s",
        },
        "pvtData": {
            "pullRetryThreshold": "3s",
            "transientstoreMaxBlockRetention": 20000,
            "pushAckTimeout": "3s",
            "btlPullMargin": 10,
            "reconcileBatchSize": 10,
            "reconcileSleepInterval": "10s",
            "reconciliationEnabled": True,
            "skipPullingInvalidTransactionsDuringCommit": False,
            "implicitCollectionDisseminationPolicy": {"requiredPeerCount": 0, "maxPeerCount": 1},
        },
        "state": {
            "enabled": False,
            "checkInterval": "10s",
            "responseTimeout": "3s",
            "batchSize": 10,
            "blockBufferSize": 20,
            "maxRetries": 3,
        },
    }


def _handlers() -> dict[str, Any]:
    return {
        "authFilters": [{"name": name} for name in ("DefaultAuth", "ExpirationCheck", "TimeWindowCheck")],
        "decorators": [{"name": "DefaultDecorator"}],
        "endorsers": {"escc": {"name": "DefaultEndorsement"}},
        "validators": {"vscc": {"name": "DefaultValidation"}},
    }


def _chaincode(folder: NodeFolder) -> dict[str, Any]:
    path = "/opt/hyperledger/ccaas_builder" if folder.builder is None else str(folder.builder)
    return {
        "externalBuilders": [{"name": "ccaas_builder", "path": path, "propagateEnvironment": [SETTING]}],
        "installTimeout": "300s",
        "startuptimeout": "60s",
        "executetimeout": "30s",
        "mode": "net",
        "keepalive": 0,
        "system": {"_lifecycle": "enable", "cscc": "enable", "lscc": "enable", "qscc": "enable"},
        "logging": {"level": "info", "shim": "warning"},
        "runtimeParams": {
            "useWriteBatch": True,
            "maxSizeWriteBatch": 1000,
            "useGetMultipleKeys": True,
            "maxSizeGetMultipleKeys": 1000,
        },
    }


def _ledger(plan: OrganisationPlan, folder: NodeFolder, database: Database) -> dict[str, Any]:
    couch = {
        "couchDBAddress": plan.couchdb,
        "maxRetries": 3,
        "maxRetriesOnStartup": 10,
        "requestTimeout": "35s",
        "internalQueryLimit": 1000,
        "maxBatchUpdateSize": 1000,
        "createGlobalChangesDB": False,
        "cacheSize": 64,
    }
    return {
        "state": {
            "stateDatabase": "CouchDB" if database is Database.COUCHDB else "goleveldb",
            "totalQueryLimit": 100000,
            "couchDBConfig": couch,
        },
        "history": {"enableHistoryDatabase": True},
        "pvtdataStore": {
            "collElgProcMaxDbBatchSize": 5000,
            "collElgProcDbBatchesInterval": 1000,
            "deprioritizedDataReconcilerInterval": "60m",
            "purgeInterval": 100,
            "purgedKeyAuditLogging": True,
        },
        "snapshots": {"rootDir": str(folder.data / "snapshots")},
    }


def _operations(address: str, tls: TlsFiles) -> dict[str, Any]:
    return {
        "listenAddress": address,
        "tls": {
            "enabled": True,
            "cert": {"file": str(tls.certificate)},
            "key": {"file": str(tls.key)},
            "clientAuthRequired": True,
            "clientRootCAs": {"files": [str(tls.ca)]},
        },
    }


def _yaml(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False)
