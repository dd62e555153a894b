import { describe, expect } from 'vitest';
import { test, type User } from '../support/process/user.ts';

/** An instance of a native node that `up` has not finished, with what it keeps for the next one. */
const writeRecord = (user: User, given: object) =>
  user.write(
    'state/taskgate/instances/dev/instance.json',
    JSON.stringify({
      ...{ schema: 1, name: 'dev', createdAt: '2026-01-01T00:00:00.000Z', provider: 'native', journal: [] },
      ...{ cidr: '10.249.0.0/16', given },
    }),
  );

describe.concurrent('what an instance keeps does not go with a variable of today', () => {
  const given = { 'gateway.reach': 'forward', 'gateway.forwardAddress': '0.0.0.0', 'tunnel.allowPublic': true };
  const env = { TASKGATE_TUNNEL_ALLOW_PUBLIC: 'false' };

  test('up says so, and how to let it go', async ({ user }) => {
    await writeRecord(user, given);
    const ended = await user.run(['up', '--bundle', '.'], { env });
    expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--reset gateway.forwardAddress') });
  });

  test.for([
    ['status'],
    ['logs'],
    ['exposure'],
    ['tunnel', 'status'],
    ['cache', 'list'],
    ['down'],
  ])('%j is not concerned', async (command, { user }) => {
    await writeRecord(user, given);
    const ended = await user.run(command, { env });
    expect(ended.exitCode, ended.stderr).not.toBe(2);
    expect(ended.stderr).not.toContain('usage.config');
  });
});
