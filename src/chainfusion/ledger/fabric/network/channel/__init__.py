"""A running channel's configuration: reading it, proposing a change, seeing what a change does, signing, submitting.

config       the configuration in a block, and what an institution reads in it
first_block  the configuration that a channel begins with
groups       an organisation as the configuration knows it
changes      members and orderers that come and go
update       two configurations to the update that Fabric takes, and back
facts        a configuration as plain facts, two languages
differences  what an update does, fact by fact, for whoever is to sign it
authority    whose signatures a change needs, and which it has
proposal     the file that goes from institution to institution
submit       to an orderer, and until a peer has it
"""
