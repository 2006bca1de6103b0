"""What clients have told us about themselves: reminders, availability, accommodations, backup plans."""
