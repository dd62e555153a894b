import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import fc from 'fast-check';
import { parseRoute } from '../../src/cluster/attach/route.ts';
import {
  findAhead,
  overlappingRoutes,
  parsePolicies,
  parseRoutes,
  splitOverlaps,
} from '../../src/cluster/native/routes.ts';
import { parseVpnLinks } from '../../src/commands/exposure/links.ts';
import { isInRanges, isLoopback, isPublic } from '../../src/lib/cidr.ts';
import { hostAndPort, withoutBrackets } from '../../src/lib/host-and-port.ts';
import { basicAuthorization } from '../../src/lib/http/credentials.ts';
import { findProxy } from '../../src/lib/http/dispatcher.ts';
import { parseMirror } from '../../src/lib/http/mirror.ts';
import { isExempt } from '../../src/lib/http/no-proxy.ts';
import { withoutPasswords, withoutValues } from '../../src/lib/redact.ts';
import { plain, plainJson, plainLines } from '../../src/lib/text/plain.ts';
import { getMasterUrl, parseMasterUrl } from '../../src/model/master-url.ts';
import { mutatedJson, mutatedText, secretText } from '../support/properties/mutations.ts';
import { attempt, expectNoLeak, shownOf } from '../support/properties/promises.ts';
import { property } from '../support/properties/property.ts';
import * as seeds from '../support/properties/seeds.ts';
import { refused, unlessError } from '../support/properties/shares.ts';

property(
  'network: what ip prints',
  fc.tuple(mutatedJson(...seeds.ipOutput), mutatedJson(...seeds.ipOutput)),
  ([text, other]) => {
    const routes = attempt(() => parseRoutes(text, 'tg-1'));
    const policies = attempt(() => parsePolicies(other));
    attempt(() => parseRoute(text, other));
    parseVpnLinks(text);
    if (!('value' in routes) || !('value' in policies)) return refused;
    const routing = { routes: routes.value, policies: policies.value };
    for (const look of [findAhead, overlappingRoutes, splitOverlaps] as const) look('10.210.0.0/16', routing);
    return undefined;
  },
  { accepts: 0.36, good: [[`${JSON.stringify(seeds.ipOutput[0])}`, `${JSON.stringify(seeds.ipOutput[0])}`]] },
);

const addresses = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('localhost', '127.0.0.1', '::1', 'fe80::1%eth0', '::ffff:127.0.0.1'),
);

property(
  'network: an address lies in its own ranges, and in larger ones',
  fc.record({ address: fc.ipV4(), bits: fc.nat(32), larger: fc.nat(32) }),
  ({ address, bits, larger }) => {
    assert.ok(isInRanges(address, [`${address}/${bits}`]));
    const [small, large] = [Math.max(bits, larger), Math.min(bits, larger)];
    const other = address.replace(/\d+$/, (octet) => String(Number(octet) ^ 1));
    if (isInRanges(other, [`${address}/${small}`])) assert.ok(isInRanges(other, [`${address}/${large}`]));
  },
);

property('network: no address is of loopback and public', fc.oneof(addresses, fc.string()), (text) => {
  assert.ok(!(isLoopback(text) && isPublic(text)));
  if (isIP(text) === 0 && !text.includes('%')) assert.ok(isLoopback(text) === (text === 'localhost'));
});

property(
  'network: a host and a port come out of their text',
  fc.record({ host: addresses, port: fc.nat(65_535) }),
  ({ host, port }) => {
    if (host.includes('%')) return refused;
    const url = new URL(`tcp://${hostAndPort({ host, port })}`);
    assert.equal(Number(url.port), port);
    assert.ok(isIP(withoutBrackets(url.hostname)) === isIP(host));
    return undefined;
  },
  { accepts: 0.7 },
);

const proxies = mutatedText('localhost,127.0.0.1,10.0.0.0/8,.example,*.x:8080,127.*,10.0.0.1-10.0.0.9,[::1]:80', '*');
property(
  'network: NO_PROXY and HTTPS_PROXY',
  fc.record({
    noProxy: proxies,
    proxy: mutatedText(`http://u:${secretText}@proxy:3128`, 'socks5://p:1'),
    host: addresses,
  }),
  ({ noProxy, proxy, host }) => {
    const url = URL.parse(`https://${hostAndPort({ host, port: 443 })}/x`);
    if (!url) return refused;
    const exempt = isExempt(url, noProxy);
    if (exempt) assert.ok(isExempt(url, `${noProxy},a.example`));
    const found = attempt(() => findProxy(url, { HTTPS_PROXY: proxy, NO_PROXY: noProxy }));
    if ('error' in found) expectNoLeak(secretText, shownOf(found.error));
    return unlessError(found);
  },
  { accepts: 0.38 },
);

property(
  'network: URLs of masters',
  mutatedText('https://master.example:8443', `https://u:${secretText}@m/`, 'http://[::1]:80/x?y#z'),
  (text) => {
    const parsed = parseMasterUrl(text);
    const got = attempt(() => getMasterUrl(text, '--master-url'));
    assert.equal('error' in got, 'problems' in parsed);
    if ('problems' in parsed) return refused;
    assert.ok(parsed.host !== '' && parsed.port > 0 && parsed.port < 65_536);
    return undefined;
  },
  { accepts: 0.06, good: ['https://master.example:8443', 'http://10.0.0.1:8080'] },
);

/** Whatever a password may have; what ends a URL in a text ends it. */
const passwords = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...'abc123@:/?#[]!$&()*+,;=%~^|{}.-_\\'), maxLength: 8 }),
    fc.string({ unit: fc.constantFrom(...'abc@:/?#'), maxLength: 5 }),
  )
  .map(([before, after]) => `${before}${secretText}${after}`);
const schemes = fc.constantFrom('http', 'https', 'socks5', 'postgres', 'ssh');

property(
  'passwords: none of a URL is shown, in any text',
  fc.record({
    before: fc.string(),
    between: fc.constantFrom(' ', '\n', '=', '/?u='),
    scheme: schemes,
    user: fc.constantFrom('u', '', 'a%40b'),
    password: passwords,
    after: fc.constantFrom('', ' is refused', '/path', ':3128/x?y=@z', '"', ', http://v:w@i'),
  }),
  ({ before, between, scheme, user, password, after }) => {
    const url = `${scheme}://${user}:${password}@host`;
    const text = `${before}${between}${url}${after}`;
    // where a parser sees a host before the secret, that is what it would connect to, and no password
    const read = URL.parse(url.replace(/^\w+/, 'http'));
    const isPath = read !== null && !(read.username + read.password).includes(secretText);
    if (isPath && !/^[^/?#\\]*:(?=[/?#\\])/.test(url.slice(scheme.length + 3))) return refused;
    expectNoLeak(secretText, withoutPasswords(text), withoutPasswords(JSON.stringify({ text })));
    assert.equal(withoutPasswords(withoutPasswords(text)), withoutPasswords(text));
    return undefined;
  },
  { accepts: 0.58 },
);

property(
  'passwords: a mirror has none that is shown',
  fc.record({ user: fc.string({ maxLength: 5 }), password: passwords }),
  ({ user, password }) => {
    const url = new URL('https://h/x/');
    [url.username, url.password] = [user, password];
    const mirror = parseMirror(url.href);
    expectNoLeak(secretText, mirror, mirror.url);
    assert.equal(mirror.authorization?.(), basicAuthorization(url));
  },
);

property(
  'passwords: a URL without one stays',
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  (url) => {
    if (url.includes('@')) return refused;
    return assert.equal(withoutPasswords(`see ${url} now`), `see ${url} now`);
  },
  { accepts: 0.52 },
);

property(
  'passwords: no value of a command is shown',
  fc.array(
    fc.oneof(
      fc.constantFrom('get-token', '--secret', `--key=${secretText}`, secretText, `-p${secretText}`),
      fc.string(),
    ),
    { maxLength: 6 },
  ),
  (args) => {
    expectNoLeak(secretText, withoutValues(args));
  },
);

/** Control characters, those that turn the direction of text, and line ends of Unicode. */
const active = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

property(
  'text: what is shown has no command for a terminal or a CI job',
  fc.string({ unit: 'binary' }).chain((text) => mutatedText(text, '::error::x\n##vso[x]', '\u001b[2J')),
  (text) => {
    for (const shown of [plain(text), plainLines(text)]) {
      assert.ok(
        [...shown].every((letter) => letter === '\t' || letter === '\n' || !active.test(letter)),
        shown,
      );
      assert.doesNotMatch(shown, /^\s*::|##\[|##vso\[/m);
    }
    assert.ok(!plain(text).includes('\n'));
    assert.deepEqual(JSON.parse(plainJson({ text })), { text });
  },
);
