import { describe, expect, test } from 'vitest';
import { findMasterRouteProblems } from '../../src/tunnel/endpoint-rules.ts';
import { type Given, settings } from '../support/master-route.ts';

describe('settings that do not go together', () => {
  test.each<[string, Given, readonly string[]]>([
    ['nothing set', {}, []],
    ['ssh, as it should be', { master: { reach: 'ssh' }, ssh: { host: 'a' }, allowPublic: true }, []],
    ['ssh to a private address', { master: { reach: 'ssh' }, ssh: { host: 'a', bindAddress: '10.0.0.1' } }, []],
    ['ssh, without more', { master: { reach: 'ssh' } }, ['error ssh.host', 'error tunnel.allowPublic']],
    ['ngrok, not allowed', { master: { reach: 'ngrok' } }, ['error tunnel.allowPublic']],
    [
      'ngrok before a TLS master',
      { master: { reach: 'ngrok', scheme: 'https' }, allowPublic: true },
      ['error master.scheme'],
    ],
    [
      'ngrok by TCP before a TLS master',
      { master: { reach: 'ngrok', scheme: 'https' }, ngrok: { tcpAddress: 'a:1' }, allowPublic: true },
      [],
    ],
    [
      'a certificate where ngrok ends TLS',
      { master: { reach: 'ngrok', tls: true }, allowPublic: true },
      ['error master.tls'],
    ],
    ['a certificate for a URL', { master: { reach: 'url', url: 'https://a', tls: true } }, ['error master.tls']],
    [
      'a certificate behind ngrok by TCP',
      { master: { reach: 'ngrok', tls: true }, ngrok: { tcpAddress: 'a:1' }, allowPublic: true },
      [],
    ],
    [
      'a certificate for a tunnel by ssh',
      { master: { reach: 'ssh', tls: true }, ssh: { host: 'a', bindAddress: '10.0.0.1' } },
      [],
    ],
    [
      'https for a master that ngrok does not reach',
      { master: { reach: 'ssh', scheme: 'https' }, ssh: { host: 'a' }, allowPublic: true },
      [],
    ],
    ['one address, by TCP', { master: { reach: 'ngrok' }, ngrok: { tcpAddress: 'a:1' }, allowPublic: true }, []],
    ['one address, a domain', { master: { reach: 'ngrok' }, ngrok: { domain: 'b' }, allowPublic: true }, []],
    ['two addresses', { ngrok: { tcpAddress: 'a:1', domain: 'b' } }, ['error ngrok.tcpAddress']],
    ['url without one', { master: { reach: 'url' } }, ['error master.url']],
    ['a URL for another way', { master: { url: 'http://a' } }, ['error master.url']],
    ['a URL with a path', { master: { reach: 'url', url: 'http://a/b?c' } }, ['error master.url', 'error master.url']],
    [
      'ssh to a name that looks private',
      { master: { reach: 'ssh' }, ssh: { host: 'a', bindAddress: '10.public.example' } },
      ['error tunnel.allowPublic'],
    ],
    ['forwards that others reach', { gateway: { forwardAddress: '192.168.0.5' } }, ['error gateway.forwardAddress']],
    ['forwards that others reach, allowed', { gateway: { forwardAddress: '0.0.0.0' }, allowPublic: true }, []],
    ['an address for forwards that there are not', { gateway: { reach: 'node', forwardAddress: '0.0.0.0' } }, []],
    ['forwards on loopback', { gateway: { forwardAddress: '127.0.0.2' } }, []],
    ['who may call', { allowFrom: ['10.0.0.0/8'] }, []],
    [
      'who may call, twice',
      { ngrok: { trafficPolicyFile: 'p.yml' }, allowFrom: ['10.0.0.0/8'] },
      ['error tunnel.allowFrom'],
    ],
    [
      'who may call what is no tunnel',
      { master: { reach: 'direct' }, allowFrom: ['10.0.0.0/8'] },
      ['warning tunnel.allowFrom'],
    ],
    [
      'who may call a URL of another',
      { master: { reach: 'url', url: 'http://a' }, allowFrom: ['10.0.0.0/8'] },
      ['warning tunnel.allowFrom'],
    ],
    ['a policy of ngrok without more', { ngrok: { trafficPolicyFile: 'p.yml' } }, []],
    ['a host that tasks may dial', { master: { host: 'b' } }, []],
    ['a host that tasks dial', { master: { reach: 'direct', host: 'b' } }, []],
    ['a host beside a tunnel', { master: { reach: 'url', url: 'http://a', host: 'b' } }, ['warning master.host']],
  ])('%s', (_, given, expected) => {
    const found = findMasterRouteProblems(settings(given));
    expect(found.map(({ severity, path }) => `${severity} ${path}`)).toEqual(expected);
    expect(found.every(({ message, hint }) => message !== '' && hint !== '')).toBe(true);
  });

  const allow = 'set it to allow that (--tunnel-allow-public true); ';
  test.each<[string, Given, string, string]>([
    [
      'a certificate where ngrok ends TLS',
      { master: { reach: 'ngrok', tls: true }, allowPublic: true },
      'is on, but ngrok ends TLS itself',
      'leave it out, or use ngrok.tcpAddress',
    ],
    [
      'a certificate for a URL',
      { master: { reach: 'url', url: 'https://a', tls: true } },
      'is on, but the certificate at master.url is not made by taskgate',
      'leave it out; set the certificate of that address in the master',
    ],
    [
      'ngrok, not allowed',
      { master: { reach: 'ngrok' } },
      'is not set, but a tunnel by ngrok exposes the master to the internet',
      `${allow}the tunnel expires after tunnel.ttlHours`,
    ],
    [
      'ssh, which may listen at a private address instead',
      { master: { reach: 'ssh' }, ssh: { host: 'a' } },
      'is not set, but a tunnel by ssh exposes the master to the internet',
      `${allow}the tunnel expires after tunnel.ttlHours; or set ssh.bindAddress to a private address of that host`,
    ],
    [
      'forwards, which end',
      { gateway: { reach: 'forward', forwardAddress: '10.0.0.5' } },
      'is 10.0.0.5, at which others can reach task ports, and tunnel.allowPublic is not set',
      `${allow}the forwards expire after tunnel.ttlHours; or leave it at 127.0.0.1`,
    ],
    [
      'published ports, which stay',
      { gateway: { reach: 'published', forwardAddress: '10.0.0.5' } },
      'is 10.0.0.5, at which others can reach task ports, and tunnel.allowPublic is not set',
      `${allow}published ports do not expire; or leave it at 127.0.0.1`,
    ],
  ])('what is wrong and the way out are of this case: %s', (_, given, message, hint) => {
    expect(findMasterRouteProblems(settings(given))).toEqual([
      expect.objectContaining({ severity: 'error', message, hint }),
    ]);
  });
});
