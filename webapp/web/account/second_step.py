"""The second factor of staff at sign-in (S3)."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.web.account import context
from webapp.web.page import attempts, identity
from webapp.web.page.guard import own_path, signing_in
from webapp.web.page.unit_of_work import store
from webapp.web.sign_in import next_page, sign_in


@sign_in.get("/sign-in/second-step")
@signing_in
def second_step() -> ResponseReturnValue:
    """Ask for a code, a recovery code or a passkey. Who has none of them is redirected to set one up."""
    if identity.current_person():
        return redirect(own_path(request.args.get("next")) or "/", 303)
    ways = context.methods()
    if not ways.second:
        return redirect(url_for("account.welcome"), 303)
    return render_template(
        "sign_in/second_step.html", ways=ways, next=own_path(request.args.get("next"))
    )


@sign_in.post("/sign-in/second-step")
@signing_in
def give_second() -> ResponseReturnValue:
    """Check the code: each is valid once, and attempts are limited. Who used a link and has no password is redirected to choose one."""
    login, wanted = context.login(), own_path(request.form.get("next"))
    second = attempts.second_factor_of(login.person, request.form.get("code", ""))
    if second is None:
        page = render_template(
            "sign_in/second_step.html", ways=context.methods(), next=wanted, wrong=True
        )
        return page, 422
    identity.prove_again(login, login.way, second)
    enough = context.methods().enough
    to = next_page(context.person(), wanted) if enough else url_for("account.welcome")
    store.commit()
    return redirect(to, 303)
