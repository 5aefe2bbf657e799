"""In which capacity somebody is a customer: the law keeps the contracts of consumers for longer (C. conso. L213-1)."""

from enum import StrEnum


class Capacity(StrEnum):
    CONSUMER = "consumer"
    BUSINESS = "business"

    @classmethod
    def of(cls, known: "Capacity | None") -> "Capacity":
        """Return the capacity of a customer: a consumer where no system says otherwise."""
        return known or cls.CONSUMER
