"""Evidence of a Hyperledger Fabric channel: from the block that the user trusts to what is stated in a transaction.

chain        configurations, one after another, and the blocks that orderers signed under them
transaction  creator and endorsers of one call
definition   the chaincode's endorsement policy in force
demands      keys with an endorsement policy of their own
validity     what members attest that their peers recorded
telling      how it is told
examination  all of it, step by step
"""

from chainfusion.verify.fabric.examination import examine

__all__ = ["examine"]
