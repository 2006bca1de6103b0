"""The words, icons and scripts of the staff console."""
