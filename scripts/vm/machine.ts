import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { xdgDirs } from '../../src/config/load.ts';
import { findTextFile } from '../../src/lib/files.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { findProcess, isRunning, type ProcessIdentity } from '../../src/lib/process/processes.ts';
import { CommandError, execaRunner } from '../../src/lib/process/runner.ts';
import { spawnTethered, type Tethered } from '../../src/lib/process/tethered.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import type { Say } from '../rig/progress.ts';
import { listCopies, packAll, unpackAll } from './copy.ts';
import { ensureImage, vmCacheDir } from './image.ts';
import { chooseAcceleration, machineCommand } from './qemu.ts';
import { type Access, sshCommand } from './ssh.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type MachineOptions = {
  readonly env: Environment;
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly isOnline: boolean;
};

/** A running virtual machine with a copy of the checkout. */
export type Machine = Access & {
  readonly consolePath: string;
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<string>;
  readonly end: () => Promise<void>;
};

type Limits = { readonly say: Say; readonly signal: AbortSignal };

const root = join(import.meta.dirname, '..', '..');
const runsDir = (env: Environment): string => join(vmCacheDir(env), 'runs');
const recordName = 'run.json';

type RunRecord = { readonly owner: ProcessIdentity; readonly access: Access };

const findRecord = async (dir: string): Promise<RunRecord | undefined> => {
  const text = await findTextFile(join(dir, recordName));
  return text === undefined ? undefined : (JSON.parse(text) as RunRecord);
};

const isAlive = async (dir: string): Promise<boolean> => {
  const record = await findRecord(dir);
  return record !== undefined && (await isRunning(record.owner));
};

const listRuns = async (env: Environment): Promise<readonly string[]> => {
  await mkdir(runsDir(env), { recursive: true, mode: 0o700 });
  return (await readdir(runsDir(env))).map((name) => join(runsDir(env), name));
};

/** Removes what runs that were killed have left: keys and logs; their machines ended with them. */
const removeStale = async (env: Environment): Promise<void> => {
  for (const dir of await listRuns(env)) {
    // a run that is being made has no record yet, and the process of its name
    const owner = await findProcess(Number(dir.split('/').at(-1)));
    if (owner === undefined || ((await findRecord(dir)) && !(await isAlive(dir)))) await rm(dir, { recursive: true });
  }
};

/** How to log in to the machines that run now. */
export const findMachines = async (env: Environment): Promise<readonly Access[]> => {
  const found: Access[] = [];
  for (const dir of await listRuns(env)) {
    const record = await findRecord(dir);
    if (record && (await isRunning(record.owner))) found.push(record.access);
  }
  return found;
};

/** A folder with the key of one run, readable by its user alone. */
const makeRun = async (env: Environment, port: number): Promise<{ dir: string; access: Access; publicKey: string }> => {
  const dir = join(runsDir(env), String(process.pid));
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const access = { port, keyPath: join(dir, 'key') };
  await execaRunner(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'taskgate-vm', '-f', access.keyPath]);
  const owner = await findProcess(process.pid);
  await writeFile(join(dir, recordName), JSON.stringify({ owner, access }));
  return { dir, access, publicKey: await readFile(`${access.keyPath}.pub`, 'utf8') };
};

const canLogIn = async (access: Access, signal: AbortSignal): Promise<true | string> => {
  try {
    // a login before the end of the start is refused, or gets no session
    const { stdout } = await execaRunner(sshCommand(access, ['systemctl', 'is-system-running']), {
      signal,
      timeoutMs: 120_000,
    });
    return stdout.trim() === 'running' || `the machine is ${stdout.trim()}`;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const state = error.stdout.trim();
    return state === 'degraded' || state === 'starting' ? state === 'degraded' || 'the machine starts' : error.message;
  }
};

/** Waits until one can log in. TCG is some ten times slower than KVM. */
const untilUp = async (access: Access, qemu: Tethered, { signal }: Limits): Promise<void> => {
  const look = (both: AbortSignal) => canLogIn(access, both);
  const wait = waitUntil('The virtual machine', polling(look, 500), (state) => state, {
    timeoutMs: 20 * 60_000,
    id: 'environment.machine',
    hint: 'its console is in the file that was named',
    signal,
  });
  const end = await Promise.race([wait.then(() => undefined), qemu.ended]);
  if (end !== undefined) throw new Error(`qemu ${end}`);
};

/** Every login and the service's unit read this file; the waits of a machine as most have are too short for TCG. */
const slowCommand = [...['sudo', 'sh', '-c', 'echo TASKGATE_TIMEOUTS_STAGE_SECONDS=1200 >>/etc/environment']];

const findNpm = async (signal: AbortSignal): Promise<string> => {
  const { stdout } = await execaRunner(['npm', 'root', '--global'], { signal });
  return join(stdout.trim(), 'npm');
};

/** Starts a machine from the image and copies the checkout and the artifacts into it. It dies with this process. */
export const startMachine = async (options: MachineOptions, limits: Limits): Promise<Machine> => {
  const { env } = options;
  const { say, signal } = limits;
  const imageDir = await ensureImage(env, say, signal);
  const acceleration = await chooseAcceleration(imageDir, execaRunner, signal);
  await removeStale(env);
  const { dir, access, publicKey } = await makeRun(env, await freePort());
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    say('packing the checkout and the cache of artifacts');
    const copies = await listCopies(root, { cacheDir: xdgDirs(env).cacheDir, npmDir: await findNpm(signal) });
    const disks = await packAll(copies, dir, signal);
    const consolePath = join(dir, 'console.log');
    say(`starting a virtual machine by ${acceleration.name}; its console: ${consolePath}`);
    const input = { ...options, imageDir, acceleration, sshPort: access.port, publicKey, consolePath, disks };
    // what the machine writes to its disk is there, without a name
    const qemu = spawnTethered(machineCommand(input), { env: { ...env, TMPDIR: dir } });
    const end = async () => {
      await qemu.kill();
      await remove();
    };
    try {
      await untilUp(access, qemu, limits);
      say('unpacking the copies in the machine');
      await unpackAll(access, copies, signal);
      if (acceleration.isSlow) await execaRunner(sshCommand(access, slowCommand), { signal });
      say('the machine is ready');
      return { ...access, consolePath, ended: qemu.ended, end };
    } catch (error) {
      await qemu.kill();
      throw error;
    }
  } catch (error) {
    await remove();
    throw error;
  }
};
