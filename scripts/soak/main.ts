// Tested in test/e2e/chaos.test.ts
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Summary } from '../../src/commands/chaos/summary.ts';
import type { InstanceRecord } from '../../src/instance/record.ts';
import { CommandError, execaRunner } from '../../src/lib/process/runner.ts';
import { linkNode } from '../testbed/node-link.ts';
import { hostAlias, noSshServer, type SshServer, startSshServer } from '../testbed/sshd.ts';

const program = join(import.meta.dirname, '..', 'taskgate.js');
/** Not the default port: a master of the machine's user may listen there. */
const masterPort = '18093';
const name = 'soak';

export type SoakOptions = {
  /** Over both parts. */
  readonly minutes: number;
  readonly seed?: string;
  /** How many times as long as stated anything may take; 1 unless given. */
  readonly slack?: string;
  readonly say: (line: string) => void;
};

/** How one part of a soak ended: what chaos has counted, and its exit code. */
export type SoakPart = { readonly exitCode: number; readonly summary: Summary };

const makeTaskgate = (stateHome: string, say: SoakOptions['say']) => {
  const env = { XDG_STATE_HOME: stateHome, TASKGATE_MASTER_PORT: masterPort, TASKGATE_PROVIDER: 'native' };
  const run = (...args: readonly string[]) =>
    execaRunner([process.execPath, '--', program, ...args, '--name', name], {
      ...{ cwd: stateHome, env },
      onLine: (line) => {
        if (!/^[\s{}[\]"]/.test(line) || line.startsWith('  Break one part')) say(line);
      },
    });
  const recordPath = join(stateHome, 'taskgate', 'instances', name, 'instance.json');
  return { run, record: async () => JSON.parse(await readFile(recordPath, 'utf8')) as InstanceRecord };
};

type Taskgate = ReturnType<typeof makeTaskgate>;

/** Everything on a node whose tasks reach the master directly, then what belongs to a tunnel by a real sshd. */
const parts = [
  { what: 'a native node', share: 0.75, scenarios: 'all', hasTunnel: false },
  {
    ...{ what: 'a tunnel by ssh', share: 0.25, hasTunnel: true },
    scenarios: 'ssh-killed,ssh-frozen,tunnel-daemon-killed,tunnel-daemon-frozen',
  },
] as const;

const openTunnel = async ({ run, record }: Taskgate, server: SshServer): Promise<void> => {
  await linkNode(await record(), server);
  const alive = ['--ssh-server-alive-interval', '1', '--ssh-server-alive-count-max', '3'];
  const ssh = ['--master-reach', 'ssh', '--ssh-host', hostAlias, '--ssh-config-file', server.clientConfig];
  await run('up', ...ssh, ...alive, '--tunnel-allow-public');
};

const runPart = async (
  { run }: Taskgate,
  { scenarios, share }: (typeof parts)[number],
  { minutes, seed, slack = '1' }: SoakOptions,
): Promise<SoakPart> => {
  const order = seed === undefined ? [] : ['--seed', seed];
  const length = ['--minutes', String(Math.max(1, Math.round(minutes * share)))];
  const ended = await run('chaos', '--scenario', scenarios, ...length, ...order, '--slack', slack, '--json').catch(
    (error: unknown) => {
      if (!(error instanceof CommandError) || error.exitCode === undefined) throw error;
      return { exitCode: error.exitCode, stdout: error.stdout };
    },
  );
  return { exitCode: ended.exitCode, summary: JSON.parse(ended.stdout) as Summary };
};

/** `up`, faults in turn for so many minutes, `down`, with a state folder of its own. Needs root; the ssh part needs sshd. */
export const runSoak = async (options: SoakOptions): Promise<readonly SoakPart[]> => {
  const stateHome = await mkdtemp('/tmp/tg-soak-');
  const taskgate = makeTaskgate(stateHome, options.say);
  const ended: SoakPart[] = [];
  let server: SshServer | undefined;
  try {
    await taskgate.run('up', '--master-reach', 'direct');
    for (const part of parts) {
      if (part.hasTunnel && noSshServer !== '') continue;
      options.say(`soak: ${part.what}`);
      if (part.hasTunnel) {
        server = await startSshServer();
        await openTunnel(taskgate, server);
      }
      ended.push(await runPart(taskgate, part, options));
    }
  } finally {
    await taskgate.run('down', '--if-exists');
    await server?.remove();
    await rm(stateHome, { recursive: true, force: true });
  }
  return ended;
};

/** `npm run soak`: prints the figures of both parts as JSON. Returns the exit code of the first part that failed. */
export const soak = async (args: readonly string[]): Promise<number> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '60' },
      seed: { type: 'string' },
      slack: { type: 'string', default: '1' },
    },
  });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const seed = values.seed === undefined ? {} : { seed: values.seed };
  const ended = await runSoak({ minutes: Number(values.minutes), slack: values.slack, say, ...seed });
  process.stdout.write(`${JSON.stringify(ended, null, 2)}\n`);
  return ended.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0;
};
