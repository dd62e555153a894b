import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { originOf } from '../../../src/model/master-endpoint.ts';
import {
  agentCommand,
  configVersionOf,
  findOldAgent,
  judgeTunnels,
  parseAddress,
  renderAgentConfig,
  renderTrafficPolicy,
} from '../../../src/tunnel/ngrok/agent.ts';

test.for([
  ['ngrok version 3.36.1', true],
  ['ngrok version 3.18.4', true],
  ['ngrok version 3.18.5', true],
  ['ngrok version 3.19.0', true],
  ['ngrok version 3.100.0', true],
  ['ngrok version 4.0.0', true],
  ['ngrok version 3.18.3', false],
  ['ngrok version 3.17.9', false],
  ['ngrok version 3.9.9', false],
  ['ngrok version 3.18', false],
  ['ngrok version 2.3.40', false],
  ['something else', false],
] as const)('%s is new enough: %s', ([text, isNew]) => {
  expect(findOldAgent(text) === undefined).toBe(isNew);
});

describe('command', () => {
  test('an address by ngrok', () => {
    expect(agentCommand({ program: 'ngrok' }, 8080, { config: ['/own.yml', '/ours.yml'] })).toEqual(
      'ngrok http http://127.0.0.1:8080 --config /own.yml --config /ours.yml'.split(' '),
    );
  });

  test('a reserved domain and a traffic policy', () => {
    const spec = { program: '/opt/ngrok', domain: 'tasks.example.app', trafficPolicyFile: '/p.yml' };
    expect(agentCommand(spec, 8080, { config: ['/o.yml'], policy: spec.trafficPolicyFile })).toEqual(
      '/opt/ngrok http http://127.0.0.1:8080 --url https://tasks.example.app --traffic-policy-file /p.yml --config /o.yml'.split(
        ' ',
      ),
    );
  });

  test('a reserved TCP address', () => {
    expect(
      agentCommand({ program: 'ngrok', tcpAddress: '1.tcp.ngrok.io:27210' }, 8080, { config: ['/o.yml'] }),
    ).toEqual('ngrok tcp 127.0.0.1:8080 --url tcp://1.tcp.ngrok.io:27210 --config /o.yml'.split(' '));
  });
});

describe('configuration', () => {
  test.for([
    ['version: "2"\nauthtoken: x\n', '2'],
    ['version: 2', '2'],
    ['# mine\nversion: "3"\nagent:\n  authtoken: x\n', '3'],
    ['', '3'],
  ] as const)('format of %j is %s', ([text, version]) => {
    expect(configVersionOf(text)).toBe(version);
  });

  test('is in the format of the user, holds no token, and keeps no requests', () => {
    const two = parse(renderAgentConfig('2', 4711)) as Record<string, unknown>;
    expect(two).toMatchObject({ version: '2', web_addr: '127.0.0.1:4711', log_format: 'json', inspect_db_size: -1 });
    const three = parse(renderAgentConfig('3', 4711)) as Record<string, unknown>;
    expect(three).toEqual({ version: '3', agent: expect.objectContaining({ web_addr: '127.0.0.1:4711' }) });
    expect(JSON.stringify([two, three])).not.toContain('authtoken');
  });
});

test.for([
  ['https://d95211d2.ngrok.app', 'https://d95211d2.ngrok.app:443'],
  ['https://localhost:4443', 'https://localhost:4443'],
  ['http://d95211d2.ngrok.app', 'http://d95211d2.ngrok.app:80'],
  ['tcp://0.tcp.ngrok.io:53476', 'http://0.tcp.ngrok.io:53476'],
] as const)('%s is dialed as %s', ([url, text]) => {
  const address = parseAddress(url);
  expect(address && originOf(address)).toBe(text);
});

test.for([
  '',
  'nonsense',
  'https://',
  'http://[',
  'javascript:alert(1)',
  'file:///etc/passwd',
  '127.0.0.1:80',
])('%j is no address', (url) => {
  expect(parseAddress(url)).toBeUndefined();
  expect(judgeTunnels(JSON.stringify({ tunnels: [{ public_url: url, config: { addr: ':80' } }] }), 80)).toMatch(
    /^its API has an address that is none: /,
  );
});

test.each([
  'http://localhost:18080',
  'http://localhost:80',
  'http://localhost:80800',
  'http://8080.example:80',
])('a tunnel to %s is not ours, to 8080, however alike', (addr) => {
  const [alike, own] = [
    { public_url: 'https://alike.example', config: { addr } },
    { public_url: 'https://own.example', config: { addr: 'http://localhost:8080' } },
  ];
  expect(judgeTunnels(JSON.stringify({ tunnels: [alike] }), 8080)).toBe('its API has no tunnel to port 8080');
  expect(judgeTunnels(JSON.stringify({ tunnels: [alike, own] }), 8080)).toMatchObject({ host: 'own.example' });
});

describe('the traffic policy of tunnel.allowFrom', () => {
  const allow = ['203.0.113.0/24', '198.51.100.7/32'];
  const actions = [{ type: 'restrict-ips', config: { enforce: true, allow } }];

  test('https: for every request but the probes that the relay answers', () => {
    expect(JSON.parse(renderTrafficPolicy({ program: 'ngrok' }, allow))).toEqual({
      on_http_request: [{ expressions: ["req.url.path != '/.taskgate/probe'"], actions }],
    });
  });

  test('TCP: for every connection', () => {
    expect(JSON.parse(renderTrafficPolicy({ program: 'ngrok', tcpAddress: 'a:1' }, allow))).toEqual({
      on_tcp_connect: [{ actions }],
    });
  });
});

describe('answers of the API since agent 3.30', () => {
  test.for(['http://localhost:8080', '127.0.0.1:8080', 'http://127.0.0.1:8080/'])('our endpoint, to %s', (url) => {
    const other = { url: 'https://other.example', upstream: { url: 'http://localhost:80' } };
    const ours = { name: 'command_line', url: 'https://ours.example', upstream: { url } };
    const text = JSON.stringify({ endpoints: [other, ours] });
    expect(judgeTunnels(text, 8080)).toEqual({ scheme: 'https', host: 'ours.example', port: 443 });
  });

  test('none yet', () => {
    expect(judgeTunnels('{"endpoints": []}', 8080)).toBe('no tunnel yet');
  });
});

const tunnels = (...list: readonly object[]) => JSON.stringify({ tunnels: list, uri: '/api/tunnels' });

describe('answers of its API', () => {
  test.for([
    'localhost:8080',
    'http://localhost:8080',
    '127.0.0.1:8080',
    'http://127.0.0.1:8080',
  ])('our tunnel, to %s', (addr) => {
    const other = { public_url: 'https://other.example', config: { addr: 'localhost:80' } };
    const ours = { public_url: 'https://ours.example', config: { addr } };
    expect(judgeTunnels(tunnels(other, ours), 8080)).toEqual({ scheme: 'https', host: 'ours.example', port: 443 });
  });

  test.for([
    [tunnels(), 'no tunnel yet'],
    [
      tunnels({ public_url: 'https://x.example', config: { addr: 'localhost:80' } }),
      'its API has no tunnel to port 8080',
    ],
    [tunnels({ config: { addr: 'localhost:8080' } }), 'its API has no tunnel to port 8080'],
    ['<html>', 'its API returned "<html>", not a list of tunnels'],
    ['{"tunnels": 3}', 'its API returned "{\\"tunnels\\": 3}", not a list of tunnels'],
  ] as const)('%s', ([text, verdict]) => {
    expect(judgeTunnels(text, 8080)).toBe(verdict);
  });
});
