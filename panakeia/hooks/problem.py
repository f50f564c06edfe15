"""Problem: why a call gets no cards: the status, what came, what was expected, what to do; never a patient's data."""


class HookProblem(Exception):
    """A call that is refused, with the HTTP status that says so."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
