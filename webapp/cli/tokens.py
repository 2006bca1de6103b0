"""`rejoin token`: creates, lists and revokes API tokens."""

import click
from sqlalchemy import select

from webapp import clock
from webapp.care.accounts import api_tokens
from webapp.care.accounts.api_tokens import SCOPES, Token
from webapp.cli import console
from webapp.cli.console import CommandFailed


@click.group()
def token() -> None:
    """API tokens: how other programs act here."""


@token.command("create")
@click.argument("name")
@click.option(
    "--program", "program_ref", required=True, help="Reference of the program it is bound to."
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="May be repeated.",
)
def create_token(name: str, program_ref: str, scopes: tuple[str, ...]) -> None:
    """Make a token and print it. It is shown this once and stored as a hash."""
    with console.open_database() as database, database.writing() as store:
        where = console.program_of(store, program_ref)
        secret = api_tokens.create_token(store, where, name, list(scopes), by=None, now=clock.now())
        store.commit()
    console.say(
        f"Token {name} for {where.ref}, scopes {', '.join(scopes)}. Keep it now; it is not shown again:"
    )
    console.output(secret)


@token.command()
@click.argument("name")
def revoke(name: str) -> None:
    """End a token at once. Twice is the same."""
    with console.open_database() as database, database.writing() as store:
        known = store.scalar(select(Token).where(Token.name == name))
        if known is None:
            names = ", ".join(store.scalars(select(Token.name).order_by(Token.name))) or "none"
            raise CommandFailed(f"There is no token called {name}. There are: {names}.")
        api_tokens.revoke_token(store, known, by=None, now=clock.now())
        store.commit()
    console.say(f"{name} opens nothing any more.")
    console.output(name)
