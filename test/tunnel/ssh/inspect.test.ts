import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SshSpec } from '../../../src/instance/tunnels.ts';
import { type Command, CommandError } from '../../../src/lib/process/runner.ts';
import { findUnfitSsh, inspectSsh } from '../../../src/tunnel/ssh/inspect.ts';
import { fakeRunner } from '../../fakes/runner.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { sampleSpec } from '../../support/tunnel/ssh-sample.ts';

test.each<[string, string, RegExp, RegExp, Partial<SshSpec>?]>([
  [
    "dropbear's client",
    'Dropbear v2022.83',
    /^ssh is Dropbear v2022\.83, but a tunnel needs OpenSSH's client$/,
    /openssh-client/,
  ],
  ["PuTTY's client", 'plink: Release 0.81', /needs OpenSSH's client/, /ssh\.program/],
  ['one from before jump hosts', 'OpenSSH_6.6.1p1, OpenSSL 1.0.1e', /needs OpenSSH 7\.3 or newer/, /update/],
  [
    'one that accepts any key or none',
    'OpenSSH_7.4p1, OpenSSL 1.0.2k',
    /accept-new, OpenSSH 7\.6/,
    /--ssh-host-key-policy yes/,
  ],
])('%s is named at once', (_, said, message, hint, spec) => {
  const error = findUnfitSsh(said, { ...sampleSpec, ...spec });
  expect(error?.id).toBe('tunnel.ssh-old');
  expect(error?.message).toMatch(message);
  expect(error?.hint).toMatch(hint);
});

test.each<[string, Partial<SshSpec>?]>([
  ['OpenSSH_7.4p1, OpenSSL 1.0.2k', { hostKeyPolicy: 'yes' }],
  ['OpenSSH_7.6p1 Ubuntu-4'],
  ['OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026'],
  ['OpenSSH_10.2p1, LibreSSL 4.2.0'],
  ['OpenSSH_for_Windows_8.6p1, LibreSSL 3.4.3'],
  ['something else 1.0'],
])('%s will do', (said, spec) => {
  expect(findUnfitSsh(said, { ...sampleSpec, ...spec })).toBeUndefined();
});

const settings = 'user me\nhostname b.example\nport 22\n';

const inspect = async (answers: Parameters<typeof fakeRunner>[0]) => {
  const folder = await temporaryDir();
  const configPath = join(folder, 'ssh_config');
  const said: string[] = [];
  const { runner, calls } = fakeRunner({
    'ssh -V': { exitCode: 0, stderr: 'OpenSSH_9.9p1' },
    'ssh -G -N -F /dev/null -- aws-dev.prv': settings,
    ...answers,
  });
  const spawn = () => {
    throw new Error('nothing is opened yet');
  };
  const checked = async (command: Command, options = {}) =>
    command.includes(configPath) ? checkFile(await readFile(configPath, 'utf8')) : runner(command, options);
  /** An ssh that does not take back one of the settings that it prints. */
  const checkFile = (text: string) => {
    const line = text.split('\n').findIndex((one) => one.includes('rekeylimit')) + 1;
    if (line === 0) return { exitCode: 0, stdout: settings, stderr: '' };
    throw new CommandError(['ssh'], { exitCode: 255, stderr: `${configPath} line ${line}: Bad number '0'.` });
  };
  const tools = { runner: checked, spawn, env: {}, folder, onLine: (line: string) => void said.push(line) };
  const { signal } = new AbortController();
  const found = await inspectSsh(sampleSpec, { configPath, tools, signal });
  return { found, said, calls, text: await readFile(configPath, 'utf8') };
};

test('a setting that this ssh prints and does not take is left out, and told', async () => {
  const own = `${settings}hostkeyalias other\nrekeylimit 0 0\nlocalforward 1 [a]:2\n`;
  const { found, said, text } = await inspect({ 'ssh -G -N -- aws-dev.prv': own });
  expect(found.host).toMatchObject({ hostName: 'b.example', user: 'me', port: 22 });
  expect(text).toContain('hostkeyalias other');
  expect(text).not.toMatch(/rekeylimit|localforward/);
  expect(said).toEqual([
    'not for a tunnel, left out of your settings: localforward',
    'not taken by this ssh: rekeylimit 0 0',
  ]);
});

test('an ssh that does not know -V says what it is all the same', async () => {
  const usage = { exitCode: 1, stderr: 'Dropbear SSH client v2019.78 https://matt.ucc.asn.au/dropbear/dropbear.html' };
  await expect(inspect({ 'ssh -V': usage })).rejects.toMatchObject({ id: 'tunnel.ssh-old' });
});

test('settings that ssh rejects are told with file and line', async () => {
  const stderr =
    '/home/me/.ssh/config: line 3: Bad configuration option: frob\n/home/me/.ssh/config: terminating, 1 bad configuration options';
  await expect(inspect({ 'ssh -G -N -- aws-dev.prv': { exitCode: 255, stderr } })).rejects.toMatchObject({
    id: 'tunnel.ssh-config',
    message: 'ssh aws-dev.prv: ssh rejects its settings: /home/me/.ssh/config: line 3: Bad configuration option: frob',
  });
});
