"""Events become notifications: who is told of what, under which consent."""
