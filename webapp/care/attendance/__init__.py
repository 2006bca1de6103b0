"""Whether a client was there: absence reports, evidence of presence, and the standing that follows."""
