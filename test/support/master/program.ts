import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { spawnTethered, type Tethered } from '../../../src/lib/process/tethered.ts';
import { renderYaml } from '../../../src/lib/template.ts';
import { freePort, type Postgres } from './postgres.ts';

const here = import.meta.dirname;
/** The stand-in for `determined-master`. */
export const program = join(here, '../../fakes/determined/program/determined-master');
/** Its `root`: the scripts of tasks, without a wheel. */
export const programRoot = join(here, '../../fakes/determined/program/root');

export const adminPassword = 'Secret-1234';

export type Running = {
  readonly url: string;
  readonly port: number;
  readonly lines: readonly string[];
  /** Resolves with how it ended. */
  readonly ended: Promise<string>;
  readonly kill: (signal: NodeJS.Signals) => Promise<string>;
};

export type Settings = Readonly<Record<string, unknown>>;

/** A `master.yaml` of its own with these settings. */
export const writeMasterYaml = async (settings: Settings): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'master-'));
  const path = join(dir, 'master.yaml');
  await writeFile(path, renderYaml(settings), { mode: 0o600 });
  return path;
};

/** What every configuration needs, for a database and a resource manager. */
export const masterSettings = async (
  postgres: Pick<Postgres, 'host' | 'port' | 'user' | 'password'>,
  manager: Settings,
  change: Settings = {},
): Promise<Settings> => ({
  ...{ port: await freePort(), root: programRoot, telemetry: { enabled: false }, log: { color: false } },
  db: {
    ...{ host: postgres.host, port: String(postgres.port), user: postgres.user, password: postgres.password },
    name: 'postgres',
  },
  security: { initial_user_password: adminPassword },
  task_container_defaults: { image: 'registry.example/task:1' },
  resource_manager: manager,
  ...change,
});

/** Runs the program until it ends or the test does. */
export const startProgram = (args: readonly string[], port = 0): Running => {
  const lines: string[] = [];
  const child: Tethered = spawnTethered([program, ...args], { onLine: (line) => lines.push(line) });
  onTestFinished(() => child.kill());
  const kill = async (signal: NodeJS.Signals): Promise<string> => {
    if (child.pid !== undefined) process.kill(child.pid, signal);
    return child.ended;
  };
  return { url: `http://127.0.0.1:${port}`, port, lines, ended: child.ended, kill };
};

/** Starts a master on a file, and waits for its ready line. */
export const startMaster = async (settings: Settings): Promise<Running> => {
  const running = startProgram(['--config-file', await writeMasterYaml(settings)], Number(settings['port']));
  const isReady = () => running.lines.some((line) => line.includes('accepting incoming connections on port'));
  const end = await Promise.race([
    running.ended,
    (async () => {
      while (!isReady()) await new Promise((resolve) => setTimeout(resolve, 20));
    })(),
  ]);
  if (end !== undefined) throw new Error(`the master ended: ${end}\n${running.lines.join('\n')}`);
  return running;
};

export type Answer = { readonly status: number; readonly body: Record<string, unknown> };

export const ask = async (
  { url }: Running,
  path: string,
  { method = 'GET', token, body }: { method?: string; token?: string; body?: unknown } = {},
): Promise<Answer> => {
  const answer = await fetch(`${url}${path}`, {
    ...{ method, redirect: 'manual', signal: AbortSignal.timeout(30_000) },
    headers: token ? { authorization: `Bearer ${token}` } : {},
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text.split('\n')[0] ?? '') : { text } };
};

/** A token of `admin`. */
export const logIn = async (master: Running): Promise<string> => {
  const { body } = await ask(master, '/api/v1/auth/login', {
    ...{ method: 'POST', body: { username: 'admin', password: adminPassword } },
  });
  return String(body['token']);
};

/** A folder for a `root` of the test's own. */
export const makeRoot = async (): Promise<string> => {
  const root = await mkdtemp(join(tmpdir(), 'root-'));
  await mkdir(join(root, 'wheels'));
  return root;
};
