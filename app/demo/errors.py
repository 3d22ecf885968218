"""What ends a load, in words for the person who started it."""


class DemoError(Exception):
    """The demo can't be loaded; the message says what happened and what to do."""


class ServerRefusal(DemoError):
    """The server refused a request; `code` is the one it gave."""

    def __init__(self, what: str, code: str, message: str) -> None:
        super().__init__(f"{what}: {code}: {message}")
        self.code = code
