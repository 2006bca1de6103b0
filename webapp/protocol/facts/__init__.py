"""Rows become `Facts`, in bulk: what the ladder needs to know about each seat."""
