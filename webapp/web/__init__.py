"""How it is seen: pages for clients, the staff console, the JSON API."""
