"""Chain Fusion (链交融): a shared deal room and registry for asset securitization."""

__version__ = "0.1.0"
