"""Signing in: logins, sign-in links, passkeys, passwords, authenticators, recovery codes, API tokens."""
