<?php
/*
 * PHP's SoapClient against an RMS server: Certify, GetClientLicensorCert, AcquireLicense, from the server's own WSDL.
 *
 * Reads one JSON object from standard input and prints one: see zeep_client.py. Requests are compressed with gzip, as only PHP does.
 */
$given = json_decode(stream_get_contents(STDIN), true);

function service(array $given, string $path): SoapClient
{
    return new SoapClient($given['url'] . $path . '?wsdl', [
        'login' => $given['user'],
        'password' => $given['password'],
        'cache_wsdl' => WSDL_CACHE_NONE,
        'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
        'compression' => SOAP_COMPRESSION_ACCEPT | SOAP_COMPRESSION_GZIP | 5,
    ]);
}

function outgoing(array $texts): array
{
    return ['Certificate' => array_map(fn ($text) => ['any' => $text], $texts)];
}

function incoming(object $chain): array
{
    return array_map(fn ($certificate) => $certificate->any, $chain->Certificate);
}

function call(SoapClient $client, string $namespace, string $operation, array $parameters, &$headers = null): object
{
    $versions = new SoapHeader($namespace, 'VersionData', ['MinimumVersion' => '1.0.0.0', 'MaximumVersion' => '1.0.0.0']);
    return $client->__soapCall($operation, [$parameters], null, [$versions], $headers);
}

$certification = service($given, '/certification/certification.asmx');
$answer = call($certification, 'http://microsoft.com/DRM/CertificationService', 'Certify', [
    'requestParams' => ['MachineCertificateChain' => outgoing($given['machine']), 'Persistent' => true],
], $headers);
$rac = incoming($answer->CertifyResult->CertificateChain);

$publishing = service($given, '/licensing/publish.asmx');
$answer = call($publishing, 'http://microsoft.com/DRM/PublishingService', 'GetClientLicensorCert', [
    'RequestParams' => ['GetClientLicensorCertParams' => [['PersonaCerts' => outgoing($rac)]]],
]);
$clc = incoming($answer->GetClientLicensorCertResult->GetClientLicensorCertResponse[0]->CertificateChain);

$licensing = service($given, '/licensing/license.asmx');
$acquire = function (array $pl) use ($licensing, $rac): array {
    $answer = call($licensing, 'http://microsoft.com/DRM/LicensingService', 'AcquireLicense', [
        'RequestParams' => ['AcquireLicenseParams' => [['LicenseeCerts' => outgoing($rac), 'IssuanceLicense' => outgoing($pl)]]],
    ]);
    return incoming($answer->AcquireLicenseResult->AcquireLicenseResponse[0]->CertificateChain);
};
$ul = $acquire($given['pl']);
try {
    $acquire($given['changed_pl']);
    $fault = null;
} catch (SoapFault $refusal) {
    $fault = $refusal->getMessage();
}
echo json_encode(['rac' => $rac, 'clc' => $clc, 'ul' => $ul, 'maximum_version' => $headers['VersionData']->MaximumVersion, 'fault' => $fault]);
