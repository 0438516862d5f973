"""A bar that shows how far the reading is."""

from __future__ import annotations

from typing import Any


class Bar:
    """Tells tqdm, if it is installed, how many bytes were read."""

    def __init__(self) -> None:
        self.bar: Any = None
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return
        self.bar = tqdm(unit="B", unit_scale=True, unit_divisor=1024)

    def __call__(self, read: int, total: int | None, documents: int) -> None:
        if self.bar is None:
            return
        self.bar.total = total
        self.bar.set_postfix(documents=documents, refresh=False)
        self.bar.update(read - self.bar.n)

    def close(self) -> None:
        """Leaves the bar as it is: all was read, and the last documents were taken."""
        if self.bar is not None:
            self.bar.close()
