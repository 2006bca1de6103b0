"""One class a channel, each with one method `send(parcel)` and one error `Undeliverable`. All of them: every.py."""
