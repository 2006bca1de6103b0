"""Sessions and the seats in them, the weekly series they come from, and calendar feeds."""
