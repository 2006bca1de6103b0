"""One class a channel, each with one method `send(parcel)` and one error `Undeliverable`. All that are set up: configured.py."""
