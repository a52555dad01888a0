"""The client of Fabric's gateway service, and the ledger that the node sees.

refusals    what can go wrong, as typed errors
failures    what a gateway's gRPC error says
peers       connections to several peers; failover
signing     proposals, envelopes and requests in Fabric's form, signed by the person
client      evaluate, submit, status, events
events      the contracts' events, resumed where they were left
ledger      `FabricLedger`: the port on all of it
"""
