"""Absence reports, evidence of presence, and what they add up to: the standing of a seat."""
