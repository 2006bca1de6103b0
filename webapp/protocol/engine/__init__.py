"""The chores that run the protocol: look at due seats, open and close tasks, reconcile."""
