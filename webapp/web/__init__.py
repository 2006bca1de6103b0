"""The web: pages for clients, the staff console, the JSON API."""
