"""An application served on this machine as the program serves its own, for as long as a block runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chainfusion.web import server


@contextmanager
def serving(app: Any, **options: Any) -> Iterator[str]:
    """Its address."""
    settings = server.config(app, "127.0.0.1", 0, **options)
    listener, running = settings.bind_socket(), server.Server(settings)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    while not running.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()
        listener.close()
