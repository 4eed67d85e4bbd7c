"""An installation for each file of tests, over HTTP: files can run side by side (pytest -n 2, or two calls of pytest)."""
import json
import os
import shlex
import subprocess
import urllib.error
import urllib.request

import pytest

COMMAND = shlex.split(os.environ.get("EMULATOR", "npx rms-emulator"))


class Installation:
    def __init__(self, process, ready):
        self.process = process
        self.manage = ready["manage"]
        self.token = ready["token"]
        # http://127.0.0.1:PORT/_wmcs
        self.url = ready["clusters"][0]["url"]

    def lab(self, method, path, body=None):
        """One call of the management API. Answers the body; an error raises urllib.error.HTTPError."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        headers = {"Authorization": f"Bearer {self.token}", **({} if data is None else {"Content-Type": kind})}
        request = urllib.request.Request(self.manage + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def templates(self, token):
        """What a mobile client asks first. Answers status and body."""
        address = self.url.replace("/_wmcs", "/my/v2/templates")
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture(scope="module")
def rms():
    places = ["--root", "1", "--no-licensing", "--port", "0", "--manage-port", "0"]
    process = subprocess.Popen([*COMMAND, "up", "--json", *places], stdout=subprocess.PIPE, text=True)
    try:
        yield Installation(process, next(event for event in map(json.loads, process.stdout) if event["event"] == "ready"))
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(autouse=True)
def fresh(rms):
    """Every test begins as the first one did, and with an empty journal."""
    yield
    rms.lab("POST", "/lab/reset")
    rms.lab("DELETE", "/lab/journal")


@pytest.fixture
def token(rms):
    return rms.lab("POST", "/tokens", {"user": "bob@contoso.test"})["access_token"]
