import { expect, test } from 'vitest';
import { jumpCommand, makeConfig, parseSettings, splitFiles } from '../../../src/tunnel/ssh/config.ts';

const defaults = parseSettings(
  'user me\nhostname b\nport 22\ncompression no\nidentityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ed25519\nciphers a,b\n',
);
const spec = { program: 'ssh' };
const base = ['user me', 'hostname b.example', 'port 22'];
const made = (...lines: readonly string[]) => makeConfig(parseSettings([...base, ...lines].join('\n')), defaults, spec);
const linesOf = (...lines: readonly string[]) =>
  made(...lines)
    .text.split('\n')
    .slice(5, -1)
    .map((line) => line.trim());

test('a host without settings of its own has the name, the user and the port that ssh found', () => {
  expect(made().text).toBe(
    '# written by taskgate for its tunnel\nHost *\n  user "me"\n  hostname b.example\n  port 22\n',
  );
});

test.each([
  [
    'forwards of the user',
    ['localforward 15432 [127.0.0.1]:5432', 'remoteforward 52698 [127.0.0.1]:52698', 'dynamicforward 1080'],
  ],
  ['a command', ['remotecommand tmux attach', 'requesttty force', 'sessiontype default']],
  ['a shared connection', ['controlmaster auto', 'controlpath ~/.ssh/%C', 'controlpersist yes']],
  ['what leaves the terminal', ['forkafterauthentication yes', 'stdinnull yes', 'escapechar none']],
  ['a local command', ['permitlocalcommand yes', 'localcommand notify-send up']],
  ['what is sent to the server', ['sendenv LANG', 'setenv A=b', 'forwardagent yes', 'forwardx11 yes']],
  ['a tunnel device', ['tunnel ethernet', 'tunneldevice 0:0', 'gatewayports yes', 'exitonforwardfailure yes']],
  [
    'what asks or hides',
    ['loglevel QUIET', 'batchmode no', 'addkeystoagent ask', 'channeltimeout session=5m', 'visualhostkey yes'],
  ],
])('%s does not reach the tunnel', (_, lines) => {
  expect(linesOf(...lines)).toEqual([]);
});

test('what was left out is told, but not what a tunnel sets itself', () => {
  expect(
    made('localforward 1 [a]:2', 'controlmaster auto', 'serveraliveinterval 5', 'remotecommand x').leftOut,
  ).toEqual(['localforward', 'remotecommand']);
});

test.each([
  ['identityfile ~/.ssh/team', 'identityfile "~/.ssh/team"'],
  ['identityfile /home/my self/%h', 'identityfile "/home/my self/%h"'],
  ['identityagent /run/50% sure', 'identityagent "/run/50%% sure"'],
  ['certificatefile ~/.ssh/c.pub', 'certificatefile "~/.ssh/c.pub"'],
  ['userknownhostsfile /home/my self/a ~/.ssh/b', 'userknownhostsfile "/home/my self/a" "~/.ssh/b"'],
  ['globalknownhostsfile none', 'globalknownhostsfile "none"'],
  ['proxycommand nc -X 5 -x "a b" %h %p', 'proxycommand nc -X 5 -x "a b" %h %p'],
  ['knownhostscommand /bin/keys %H', 'knownhostscommand /bin/keys %H'],
  ['hostkeyalias other', 'hostkeyalias other'],
  ['addressfamily inet6', 'addressfamily inet6'],
  ['ciphers a', 'ciphers a'],
  ['compression yes', 'compression yes'],
])('%s is kept', (line, expected) => {
  expect(linesOf(line)).toEqual([expected]);
});

test('what ssh has without any file is not written: not each ssh takes what it prints', () => {
  expect(
    linesOf('ciphers a,b', 'compression no', 'identityfile ~/.ssh/id_rsa', 'identityfile ~/.ssh/id_ed25519'),
  ).toEqual([]);
});

test.each([
  ['jump', "ssh -W '[%h]:%p' -- jump"],
  ['me@jump:2222', "ssh -l me -p 2222 -W '[%h]:%p' -- jump"],
  ['a,me@[fd00::1]:22,b', "ssh -J 'a,me@[fd00::1]:22' -W '[%h]:%p' -- b"],
  ['me@[fd00::1]', "ssh -l me -W '[%h]:%p' -- fd00::1"],
  ['ssh://me@jump:22', "ssh -l me -p 22 -W '[%h]:%p' -- jump"],
  ['first,second:5', "ssh -p 5 -J first -W '[%h]:%p' -- second"],
])('jump hosts %s are dialed with the settings that the user has for them', (jumps, expected) => {
  expect(jumpCommand(spec, jumps)).toBe(expected);
});

test('the files of the settings ssh.configFile and ssh.program are those of the jump hosts, too', () => {
  const command = jumpCommand({ program: '/opt/my ssh', configFile: "/etc/it's 5%" }, 'jump');
  expect(command).toBe(`'/opt/my ssh' -F '/etc/it'\\''s 5%%' -W '[%h]:%p' -- jump`);
});

test('a ProxyCommand wins over jump hosts, and none is none', () => {
  expect(linesOf('proxyjump jump')).toEqual(["proxycommand ssh -W '[%h]:%p' -- jump"]);
  expect(linesOf('proxyjump none')).toEqual([]);
  expect(linesOf('proxycommand nc %h %p', 'proxyjump jump')).toEqual(['proxycommand nc %h %p']);
});

test.each([
  ['/a /b', ['/a', '/b']],
  ['/a b/c ~/d', ['/a b/c', '~/d']],
  ['none', ['none']],
  ['', []],
])('the files in %j', (text, expected) => {
  expect(splitFiles(text)).toEqual(expected);
});

test.each([
  '__proto__',
  'constructor',
  'toString',
])('a keyword that has the name of something in every object: %s', (name) => {
  const settings = parseSettings(`user me\n${name} 2222\n`);
  const { text, leftOut } = makeConfig(settings, parseSettings(''), { program: 'ssh' });
  expect(text).toBe('# written by taskgate for its tunnel\nHost *\n  user "me"\n');
  expect(leftOut).toEqual([name.toLowerCase()]);
});
