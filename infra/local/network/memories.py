"""What is remembered of what is over: the latest of each kind, as many as the network was told to keep."""

from __future__ import annotations

from typing import TypeVar

Thing = TypeVar("Thing")


class Memory(dict[str, Thing]):
    """Everything of one kind by its SID, in its order, until it is forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.over: dict[str, None] = {}  # in the order of their ends

    def note_end(self, sid: str, keeps: int | None) -> bool:
        """This one is over. Returns whether older ones were forgotten. At least the latest `keeps` stay (None: all).

        Up to twice as many stay: to forget means to look through everything, so it does not happen every time.
        """
        self.over[sid] = None
        if keeps is None or len(self.over) < 2 * keeps:
            return False
        for oldest in list(self.over)[:-keeps]:
            del self.over[oldest]
            self.pop(oldest, None)
        return True

    def clear(self) -> None:
        super().clear()
        self.over.clear()
