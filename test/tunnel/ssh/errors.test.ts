import { expect, test } from 'vitest';
import type { SshSpec } from '../../../src/instance/tunnels.ts';
import type { SshHost } from '../../../src/tunnel/ssh/command.ts';
import { sshError } from '../../../src/tunnel/ssh/errors.ts';
import { sampleHost, sampleSpec } from '../../support/tunnel/ssh-sample.ts';

type Said = { readonly spec?: Partial<SshSpec>; readonly host?: Partial<SshHost> };

const errorFor = (text: string, { spec, host }: Said = {}) =>
  sshError({
    spec: { ...sampleSpec, ...spec },
    host: { ...sampleHost, ...host },
    lines: text.split('\n'),
    how: 'exited with 255',
  });

const failed = 'Error: remote port forwarding failed for listen port 8080';

test.each<[string, string, RegExp, RegExp, Said?]>([
  [
    'ssh: Could not resolve hostname aws-dev.prv: Name or service not known',
    'unknown-host',
    /^ssh aws-dev\.prv: Could not resolve hostname aws-dev\.prv: Name or service not known$/,
    /HostName in ~\/\.ssh\/config$/,
  ],
  [
    'ssh: Could not resolve hostname aws-dev.prv: Temporary failure in name resolution',
    'no-dns',
    /Temporary failure/,
    /HostName/,
  ],
  ['ssh: connect to host 1.2.3.4 port 22: No route to host', 'unreachable', /No route to host$/, /listens on port 22/],
  [
    'channel 0: open failed: connect failed: Connection refused\nstdio forwarding failed\nConnection closed by UNKNOWN port 65535',
    'unreachable',
    /Connection closed by UNKNOWN port 65535$/,
    /that the jump host or proxy \(ProxyJump, ProxyCommand\) works/,
    { host: { isIndirect: true } },
  ],
  [
    'Offending ED25519 key in /home/my self/known_hosts:7\nHost key verification failed.',
    'host-key-changed',
    /of aws-dev\.example\.com in \/home\/my self\/known_hosts, line 7$/,
    /ssh-keygen -f "\/home\/my self\/known_hosts" -R "\[aws-dev\.example\.com\]:2222"/,
    { host: { port: 2222 } },
  ],
  [
    'No ED25519 host key is known for 1.2.3.4 and you have requested strict checking.\nHost key verification failed.',
    'host-key-unknown',
    /host key of 1\.2\.3\.4$/,
    /\(ssh aws-dev\.prv\) and compare the fingerprint/,
  ],
  ['Host key verification failed.', 'host-key-unknown', /host key of aws-dev\.example\.com$/, /accept-new/],
  [
    'debug1: Offering public key: /k/a ED25519 SHA256:x agent\ndebug1: Offering public key: /k/b RSA SHA256:y\nme@h: Permission denied (publickey,password).',
    'refused-key',
    /me@h refuses every key \(offered: \/k\/a, \/k\/b\)$/,
    /'ssh -o BatchMode=yes aws-dev\.prv true'/,
  ],
  ['me@h: Permission denied (publickey).', 'refused-key', /\(no key was offered\)$/, /ssh-add/],
  [
    "Permissions 0644 for '/k/a' are too open.\nme@h: Permission denied (publickey).",
    'refused-key',
    /\(Permissions 0644 for '\/k\/a' are too open\.\)$/,
    /IdentityFile/,
  ],
  [
    'me@h: Permission denied (password,keyboard-interactive).',
    'password-needed',
    /me@h accepts only password,keyboard-interactive,/,
    /PubkeyAuthentication yes in \/etc\/ssh\/sshd_config/,
  ],
  [
    'Received disconnect from 1.2.3.4 port 22:2: Too many authentication failures\nDisconnected from 1.2.3.4 port 22',
    'refused-key',
    /1\.2\.3\.4 refuses the connection/,
    /IdentitiesOnly yes/,
  ],
  [
    `debug1: Remote: Server has disabled port forwarding.\n${failed}`,
    'forwarding-forbidden',
    /ubuntu to forward ports$/,
    /AllowTcpForwarding/,
  ],
  [
    'debug1: Remote: Server has disabled port forwarding.\nError: remote port forwarding failed for listen port 80',
    'forwarding-forbidden',
    /to forward ports, or port 80, which is root's$/,
    /authorized_keys/,
    { spec: { remotePort: 80 } },
  ],
  [
    `debug1: Remote: port forwarding refused\n${failed}`,
    'forwarding-forbidden',
    /on 0\.0\.0\.0 port 8080$/,
    /PermitListen/,
  ],
  [failed, 'port-taken', /port 8080 of aws-dev\.example\.com is in use$/, /server chooses\)$/],
  [
    failed,
    'port-taken',
    /port 8080/,
    /another forward in ~\/\.ssh\/config may be the cause$/,
    { spec: { remotePort: 0 } },
  ],
  [
    '/home/me/.ssh/config: line 3: Bad configuration option: frobnicate',
    'config',
    /Bad configuration option: frobnicate$/,
    /fix/,
  ],
  [
    'command-line: line 0: unsupported option "accept-new".',
    'old',
    /ssh does not know an option of taskgate: command-line/,
    /update/,
  ],
  ['unknown option -- G\nusage: ssh [-1246AaCfgKkMNnqsTtVvXxYy]', 'old', /unknown option -- G$/, /ssh\.program/],
  ["/home/me/.ssh/config line 9: Bad SSH2 cipher spec 'x'.", 'config', /config line 9: Bad SSH2 cipher spec/, /fix/],
  ['/home/me/.ssh/config line 2: keyword include no such file', 'config', /config line 2:/, /fix/],
  ['percent_expand: unknown key %q', 'config', /unknown key %q$/, /fix/],
  [
    'zsh:1: command not found: nc\nConnection closed by UNKNOWN port 65535',
    'config',
    /the ProxyCommand cannot be run: zsh:1: command not found: nc$/,
    /install the program/,
    { host: { isIndirect: true } },
  ],
  [
    '/bin/sh: 1: cloudflared: not found\nkex_exchange_identification: Connection closed by remote host',
    'config',
    /cloudflared: not found$/,
    /ProxyCommand/,
  ],
  [
    '/opt/proxy.sh: line 2: nc: command not found\nConnection closed by UNKNOWN port 65535',
    'config',
    /the ProxyCommand cannot be run: \/opt\/proxy\.sh: line 2: nc: command not found$/,
    /install the program/,
  ],
  [
    'bash: line 1: /opt/nc: No such file or directory\nConnection closed by UNKNOWN port 65535',
    'config',
    /the ProxyCommand cannot be run: bash: line 1: \/opt\/nc/,
    /install the program/,
  ],
  // a route that is prohibited, SELinux, a packet filter of macOS: passing, and not of a ProxyCommand
  [
    'ssh: connect to host 1.2.3.4 port 22: Permission denied',
    'unreachable',
    /: ssh: connect to host 1\.2\.3\.4 port 22: Permission denied$/,
    /no firewall blocks this machine/,
  ],
  ...[
    'bash: line 1: connect: Permission denied\nbash: line 1: /dev/tcp/1.2.3.4/22: Permission denied',
    // what bash says after a name that does not resolve
    'bash: line 1: aws-dev.prv: Temporary failure in name resolution\nbash: line 1: /dev/tcp/aws-dev.prv/22: Invalid argument',
    'tsh: ERROR: cluster not found',
  ].map((said): [string, string, RegExp, RegExp] => [
    `${said}\nkex_exchange_identification: Connection closed by remote host`,
    'unreachable',
    /Connection closed by remote host$/,
    /listens on port/,
  ]),
  [
    'no such identity: /home/me/.ssh/team: No such file or directory\nme@h: Permission denied (publickey).',
    'refused-key',
    /\(no such identity: \/home\/me\/\.ssh\/team: No such file or directory\)$/,
    /IdentityFile/,
  ],
  [
    'Load key "/k/a": error in libcrypto\nme@h: Permission denied (publickey).',
    'refused-key',
    /Load key "\/k\/a": error in libcrypto/,
    /ssh-add/,
  ],
  ['Host key ED25519 SHA256:x for 1.2.3.4 was revoked.', 'host-key-changed', /revoked/, /who runs the server/],
  [
    'Your account has expired; please contact your system administrator.\nConnection closed by 1.2.3.4 port 22',
    'refused-key',
    /account has expired/,
    /log in/,
  ],
  [
    'ssh: connect to host 1.2.3.4 port 22: Connection refused',
    'unreachable',
    /: no SSH server answers: ssh: connect to host 1\.2\.3\.4 port 22: Connection refused$/,
    /^is it the right --ssh-host and --ssh-port\?/,
  ],
  ['Bad owner or permissions on /home/me/.ssh/config', 'config', /Bad owner or permissions/, /fix/],
  ['/home/me/.ssh/config line 4: missing argument.', 'config', /config line 4: missing argument/, /fix/],
  [
    'Unable to negotiate with 1.2.3.4 port 22: no matching host key type found. Their offer: ssh-rsa',
    'algorithms',
    /Their offer: ssh-rsa$/,
    /HostKeyAlgorithms/,
  ],
  [
    'debug1: pledge: network\nsomething new',
    'ended',
    /^ssh aws-dev\.prv exited with 255: something new$/,
    /ssh -v -N aws-dev\.prv/,
  ],
  ['', 'ended', /exited with 255: no output$/, /by hand/],
])('%s', (text, id, message, hint, said) => {
  const error = errorFor(text, said);
  expect(error.id).toBe(`tunnel.ssh-${id}`);
  expect(error.message).toMatch(message);
  expect(error.hint).toMatch(hint);
});

test.each([
  [80, 'ubuntu', true],
  [1023, 'ubuntu', true],
  [1024, 'ubuntu', false],
  [0, 'ubuntu', false],
  [80, 'root', false],
])('a refused port %i of %s may be root’s: %s', (remotePort, user, isRoots) => {
  const text = `debug1: Remote: Server has disabled port forwarding.\nError: remote port forwarding failed for listen port ${remotePort}`;
  const { message } = errorFor(text, { spec: { remotePort }, host: { user } });
  expect(message.includes("which is root's")).toBe(isRoots);
});

test('at the usual port a host is known by its name alone', () => {
  const text = 'Offending ED25519 key in /h/known_hosts:7\nHost key verification failed.';
  expect(errorFor(text, { host: { port: 22 } }).hint).toContain('-R "aws-dev.example.com"');
});

test('of an end that nobody knows, the last three lines are told, without ssh’s own debugging', () => {
  const { message } = errorFor('one\ntwo\n\ndebug1: me\nthree\nfour\n');
  expect(message).toBe('ssh aws-dev.prv exited with 255: two; three; four');
  expect(errorFor('debug1: me\n').message).toBe('ssh aws-dev.prv exited with 255: no output');
});
