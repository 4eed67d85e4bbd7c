"""Certificates that no server gives away, for whoever has to judge them. Run: pytest examples/pytest"""
import pytest


@pytest.mark.parametrize("wrong, check", [("expired", "validity"), ("other-root", "trust"), ("wrong-digest", "digest")])
def test_a_bad_certificate_is_seen_as_such(rms, wrong, check):
    made = rms.lab("POST", "/lab/issue", {"kind": "rac", "account": "alice", "wrong": wrong})
    said = rms.lab("POST", "/lab/explain", made["chain"].encode())
    assert said["firstProblem"]["check"] == check


def test_all_is_well_here_whatever_the_other_file_does(rms, token):
    assert rms.templates(token)[0] == 200
