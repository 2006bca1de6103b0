"""Signing in: logins, sign-in links, passkeys, passwords, authenticators, API tokens."""
