"""How a client and the care team reach each other: addresses, contacts, messages, tasks, help calls."""
