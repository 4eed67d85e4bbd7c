"""A client against servers that work, and against some that do not. Run: pytest examples/pytest"""


def test_bob_sees_the_templates(rms, token):
    status, templates = rms.templates(token)
    assert status == 200
    assert templates
    rms.lab("POST", "/lab/journal/verify", {"match": {"user": "bob", "outcome": "Succeeded"}, "exactly": 1})


def test_a_busy_server_is_busy_once(rms, token):
    rms.lab("PUT", "/lab/faults/busy", {"effect": {"http": 503}, "when": {"next": 1}})
    assert rms.templates(token)[0] == 503
    assert rms.templates(token)[0] == 200


def test_a_token_ends(rms, token):
    rms.lab("POST", "/lab/clock/advance", {"by": "P2D"})
    assert rms.templates(token)[0] == 401
    match = {"match": {"status": 401}, "timeout": "PT5S"}
    assert rms.lab("POST", "/lab/journal/wait", match)["entries"][0]["outcome"] == "Failed"
