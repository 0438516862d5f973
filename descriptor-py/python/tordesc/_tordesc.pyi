from typing import Any

__all__ = ["TordescError", "__version__", "parse"]

__version__: str

class TordescError(Exception): ...

def parse(data: bytes, /, *, type: str | None = None) -> list[dict[str, Any]]: ...
