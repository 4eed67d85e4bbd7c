"""python3-zeep against an RMS server: Certify, GetClientLicensorCert, AcquireLicense, from the server's own WSDL.

Reads one JSON object from standard input: url (ending in /_wmcs), user, password, machine (SPC chain, leaf first: list of XrML texts),
pl (list of XrML texts), changed_pl (a PL that must be refused). Prints one JSON object: the certificate chains as zeep prints them when it
is asked for their text, the versions in the header of an answer, and the text of the fault.
"""

import json
import sys

from lxml import etree
from requests import Session
from requests.auth import HTTPBasicAuth
from zeep import Client
from zeep.exceptions import Fault
from zeep.transports import Transport


def main():
    given = json.load(sys.stdin)
    session = Session()
    session.auth = HTTPBasicAuth(given["user"], given["password"])

    def service(path):
        return Client(given["url"] + path + "?wsdl", transport=Transport(session=session))

    def versions(client):
        namespace = client.wsdl.types.prefix_map["ns0"]
        header = client.get_element("{%s}VersionData" % namespace)
        return [header(MinimumVersion="1.0.0.0", MaximumVersion="1.0.0.0")]

    def outgoing(texts):
        return {"Certificate": [{"_value_1": etree.fromstring(text)} for text in texts]}

    def incoming(chain):
        return [etree.tostring(certificate._value_1, encoding="unicode") for certificate in chain.Certificate]

    certification = service("/certification/certification.asmx")
    answer = certification.service.Certify(
        requestParams={"MachineCertificateChain": outgoing(given["machine"]), "Persistent": True},
        _soapheaders=versions(certification),
    )
    rac = incoming(answer.body.CertifyResult.CertificateChain)
    header = answer.header.VersionData

    publishing = service("/licensing/publish.asmx")
    answer = publishing.service.GetClientLicensorCert(
        RequestParams={"GetClientLicensorCertParams": [{"PersonaCerts": outgoing(rac)}]}, _soapheaders=versions(publishing)
    )
    clc = incoming(answer.body.GetClientLicensorCertResult.GetClientLicensorCertResponse[0].CertificateChain)

    licensing = service("/licensing/license.asmx")

    def acquire(pl):
        params = {"LicenseeCerts": outgoing(rac), "IssuanceLicense": outgoing(pl)}
        answer = licensing.service.AcquireLicense(
            RequestParams={"AcquireLicenseParams": [params]}, _soapheaders=versions(licensing)
        )
        return incoming(answer.body.AcquireLicenseResult.AcquireLicenseResponse[0].CertificateChain)

    ul = acquire(given["pl"])
    try:
        acquire(given["changed_pl"])
        fault = None
    except Fault as refusal:
        fault = refusal.message

    print(json.dumps({"rac": rac, "clc": clc, "ul": ul, "maximum_version": header.MaximumVersion, "fault": fault}))


main()
