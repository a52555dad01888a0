"""A consortium's Fabric network: from one readable plan to keys, configuration, processes and a committed chaincode.

plan        the organisations, their addresses, how blocks are ordered
planfile    the plan as YAML, read strictly
places      where everything of a network lies
tls         a TLS CA per organisation and the certificates of its nodes
offer       what an institution gives to the others
channel/    the channel's configuration: its first, and how it is changed
nodefiles   the configuration of a peer and of an orderer
builder     how a peer reaches our chaincode: an external builder of three small programs
package     the chaincode package, the same bytes for all
collections private data that some members share
grounds     what contracts are told of each channel
wire        signed proposals and channels to nodes
lifecycle   peers join; the chaincode is installed, approved and committed
ordering    orderers join
processes   starting and stopping, by process id
agreeing    one institution takes part, by itself
machine     all of it on this machine
comparing   whether members' peers hold the same blocks
bundle      what one institution deploys on its own hosts
"""
