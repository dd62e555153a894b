import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { tunnelExtend, tunnelUp } from '../../../src/commands/tunnel/tunnel.ts';
import { makeUser } from '../../support/command-input.ts';

const ssh = { name: 'far', 'master.reach': 'ssh', 'ssh.host': 'bastion' };
const ngrok = { name: 'far', 'master.reach': 'ngrok' };

test.each([
  [{ name: 'far', 'master.reach': 'direct' }, 'usage.no-tunnel'],
  [ssh, 'usage.config'],
  [{ ...ssh, 'tunnel.allowPublic': 'false' }, 'usage.config'],
  [ngrok, 'usage.config'],
  [{ ...ngrok, 'tunnel.allowPublic': 'false' }, 'usage.config'],
])('%j is refused before anything is made', async (settings, id) => {
  const { input, stateDir } = await makeUser();
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await expect(tunnelUp(input(settings))).rejects.toMatchObject({ id });
  vi.restoreAllMocks();
  expect(await readdir(join(stateDir, 'instances')).catch(() => [])).toEqual([]);
});

test.each(['', 'x', '0', '-1', '1h', '169', '1000'])('"%s" is no number of hours to extend by', async (hours) => {
  const { input } = await makeUser();
  await expect(tunnelExtend(input({ name: 'far' }), { hours })).rejects.toMatchObject({ id: 'usage.hours' });
});

test.each(['1', '168'])('%s is: what is missing then is the tunnel', async (hours) => {
  const { input, begin } = await makeUser();
  await begin('far');
  await expect(tunnelExtend(input({ name: 'far' }), { hours })).rejects.toMatchObject({
    id: expect.stringMatching(/^tunnel\./),
  });
});
