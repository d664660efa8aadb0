"""SSM's parameters on this machine, as far as the exchange uses them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Parameters:
    """What is set. moto's own bring EC2 along, a second of every start."""

    values: dict[str, str] = field(default_factory=dict)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The answer of PutParameter or GetParameters. Raises ValueError for what is not built."""
        if operation == "PutParameter":
            self.values[request["Name"]] = request["Value"]
            return {"Version": 1}
        if operation != "GetParameters":
            raise ValueError(f"the local stack does not know {operation} of SSM")
        names = request["Names"]
        return {
            "Parameters": [{"Name": name, "Value": self.values[name]} for name in names if name in self.values],
            "InvalidParameters": [name for name in names if name not in self.values],
        }
