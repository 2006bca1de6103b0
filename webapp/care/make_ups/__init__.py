"""Make-ups: another session, a recording or an assignment in place of a missed seat."""
