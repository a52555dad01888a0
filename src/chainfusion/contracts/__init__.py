"""The consortium's rules: deterministic contracts over ledger state. They import the domain and nothing else."""
