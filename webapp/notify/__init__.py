"""How anyone is told: facts become notifications (announce), rows wait (outbox), channels carry them (deliver)."""
