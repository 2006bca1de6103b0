"""What runs the installation: what its chores can't work on, and who is told of it."""
