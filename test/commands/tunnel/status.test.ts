import { afterEach, expect, test, vi } from 'vitest';
import { tunnelStatus } from '../../../src/commands/tunnel/status.ts';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import { makeUser, watchStdout } from '../../support/command-input.ts';
import { failureOf } from '../../support/failure-of.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const statusOf = async (master: InstanceRecord['master'], journal: InstanceRecord['journal'] = []) => {
  const { begin, input } = await makeUser();
  const instance = await begin('dev');
  if (master) await instance.change({ master });
  for (const one of journal) await instance.journal(one);
  const printed = watchStdout();
  const failure = await failureOf(tunnelStatus(input(), { watch: false })).catch(() => undefined);
  return { printed: printed(), failure };
};

test('where tasks dial the master directly, no tunnel is no trouble', async () => {
  const { printed, failure } = await statusOf({ scheme: 'http', host: '10.211.255.1', port: 8080, via: 'direct' });
  expect(failure).toBeUndefined();
  expect(printed).toContain('  tunnel     none, and none is needed: tasks dial http://10.211.255.1:8080 directly\n');
});

test('where they dial a tunnel that does not run, it is', async () => {
  const { printed, failure } = await statusOf({ scheme: 'http', host: 'jump', port: 1, via: 'ssh' });
  expect(printed).toContain('  tunnel     none\n');
  expect(failure).toMatchObject({ id: 'tunnel.not-running', hint: 'taskgate tunnel up --name dev' });
});
