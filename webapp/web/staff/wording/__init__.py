"""Words and icons of the staff console, and scripts for calls."""
