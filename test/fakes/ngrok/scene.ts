import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test as base, expect } from 'vitest';
import type { NgrokSpec } from '../../../src/instance/tunnels.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { spawnTethered } from '../../../src/lib/process/tethered.ts';
import { ngrokTunnel } from '../../../src/tunnel/ngrok/ngrok.ts';
import { listening } from '../../support/proof/local-path.ts';
import { installNgrokStandIn } from './install.ts';

export const token = 'stand-in-token-of-an-account';

export type Scene = {
  readonly home: string;
  readonly driver: (
    env?: Readonly<Record<string, string>>,
    spec?: Partial<NgrokSpec>,
    /** The instance's; in the home unless given. */
    folder?: string,
  ) => ReturnType<typeof ngrokTunnel>;
  readonly signal: (name: NodeJS.Signals) => Promise<void>;
  /** Cuts the session of the agent with the service, or lets it have one again. */
  readonly toggleSession: () => Promise<void>;
  /** The requests at the public end so far, as `GET /path`. */
  readonly requests: () => Promise<readonly string[]>;
};

/** The agents that were started with a configuration in this home, by pid. */
const agentsOf = async (home: string): Promise<readonly number[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = (pid: string) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const commands = await Promise.all(pids.map(async (pid) => [Number(pid), await read(pid)] as const));
  return commands.filter(([, command]) => command.includes(home)).map(([pid]) => pid);
};

const requestsIn = (home: string): string => join(home, 'requests');

/** With these it has no tunnel, or none that its API confirms. */
const neverUp = ['STAND_IN_NGROK_API', 'STAND_IN_NGROK_UNREACHABLE'];

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
          patienceMs: neverUp.some((name) => name in env) ? 4_000 : 30_000,
          env: {
            ...{ PATH: `${join(home, 'bin')}:${process.env['PATH']}`, HOME: home, NGROK_AUTHTOKEN: token },
            ...{ STAND_IN_NGROK_REQUESTS: requestsIn(home), ...env },
          },
        },
      );
    const signal: Scene['signal'] = async (name) => {
      for (const pid of await agentsOf(home)) process.kill(pid, name);
    };
    const toggleSession = () => signal('SIGUSR2');
    const requests = async () => (await readFile(requestsIn(home), 'utf8').catch(() => '')).split('\n').filter(Boolean);
    await use({ home, driver, signal, toggleSession, requests });
    expect(await agentsOf(home)).toEqual([]);
    await rm(home, { recursive: true, force: true });
  },
});

/** Answers each request with its path in upper case, and by whom it says to have been forwarded. */
export const echo = () =>
  listening(
    createServer(({ url = '', headers }, response) =>
      response.end(`${url.slice(1).toUpperCase()} ${headers['x-forwarded-proto']} ${headers['x-forwarded-for']}`),
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

/** The answer of the public end to a request for `/word`; rejects where there is none. */
export const throughPublicEnd = (
  port: number,
  word: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: `/${word}`, headers, rejectUnauthorized: false, agent: false };
    get(options, (response) => resolve(text(response))).on('error', reject);
  });
