import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, vi } from 'vitest';
import { hostAlias, noSshServer, type SshServer } from '../../scripts/testbed/sshd.ts';
import type { CommandInput } from '../../src/commands/command.ts';
import { tunnelStatus } from '../../src/commands/tunnel/status.ts';
import { tunnelDown, tunnelExtend, tunnelUp } from '../../src/commands/tunnel/tunnel.ts';
import { findTunnelStatus } from '../../src/daemon/find.ts';
import { stopTunnelDaemon } from '../../src/daemon/stop.ts';
import { findInstance } from '../../src/instance/instance.ts';
import { makeUser, watchStdout } from '../support/command-input.ts';
import { test } from '../support/sshd/fixture.ts';

/** A user who types commands about one tunnel, and reads what they print. */
const makeTypist = async ({ clientConfig }: SshServer) => {
  const user = await makeUser();
  const allowed = { 'tunnel.allowPublic': 'true', 'ssh.host': hostAlias, 'ssh.configFile': clientConfig };
  const type = async (
    work: (input: CommandInput) => Promise<void>,
    more: Record<string, string> = {},
    json = false,
  ) => {
    const { invocation, flags } = user.input({ name: 'far', 'master.reach': 'ssh', ...allowed, ...more }, json);
    const printed = watchStdout();
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      await work({ flags, invocation: { ...invocation, env: { ...process.env, ...invocation.env } } });
      return printed();
    } finally {
      vi.restoreAllMocks();
    }
  };
  onTestFinished(async () => {
    const left = await findInstance(user.stateDir, 'far');
    if (left) await stopTunnelDaemon(left);
  });
  return { ...user, type };
};

describe.skipIf(noSshServer)(`${noSshServer}a tunnel without a cluster`, () => {
  test('is opened, shown, extended and closed; nothing is left', async ({ server }) => {
    const { type, stateDir } = await makeTypist(server);
    const opened = await type(tunnelUp);
    expect(opened).toMatch(/tunnel {5}ssh tunnel-host: up since/);
    expect(opened).toContain(`determined_master_host: ${server.address}`);
    expect(opened).toMatch(/exposed {4}master on http:\/\/198\.\S+, to anyone who reaches tunnel-host.*; until 20/);
    const again = JSON.parse(await type(tunnelUp, {}, true));
    expect(again.endpoint).toMatchObject({ scheme: 'http', host: server.address, via: 'ssh' });
    const before = Date.parse(again.status.tunnel.until);
    expect(await type((input) => tunnelExtend(input, { hours: '24' }))).toContain('closes at 20');
    const status = JSON.parse(await type((input) => tunnelStatus(input, { watch: false }), {}, true));
    expect(Date.parse(status.tunnel.until)).toBeGreaterThan(before + 15 * 3_600_000);
    expect(status.exposure).toMatchObject([{ what: 'master', until: status.tunnel.until }]);
    expect(await type(tunnelDown)).toBe('the tunnel of instance far is closed\n');
    expect(await type(tunnelDown)).toBe('instance far has no tunnel\n');
    expect(await readdir(join(stateDir, 'instances'))).toEqual([]);
  });

  test('is watched: each change in a line, until interrupted', async ({ server }) => {
    const { type, stateDir } = await makeTypist(server);
    await type(tunnelUp);
    const stop = new AbortController();
    const printed = type((input) =>
      tunnelStatus({ ...input, invocation: { ...input.invocation, signal: stop.signal } }, { watch: true }).catch(
        (error) => expect(error).toEqual(new Error('interrupted')),
      ),
    );
    const { dir } = (await findInstance(stateDir, 'far')) ?? { dir: '' };
    await server.kill();
    await server.start();
    const events = async () => (await findTunnelStatus(dir))?.events.map(({ text }) => text) ?? [];
    await expect
      .poll(async () => (await events()).filter((text) => text.endsWith(' up')).length, { timeout: 20_000 })
      .toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    stop.abort(new Error('interrupted'));
    const lines = (await printed).split('\n');
    for (const text of await events()) expect(lines.some((line) => line.endsWith(text))).toBe(true);
  });

  test.each([
    [{ 'master.reach': 'direct' }, 'usage.no-tunnel'],
    [{ 'tunnel.allowPublic': 'false' }, 'usage.'],
    [{ 'master.reach': 'ngrok', 'tunnel.allowPublic': 'false' }, 'usage.'],
    [{ 'ssh.host': 'nobody.invalid' }, 'tunnel.ssh-unknown-host'],
  ])('%j is refused, and leaves nothing', async (settings, id) => {
    const { type, stateDir } = await makeTypist({ clientConfig: '/dev/null' } as SshServer);
    await expect(type(tunnelUp, settings)).rejects.toMatchObject({ id: expect.stringContaining(id) });
    expect(await readdir(join(stateDir, 'instances')).catch(() => [])).toEqual([]);
  });

  test('hours must be hours', async ({ server }) => {
    const { type } = await makeTypist(server);
    for (const hours of ['', 'x', '0', '-1', '1000']) {
      await expect(type((input) => tunnelExtend(input, { hours }))).rejects.toMatchObject({ id: 'usage.hours' });
    }
  });
});
