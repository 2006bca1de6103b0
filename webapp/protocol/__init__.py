"""What happens around a missed session: the ladder, the engine that climbs it, and the proof that it did."""
