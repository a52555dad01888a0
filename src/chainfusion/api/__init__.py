"""The HTTP API: the views as JSON, refusals as RFC 9457 problems."""
