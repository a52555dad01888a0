"""The workspace: server-rendered pages of what stands on the ledger, in Chinese and English."""
