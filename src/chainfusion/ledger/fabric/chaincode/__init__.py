"""Our contracts as chaincode-as-a-service: the peer connects, the contracts answer.

server     where peers connect: TLS with client authentication, a thread a connection
link       one connection: bytes in, bytes out
http2      the protocol under gRPC: frames, windows, messages
stream     one peer's stream: one task a transaction, answers matched to questions
call       one transaction: the arguments read, the contract run, the answer formed
context    the contract's `Context` over the stream
reading    the reserved operations that read the committed state for the node
peer       what a transaction asks of its peer: state, ranges, history, private data
"""
