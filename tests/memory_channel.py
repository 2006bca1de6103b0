"""A channel that keeps what it is given: for unit tests and for looking."""

from collections.abc import Callable

from webapp.notify.channels.parcel import Parcel, Undeliverable


class MemoryChannel:
    """`sent` holds accepted parcels. `trouble`, when set, may turn a parcel into an Undeliverable to raise."""

    def __init__(self, trouble: Callable[[Parcel], Undeliverable | None] | None = None):
        self.sent: list[Parcel] = []
        self.tried: list[Parcel] = []
        self.trouble = trouble

    async def send(self, parcel: Parcel) -> None:
        self.tried.append(parcel)
        if self.trouble and (error := self.trouble(parcel)):
            raise error
        self.sent.append(parcel)

    async def close(self) -> None:
        """Nothing to give back."""
