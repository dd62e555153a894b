import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as command from '../../src/tunnel/ssh/command.ts';
import { makeConfig, parseSettings, splitFiles } from '../../src/tunnel/ssh/config.ts';
import { sshError } from '../../src/tunnel/ssh/errors.ts';
import { findUnfitSsh } from '../../src/tunnel/ssh/inspect.ts';
import { followOriginators } from '../../src/tunnel/ssh/originators.ts';
import { mutatedText } from '../support/properties/mutations.ts';
import { property } from '../support/properties/property.ts';
import * as seeds from '../support/properties/seeds.ts';

const spec = {
  ...{ host: 'h', program: 'ssh', remotePort: 0, bindAddress: '0.0.0.0', hostKeyPolicy: 'accept-new' as const },
  ...{ serverAliveInterval: 1, serverAliveCountMax: 1 },
};

property('ssh: lines of its log', fc.array(mutatedText(...seeds.sshLines), { maxLength: 5 }), (lines) => {
  const { read } = followOriginators(() => undefined);
  for (const line of lines) {
    const forward = { remotePort: 0, localPort: 8080 };
    const port = command.findOpenPort(line, forward);
    assert.ok(port === undefined || Number.isInteger(port));
    for (const judge of [command.isDebugLine, command.isNoise, command.isOverridden, command.findPeerAddress, read])
      judge(line);
    command.findOpenPort(line, { ...forward, remotePort: 40_000 });
    command.isArrival(line, 40_000);
  }
  const error = sshError({ spec, host: command.parseHost(lines.join('\n')), lines, how: 'exited with 255' });
  assert.match(error.id, /^(tunnel|usage)\./);
});

const refusals = [
  ['Host key verification failed.', 'tunnel.ssh-host-key-unknown'],
  ['Permission denied (publickey).', 'tunnel.ssh-refused-key'],
  ['Permission denied (password).', 'tunnel.ssh-password-needed'],
] as const;

property(
  'ssh: what decides is found among debug lines in any order',
  fc.record({
    refusal: fc.constantFrom(...refusals),
    before: fc.array(
      fc.string().map((text) => `debug1: ${text.replaceAll(/[\r\n]/g, '')}`),
      { maxLength: 4 },
    ),
    after: fc.array(
      fc.string().map((text) => `debug2: ${text.replaceAll(/[\r\n]/g, '')}`),
      { maxLength: 4 },
    ),
  }),
  ({ refusal: [said, id], before, after }) => {
    const lines = [...before, `u@h: ${said}`.replace('u@h: Host', 'Host'), ...after];
    assert.equal(sshError({ spec, host: command.parseHost(''), lines, how: 'exited with 255' }).id, id);
  },
);

property('ssh: its settings', mutatedText(...seeds.sshSettings), (text) => {
  const settings = parseSettings(text);
  const host = command.parseHost(text);
  assert.ok(Array.isArray(host.knownHostsFiles));
  splitFiles(text);
  const { text: config } = makeConfig(settings, parseSettings('user root\nport 22\n'), spec);
  // nothing of a value becomes a line, and so a setting, of its own
  const lines = config.split('\n');
  assert.ok(lines.slice(2).every((line) => line === '' || /^ {2}[a-z0-9]+ /.test(line)));
});

property(
  'ssh: its version',
  mutatedText('OpenSSH_9.2p1 Debian-2+deb12u3, OpenSSL 3.0.15', 'Dropbear v2022.83'),
  (text) => {
    const unfit = findUnfitSsh(text, spec);
    assert.ok(unfit === undefined || unfit.id === 'tunnel.ssh-old');
  },
);
