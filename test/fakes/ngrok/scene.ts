import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { test as base, expect } from 'vitest';
import type { NgrokSpec } from '../../../src/instance/tunnels.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { spawnTethered } from '../../../src/lib/process/tethered.ts';
import { ngrokTunnel } from '../../../src/tunnel/ngrok/ngrok.ts';
import { listening } from '../../support/proof/local-path.ts';
import { installNgrokStandIn } from './install.ts';

export const token = 'stand-in-token-of-an-account';

type Scene = {
  readonly home: string;
  readonly driver: (
    env?: Readonly<Record<string, string>>,
    spec?: Partial<NgrokSpec>,
    /** The instance's; in the home unless given. */
    folder?: string,
  ) => ReturnType<typeof ngrokTunnel>;
};

/** The agents that were started with a configuration in this home. */
const agentsOf = async (home: string): Promise<readonly string[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return commands.filter((command) => command.includes(home));
};

/** The stand-in agent on a PATH and in a home of its own. */
export const test = base.extend<{ readonly scene: Scene }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest wants a pattern
  scene: async ({}, use) => {
    const home = await mkdtemp(join(tmpdir(), 'tg-ngrok-'));
    await installNgrokStandIn(join(home, 'bin'));
    const driver: Scene['driver'] = (env = {}, spec = {}, folder = join(home, 'instance')) =>
      ngrokTunnel(
        { program: 'ngrok', ...spec },
        {
          runner: execaRunner,
          spawn: spawnTethered,
          folder,
          patienceMs: 4_000,
          env: { PATH: `${join(home, 'bin')}:${process.env['PATH']}`, HOME: home, NGROK_AUTHTOKEN: token, ...env },
        },
      );
    await use({ home, driver });
    expect(await agentsOf(home)).toEqual([]);
    await rm(home, { recursive: true, force: true });
  },
});

/** Answers each connection with what it got, in upper case. */
export const echo = () =>
  listening(
    createServer((socket) =>
      socket.on('data', (data) => socket.write(data.toString().toUpperCase())).on('error', () => undefined),
    ),
  );

export const open = (
  driver: ReturnType<typeof ngrokTunnel>,
  localPort: number,
  signal = new AbortController().signal,
) => driver.open({ localPort, signal, probe: async () => 'not asked' });

export const refusal = async (opening: Promise<unknown>): Promise<UserError> => {
  const error = await opening.then(
    () => new Error('it opened'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw error;
  return error;
};

export const throughTls = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => socket.write(text));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', reject).once('close', () => reject(new Error('closed without an answer')));
  });
