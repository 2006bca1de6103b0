"""Programs and their policies, people, care teams and couples, and who may do what."""
