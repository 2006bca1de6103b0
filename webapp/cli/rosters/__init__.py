"""`rejoin import roster`: reads a CSV file and enters its people, care teams, couples and series."""
