"""What every call of the API has in common: shapes of input and output, who is asking, how it says no, its document."""
