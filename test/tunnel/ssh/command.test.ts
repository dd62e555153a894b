import { expect, test } from 'vitest';
import type { SshSpec } from '../../../src/instance/tunnels.ts';
import {
  findOpenPort,
  inspectCommand,
  isArrival,
  isNoise,
  parseHost,
  type SshHost,
  tunnelCommand,
} from '../../../src/tunnel/ssh/command.ts';
import { sampleHost, sampleSpec } from '../../support/tunnel/ssh-sample.ts';

const commandOf = (spec: Partial<SshSpec> = {}, host: Partial<SshHost> = {}) =>
  tunnelCommand(
    { ...sampleSpec, ...spec },
    {
      forward: { remotePort: spec.remotePort ?? 8080, localPort: 41000 },
      host: { ...sampleHost, ...host },
      knownHostsPath: '/state/dev/known_hosts',
      configPath: '/state/dev/ssh_config',
    },
  );

test('the command names every setting on which the tunnel depends', () => {
  expect(commandOf().join(' ')).toBe(
    [
      'ssh -F /state/dev/ssh_config -N -T -v -o BatchMode=yes -o StrictHostKeyChecking=accept-new',
      '-o UserKnownHostsFile="/state/dev/known_hosts" "/home/me/.ssh/known_hosts"',
      '-o ServerAliveInterval=60 -o ServerAliveCountMax=10 -o ExitOnForwardFailure=yes -o ConnectTimeout=10',
      '-o ControlMaster=no -o ControlPath=none',
      '-R 0.0.0.0:8080:127.0.0.1:41000 -- aws-dev.prv',
    ].join(' '),
  );
});

test.each<[Partial<SshSpec>, string]>([
  [{ bindAddress: '::' }, '-R [::]:8080:127.0.0.1:41000 --'],
  [{ bindAddress: '*', remotePort: 0 }, '-R *:0:127.0.0.1:41000 --'],
  [{ port: 2222, configFile: '/etc/my config' }, 'ssh -F /state/dev/ssh_config -N'],
  [{ host: '-oProxyCommand=x' }, '-- -oProxyCommand=x'],
  [{ program: '/opt/ssh' }, '/opt/ssh -F /state/dev/ssh_config -N'],
  [{ serverAliveInterval: 5, serverAliveCountMax: 2 }, '-o ServerAliveInterval=5 -o ServerAliveCountMax=2'],
])('%o: %s', (spec, part) => {
  expect(commandOf(spec).join(' ')).toContain(part);
});

test('policy yes leaves the files of known hosts to ssh', () => {
  const command = commandOf({ hostKeyPolicy: 'yes' }).join(' ');
  expect(command).toContain('StrictHostKeyChecking=yes');
  expect(command).not.toContain('UserKnownHostsFile');
});

test.each<SshSpec['hostKeyPolicy']>(['accept-new', 'yes'])('policy %s never takes any key', (hostKeyPolicy) => {
  expect(commandOf({ hostKeyPolicy }).join(' ')).not.toMatch(/StrictHostKeyChecking=(no|off|ask)/);
});

test('a percent sign in a path stays one', () => {
  expect(commandOf({}, { knownHostsFiles: ['/home/50%/known'] }).join(' ')).toContain('"/home/50%%/known"');
});

test.each([
  ['user', { port: 2222, configFile: '/c' }, 'ssh -G -N -F /c -p 2222 -- aws-dev.prv'],
  ['user', {}, 'ssh -G -N -- aws-dev.prv'],
  ['none', { port: 2222, configFile: '/c' }, 'ssh -G -N -F /dev/null -p 2222 -- aws-dev.prv'],
] as const)('ssh itself is asked for its settings by the files of: %s, %o', (from, spec, expected) => {
  expect(inspectCommand({ ...sampleSpec, ...spec }, from).join(' ')).toBe(expected);
});

test.each<[string, Partial<SshHost>]>([
  ['host a\nuser me\nhostname b.example.com\nport 2222\n', { hostName: 'b.example.com', user: 'me', port: 2222 }],
  ['userknownhostsfile /a/b /c/d\n', { knownHostsFiles: ['/a/b', '/c/d'] }],
  ['proxyjump me@jump\n', { isIndirect: true }],
  ['proxycommand nc %h %p\n', { isIndirect: true }],
  ['proxycommand none\n', { isIndirect: false }],
  [
    'userknownhostsfile /home/my self/known /home/my self/known2\n',
    { knownHostsFiles: ['/home/my self/known', '/home/my self/known2'] },
  ],
  ['', { hostName: '', port: 22, knownHostsFiles: [] }],
])('reads %o of ssh -G', (text, expected) => {
  expect(parseHost(text)).toMatchObject(expected);
});

const success = (listen: string, to = '127.0.0.1:41000') =>
  `debug1: remote forward success for: listen ${listen}, connect ${to}`;

test.each<[string, number, number | undefined]>([
  [success('0.0.0.0:8080'), 8080, 8080],
  [success('8080'), 8080, 8080],
  [success('[::]:8080'), 8080, 8080],
  [success('0.0.0.0:18080'), 8080, undefined],
  [success('0.0.0.0:8080', '127.0.0.1:410001'), 8080, undefined],
  [success('0.0.0.0:8080', '127.0.0.1:22'), 8080, undefined],
  [success('0.0.0.0:0'), 0, undefined],
  ['Allocated port 34567 for remote forward to 127.0.0.1:41000', 0, 34567],
  ['Allocated port 34567 for remote forward to 127.0.0.1:22', 0, undefined],
  ['Allocated port 34567 for remote forward to 127.0.0.1:41000', 8080, undefined],
  ['debug1: remote forward failure for: listen 0.0.0.0:8080, connect 127.0.0.1:41000', 8080, undefined],
])('%s, asked for %s: %s', (line, remotePort, expected) => {
  expect(findOpenPort(line, { remotePort, localPort: 41000 })).toBe(expected);
});

const arrival = (listen: string) =>
  `debug1: client_request_forwarded_tcpip: listen ${listen}, originator 10.0.0.1 port 5555`;

test.each([
  [arrival('0.0.0.0 port 8080'), true],
  [arrival(' port 8080'), true],
  [arrival('localhost port 8080'), true],
  [arrival('0.0.0.0 port 80'), false],
  ['debug1: channel 0: new forwarded-tcpip [127.0.0.1] (inactive timeout: 0)', false],
])('%s is a connection to port 8080: %s', (line, expected) => {
  expect(isArrival(line, 8080)).toBe(expected);
});

test.each([
  ['debug1: pledge: network', true],
  ['  #0 198.19.0.2 (t4 [forwarded-tcpip] r1 i3/0 o3/0)', true],
  ['', true],
  ["Warning: Permanently added '198.19.0.2' (ED25519) to the list of known hosts.", true],
  ['Authenticated to 198.19.0.2 ([198.19.0.2]:22) using "publickey".', true],
  ['connect_to 127.0.0.1 port 41000: failed.', false],
  ['Timeout, server aws-dev.prv not responding.', false],
  ['client_loop: send disconnect: Broken pipe', false],
])('%o is noise: %s', (line, expected) => {
  expect(isNoise(line)).toBe(expected);
});
