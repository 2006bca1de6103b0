"""`rejoin import roster`: reading a clinic's CSV and entering what it says."""
