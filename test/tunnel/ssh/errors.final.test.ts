import { expect, test } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import { isFinalSshError, isOfReach, sshError } from '../../../src/tunnel/ssh/errors.ts';
import { sampleHost, sampleSpec } from '../../support/tunnel/ssh-sample.ts';

test.each([
  ['missing', true, true],
  ['old', true, true],
  ['host-key-changed', true, true],
  ['refused-key', true, false],
  ['unknown-host', true, false],
  ['port-taken', true, false],
  ['port-stale', false, false],
  ['no-dns', false, false],
  ['unreachable', false, false],
  ['ended', false, false],
] as const)('%s is final at first: %s, once the tunnel has worked: %s', (what, atFirst, later) => {
  const error = new UserError('x', { id: `tunnel.ssh-${what}` });
  expect([isFinalSshError(error, false), isFinalSshError(error, true)]).toEqual([atFirst, later]);
});

test.each([
  ['ssh: connect to host 1.2.3.4 port 22: No route to host', true],
  ['ssh: Could not resolve hostname aws-dev.prv: Temporary failure in name resolution', true],
  ['one', true],
  ['me@h: Permission denied (publickey).', false],
])('whether the network may be the cause: %s', (text, expected) => {
  expect(isOfReach(sshError({ spec: sampleSpec, host: sampleHost, lines: [text], how: 'exited with 255' }))).toBe(
    expected,
  );
});
