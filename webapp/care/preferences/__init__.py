"""What clients tell us about themselves: reminders, availability, accommodations, backup plans, the policy they have read."""
