import { describe, expect, test } from 'vitest';
import {
  chooseReach,
  endpointThrough,
  isPublicBind,
  parseMasterUrl,
  type ReachSettings,
} from '../../src/tunnel/endpoint.ts';
import { findReachProblems } from '../../src/tunnel/endpoint-rules.ts';

type Given = {
  readonly master?: Partial<ReachSettings['master']>;
  readonly ssh?: Partial<ReachSettings['ssh']>;
  readonly ngrok?: ReachSettings['ngrok'];
  readonly allowPublic?: boolean;
};

const settings = ({ master, ssh, ngrok, allowPublic = false }: Given = {}): ReachSettings => ({
  master: { reach: 'auto', scheme: 'http', ...master },
  ssh: { bindAddress: '0.0.0.0', ...ssh },
  ngrok: { ...ngrok },
  tunnel: { allowPublic },
});

describe('a URL of the master', () => {
  test.each([
    ['https://master.example', { scheme: 'https', host: 'master.example', port: 443, via: 'url' }],
    ['http://master.example/', { scheme: 'http', host: 'master.example', port: 80, via: 'url' }],
    ['https://master.example:8443', { scheme: 'https', host: 'master.example', port: 8443, via: 'url' }],
    ['http://[2001:db8::1]:8080', { scheme: 'http', host: '2001:db8::1', port: 8080, via: 'url' }],
  ])('%s', (text, expected) => {
    expect(parseMasterUrl(text)).toEqual(expected);
  });

  test.each([
    ['master.example:8080', ['master.example:8080 is no URL such as https://master.example:8443']],
    ['', [' is no URL such as https://master.example:8443']],
    ['https://', ['https:// is no URL such as https://master.example:8443']],
    ['http://a:99999', ['http://a:99999 is no URL such as https://master.example:8443']],
    ['ssh://master.example', ['its scheme is ssh, tasks speak only http or https']],
    ['http://a.example:0', ['its port is 0']],
    ['https://a.example/det', ['its path /det would be dropped: tasks know only scheme, host and port']],
    ['https://me:pw@a.example', ['it holds a user name or password, which every task would see']],
    [
      'https://a.example/?x=1#y',
      [
        'its query ?x=1 would be dropped: tasks know only scheme, host and port',
        'its fragment #y would be dropped: tasks know only scheme, host and port',
      ],
    ],
  ])('%s is refused', (text, problems) => {
    expect(parseMasterUrl(text)).toEqual({ problems });
  });
});

describe('the way back', () => {
  test.each<[string, Given, boolean | undefined, string]>([
    ['auto, before anybody tried', {}, undefined, 'direct'],
    ['auto, where a pod reaches the host', { ssh: { host: 'a' }, allowPublic: true }, true, 'direct'],
    ['auto, where none does', { ssh: { host: 'a' }, allowPublic: true }, false, 'ssh'],
    ['auto, to a private address', { ssh: { host: 'a', bindAddress: '10.0.0.1' } }, false, 'ssh'],
    ['auto, with a reserved domain', { ngrok: { domain: 'a.example' }, allowPublic: true }, false, 'ngrok'],
    ['direct, whatever a pod reaches', { master: { reach: 'direct' } }, false, 'direct'],
    ['ssh', { master: { reach: 'ssh' } }, true, 'ssh'],
    ['url', { master: { reach: 'url', url: 'http://a.example:1' } }, undefined, 'url'],
  ])('%s', (_, given, isDirect, via) => {
    expect(chooseReach(settings(given), isDirect)).toMatchObject({ via });
  });

  test.each<[string, Given]>([
    ['nothing is set', {}],
    ['it may not be public', { ssh: { host: 'a' }, ngrok: { domain: 'a.example' } }],
  ])('where no direct one is and %s, the user is asked', (_, given) => {
    expect(() => chooseReach(settings(given), false)).toThrow(
      expect.objectContaining({ id: 'tunnel.no-way-back', hint: expect.stringContaining('--master-reach ssh') }),
    );
  });

  test('a wrong URL is a wrong use', () => {
    expect(() => chooseReach(settings({ master: { reach: 'url', url: 'ftp://a/b' } }))).toThrow(
      expect.objectContaining({
        id: 'usage.master-url',
        message:
          'master.url: its scheme is ftp, tasks speak only http or https; its path /b would be dropped: tasks know only scheme, host and port',
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

  test.each([
    ['0.0.0.0', true],
    ['*', true],
    ['::', true],
    ['203.0.113.5', true],
    ['172.32.0.1', true],
    ['127.0.0.1', false],
    ['localhost', false],
    ['10.1.2.3', false],
    ['172.20.0.1', false],
    ['fd00::1', false],
  ])('what listens on %s is public: %s', (address, expected) => {
    expect(isPublicBind(address)).toBe(expected);
  });
});

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
    ['two addresses', { ngrok: { tcpAddress: 'a:1', domain: 'b' } }, ['error ngrok.tcpAddress']],
    ['url without one', { master: { reach: 'url' } }, ['error master.url']],
    ['a URL for another way', { master: { url: 'http://a' } }, ['error master.url']],
    ['a URL with a path', { master: { reach: 'url', url: 'http://a/b?c' } }, ['error master.url', 'error master.url']],
    ['a host beside a tunnel', { master: { reach: 'url', url: 'http://a', host: 'b' } }, ['warning master.host']],
  ])('%s', (_, given, expected) => {
    const found = findReachProblems(settings(given));
    expect(found.map(({ severity, path }) => `${severity} ${path}`)).toEqual(expected);
    expect(found.every(({ message, hint }) => message !== '' && hint !== '')).toBe(true);
  });
});
