import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished } from 'vitest';
import { hostAlias, noSshServer, type SshServer } from '../../../scripts/testbed/sshd.ts';
import { findProcess } from '../../../src/lib/process/processes.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import type { PublicAddress } from '../../../src/model/master-endpoint.ts';
import type { OpenInput, OpenTunnel } from '../../../src/tunnel/tunnel.ts';
import { addJumpHost } from '../../support/sshd/arrange.ts';
import { type Client, greeting, readAll } from '../../support/sshd/client.ts';
import { test } from '../../support/sshd/fixture.ts';

/** Pids, as the host sees them, of processes whose command line matches. */
const findPids = async (pattern: string): Promise<readonly number[]> => {
  const { stdout } = await execaRunner(['pgrep', '--full', pattern]).catch(() => ({ stdout: '' }));
  return stdout.split('\n').filter(Boolean).map(Number);
};

const sshPids = ({ folder }: Client) => findPids(`^ssh -F ${folder}/`);

const untilGone = async (pids: readonly number[]): Promise<void> => {
  for (const pid of pids) while (await findProcess(pid)) await pause(20);
};

/**
 * Ends ssh so that the server does not hear of it, as a crash of the machine would, then mends the link: the server
 * holds the port until it has something to send.
 */
const loseClient = async ({ network, address }: SshServer, close: () => Promise<void>): Promise<void> => {
  await pause(500); // for what is on its way
  await network.setLink('down');
  await close();
  await execaRunner(['ss', '--kill', '--tcp', 'dst', address]);
  await pause(4_000); // until ARP has given up on what was still to be sent
  await network.setLink('up');
};

/** Opens the tunnel again, as one does who keeps trying; it must stand within 5 s. */
const openAgain = async ({ open }: { open: Open }, previous: PublicAddress) => {
  const startMs = performance.now();
  for (;;) {
    try {
      return await open({ previous });
    } catch (error) {
      if (performance.now() - startMs > 5_000) throw error;
      await pause(100);
    }
  }
};

type Open = (input: Partial<OpenInput>) => Promise<OpenTunnel>;

/** The server's process of the one session that it has. */
const sessionPid = async ({ network }: SshServer): Promise<number> => {
  const { stdout } = await execaRunner(['ip', 'netns', 'pids', network.name]);
  for (const pid of stdout.split('\n').filter(Boolean)) {
    if (/^sshd: root$|^sshd: root@notty/.test((await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', '')))
      return Number(pid);
  }
  throw new Error('no session');
};

describe.skipIf(noSshServer)(`${noSshServer}a tunnel that is lost`, () => {
  test('the server is killed and started again: the end is heard, and the same port had again', async ({
    server,
    client,
  }) => {
    const driver = client.make({ spec: { remotePort: 0 } });
    const first = await driver.open();
    await server.kill();
    expect(await first.ended).toMatch(/^exited with 255: .*(closed|reset|Broken pipe)/i);
    await expect(driver.open({ previous: first.address })).rejects.toThrow('Connection refused');
    await server.start();
    const second = await openAgain(driver, first.address);
    expect(second.address).toEqual(first.address);
    expect(await readAll(second.address)).toBe(greeting);
  });

  test('a server that does not know its client lost: the port is had again in time', async ({ server, client }) => {
    const driver = client.make();
    const first = await driver.open();
    await loseClient(server, first.close);
    const startMs = performance.now();
    const second = await openAgain(driver, first.address);
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(second.address).toEqual(first.address);
    expect(client.details).toEqual([expect.stringMatching(/^port 8080 of 198\.\S+ is still in use/)]);
    expect(await readAll(second.address)).toBe(greeting);
  });

  test('a server that holds the port for a while: it is waited for', async ({ server, client }) => {
    const driver = client.make();
    const first = await driver.open();
    const session = await sessionPid(server);
    process.kill(session, 'SIGSTOP');
    await first.close();
    const mended = pause(3_000).then(() => process.kill(session, 'SIGCONT'));
    const second = await driver.open({ previous: first.address });
    await mended;
    expect(second.address).toEqual(first.address);
    expect(await readAll(second.address)).toBe(greeting);
  });

  test.for([8080, 0])('a server that never lets go of the port; ssh.remotePort %s', async (remotePort, {
    server,
    client,
  }) => {
    const driver = client.make({ spec: { remotePort }, tools: { patienceMs: { stale: 1_500 } } });
    const first = await driver.open();
    process.kill(await sessionPid(server), 'SIGSTOP');
    await first.close();
    const again = driver.open({ previous: first.address });
    if (remotePort === 0) {
      expect((await again).address.port).not.toBe(first.address.port);
      expect(client.details.at(-1)).toMatch(/is still in use after 1.5s; using another one$/);
      expect(await readAll((await again).address)).toBe(greeting);
    } else {
      const error = await again.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        id: 'tunnel.ssh-port-stale',
        hint: expect.stringMatching(/ClientAliveInterval 15/),
      });
    }
  });

  test('a link that goes down is noticed by ServerAlive', async ({ server, client }) => {
    const driver = client.make({ spec: { serverAliveInterval: 1, serverAliveCountMax: 2 } });
    const { address, ended } = await driver.open();
    await server.network.setLink('down');
    const startMs = performance.now();
    expect(await ended).toMatch(/^exited with 255: Timeout, server \S+ not responding\.$/);
    expect(performance.now() - startMs).toBeLessThan(5_000);
    await server.network.setLink('up');
    const again = await openAgain(driver, address);
    expect(await readAll(again.address)).toBe(greeting);
  });

  test('ssh is killed: the end is heard', async ({ client }) => {
    const { ended } = await client.make().open();
    for (const pid of await sshPids(client)) process.kill(pid, 'SIGKILL');
    expect(await ended).toBe('ended by SIGKILL');
  });

  test('an abort while it opens ends ssh', async ({ server, client }) => {
    await server.network.setLink('down');
    const opening = client.make().open();
    while ((await sshPids(client)).length === 0) await pause(20);
    client.controller.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
    expect(await sshPids(client)).toEqual([]);
  });

  test('a server that accepts and says nothing', async ({ server, client }) => {
    await server.run("require('node:net').createServer(() => {}).listen(2222, () => console.log('up'))");
    const opening = client.make({ spec: { port: 2222 }, tools: { patienceMs: { open: 1_000 } } }).open();
    await expect(opening).rejects.toMatchObject({ message: /did not open the tunnel in 1s/ });
    expect(await sshPids(client)).toEqual([]);
  });

  test('nothing listens at the local end: the tunnel stands, and ssh says what is missing', async ({ client }) => {
    const { address, ended, close } = await client.make().open({ localPort: 1 });
    expect(await readAll(address)).toBe('');
    await close();
    expect(await ended).toMatch(/connect_to 127\.0\.0\.1 port 1: failed/);
  });
});

describe.skipIf(noSshServer)(`${noSshServer}what ssh must not do`, () => {
  test('it never stalls by what it writes: 1,500 connections with all debug messages', async ({ client }) => {
    const program = join(client.folder, 'ssh');
    await writeFile(program, '#!/bin/sh\nexec ssh -vv "$@"\n');
    await chmod(program, 0o755);
    const { address } = await client.make({ spec: { program } }).open();
    const read = async () => {
      for (let i = 0; i < 150; i++) expect(await readAll(address)).toBe(greeting);
    };
    await Promise.all(Array.from({ length: 10 }, read));
    expect(client.said.filter((line) => /^debug3/.test(line)).length).toBeGreaterThan(10);
    expect(client.said.length).toBeLessThan(1_000);
  });

  test.for([false, true])('it does not outlive its parent; by way of a jump host: %s', async (isIndirect, {
    server,
    client,
  }) => {
    if (isIndirect) await addJumpHost(server, 'StrictHostKeyChecking accept-new');
    const parent = spawn(
      process.execPath,
      ['--input-type=module', '-e', holdTunnel(server.clientConfig, client.folder)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    onTestFinished(() => void parent.kill('SIGKILL'));
    await once(parent.stdout, 'data');
    // the way over a jump host is an ssh of its own, with the user's configuration
    const all = () => findPids(`^ssh -F (${client.folder}/|${server.clientConfig})`);
    const pids = await all();
    expect(pids.length).toBe(isIndirect ? 2 : 1);
    parent.kill('SIGKILL');
    await untilGone(pids);
    expect(await all()).toEqual([]);
  });
});

const lib = (path: string): string => join(import.meta.dirname, '..', '..', '..', 'src', path);

/** A program that opens a tunnel, says so, and stays. */
const holdTunnel = (configFile: string, folder: string): string => `
  import { sshTunnel } from '${lib('tunnel/ssh/ssh.ts')}';
  import { execaRunner as runner } from '${lib('lib/process/runner.ts')}';
  import { spawnTethered as spawn } from '${lib('lib/process/tethered.ts')}';
  const spec = {
    ...{ host: '${hostAlias}', configFile: '${configFile}', program: 'ssh', remotePort: 8080, bindAddress: '0.0.0.0' },
    ...{ hostKeyPolicy: 'accept-new', serverAliveInterval: 60, serverAliveCountMax: 10 },
  };
  const driver = sshTunnel(spec, { runner, spawn, env: process.env, folder: '${folder}' });
  await driver.open({ localPort: 9, signal: new AbortController().signal });
  console.log('open');
  setInterval(() => {}, 1_000);
`;
