import { describe, expect, test } from 'vitest';
import type { Cluster } from '../../src/model/cluster.ts';
import { chooseMasterRoute, directEndpoint, endpointThrough } from '../../src/tunnel/endpoint.ts';
import { type Given, settings } from '../support/master-route.ts';

describe('the route to the master', () => {
  test.each<[string, Given, boolean | undefined, string]>([
    ['auto, before anybody tried', {}, undefined, 'direct'],
    ['auto, where a pod reaches the host', { ssh: { host: 'a' }, allowPublic: true }, true, 'direct'],
    ['auto, where none does', { ssh: { host: 'a' }, allowPublic: true }, false, 'ssh'],
    ['auto, to a private address', { ssh: { host: 'a', bindAddress: '10.0.0.1' } }, false, 'ssh'],
    ['auto, with a reserved domain', { ngrok: { domain: 'a.example' }, allowPublic: true }, false, 'ngrok'],
    ['auto, with a reserved TCP address', { ngrok: { tcpAddress: 'a:1' }, allowPublic: true }, false, 'ngrok'],
    ['direct, whatever a pod reaches', { master: { reach: 'direct' } }, false, 'direct'],
    ['ssh', { master: { reach: 'ssh' } }, true, 'ssh'],
    ['url', { master: { reach: 'url', url: 'http://a.example:1' } }, undefined, 'url'],
  ])('%s', (_, given, isDirect, via) => {
    expect(chooseMasterRoute(settings(given), isDirect)).toMatchObject({ via });
  });

  test.each<[string, Given]>([
    ['nothing is set', {}],
    ['a tunnel would be allowed, but none is set', { allowPublic: true }],
    ['it may not be public', { ssh: { host: 'a' }, ngrok: { domain: 'a.example' } }],
  ])('where no direct one is and %s, the user is asked', (_, given) => {
    expect(() => chooseMasterRoute(settings(given), false)).toThrow(
      expect.objectContaining({ id: 'tunnel.no-way-back', hint: expect.stringContaining('--master-reach ssh') }),
    );
  });

  test('a wrong URL is a wrong use', () => {
    expect(() => chooseMasterRoute(settings({ master: { reach: 'url', url: 'ftp://a/b' } }))).toThrow(
      expect.objectContaining({
        id: 'usage.master-url',
        message:
          'master.url: its scheme is ftp, not http or https; its path /b has no meaning: a master has only scheme, host and port',
      }),
    );
  });

  test('a tunnel of bytes leaves TLS to the master, one that ends it does not', () => {
    const address = { scheme: 'http', host: 'a.example', port: 4000 } as const;
    expect(endpointThrough('ssh', address, 'https')).toEqual({ ...address, scheme: 'https', via: 'ssh' });
    expect(endpointThrough('ssh', address, 'http')).toEqual({ ...address, via: 'ssh' });
    const ended = { scheme: 'https', host: 'a.example', port: 443 } as const;
    expect(endpointThrough('ngrok', ended, 'http')).toEqual({ ...ended, via: 'ngrok' });
  });

  test('without a tunnel tasks dial this host as pods see it, unless another one is set', () => {
    const cluster: Cluster = {
      ...{ name: 'dev', kubeconfigPath: '/k', kubeContext: 'c', nodeName: 'n' },
      ...{ provider: 'native', nodeAddress: '192.0.2.1', hostAddress: '192.0.2.2' },
    };
    const wanted = { scheme: 'https', port: 8443 } as const;
    expect(directEndpoint(wanted, cluster)).toEqual({ ...wanted, host: '192.0.2.2', via: 'direct' });
    expect(directEndpoint({ ...wanted, host: 'a.example' }, cluster)).toEqual({
      ...wanted,
      host: 'a.example',
      via: 'direct',
    });
  });
});
