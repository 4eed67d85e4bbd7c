/**
 * SOAP stacks of other languages (Debian: python3-zeep; php-cli with php-soap), from our WSDL: Certify, GetClientLicensorCert, AcquireLicense. They
 * read XrML into a tree and print it anew, so what they send back has lost its surface: the server must repair it.
 */
import t from 'tap'
import { findInterpreter, openForeign, runForeign } from './foreign-program.js'
import { openScene } from './scene.js'

const stacks = [
  {
    name: 'python3-zeep',
    candidates: ['/usr/bin/python3', 'python3'],
    probe: ['-c', 'import zeep, lxml'],
    program: 'zeep_client.py',
  },
  {
    name: 'php-soap',
    candidates: ['/usr/bin/php', 'php'],
    probe: ['-r', 'exit(extension_loaded("soap") ? 0 : 1);'],
    program: 'php_client.php',
  },
]

for (const { name, candidates, probe, program } of stacks) {
  const interpreter = await findInterpreter(candidates, probe)
  const skip = interpreter === undefined && `${name} is not installed: apt-get install python3-zeep php-cli php-soap`
  t.test(`${name}: certified, made a publisher, and given a license that opens`, { skip }, async (t) => {
    const scene = await openScene(t)
    const result = await runForeign(interpreter ?? '', program, scene)
    const opened = await openForeign(result, scene.pl)
    t.equal(opened.mail, 'bob@contoso.test')
    t.ok(opened.contentKey.equals(scene.contentKey), 'the license has the content key')
    t.same(opened.rights, ['VIEW', 'PRINT'])
    t.equal(result.maximum_version, '1.2.0.0', 'the version header of the answer was read')
    t.match(result.fault, /^Microsoft\.DigitalRightsManagement\.Licensing\.InvalidRightsLabelSignatureException: /)
    t.ok(result.rac.join('').includes('/>'), 'the chain did go through its XML library')
    t.notMatch(result.rac.join(''), / \/>/, 'which prints empty elements in another way than the server')
  })
}
