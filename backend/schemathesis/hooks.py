"""How Schemathesis comes to accounts of its own, and the values that the description alone cannot tell of."""

import secrets

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import openapi

PASSWORD = "correct horse battery staple"

# The rules for new passwords ask how soon one would be guessed. No schema can say that, so those that are
# sent as good ones are long and random, or the one of every account that is made here.
openapi.format("password", st.one_of(st.just(PASSWORD), st.uuids().map(str)))
openapi.format("email", st.uuids().map(lambda name: f"{name.hex}@example.org"))


class Guest:
    """Somebody new: many of the calls end the session or the account, and then the next one signs up."""

    def get(self, case, context):
        base = context.operation.schema.get_base_url().rstrip("/")
        body = {
            "email": f"{secrets.token_hex(8)}@example.org",
            "password": PASSWORD,
            "display_name": "Schemathesis",
        }
        answer = requests.post(f"{base}/api/auth/signup", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()["access_token"], answer.cookies["latchkey_refresh"]


@schemathesis.auth(retry_on=[401]).skip_for(path=["/api/auth/signup", "/api/auth/login", "/api/auth/refresh"])
class WithAccessToken(Guest):
    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data[0]}"


@schemathesis.auth(retry_on=[401]).apply_to(path="/api/auth/refresh")
class WithCookie(Guest):
    def set(self, case, data, context):
        case.cookies["latchkey_refresh"] = data[1]
