import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isThere } from '../../../../src/lib/files.ts';
import { type Command, CommandError, execaRunner } from '../../../../src/lib/process/runner.ts';
import { spawnTethered, type Tethered } from '../../../../src/lib/process/tethered.ts';

/** Where a user types commands, each of which is kept. */
export type Terminal = {
  readonly typed: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Types a command, and again until it works, for at most this long. Gives how long it took. */
  readonly type: (command: Command, patienceMs?: number) => Promise<number>;
  /** Types a command that stays, and leaves it running. */
  readonly leaveRunning: (command: Command) => void;
  /** Interrupts what was left running. */
  readonly close: () => Promise<void>;
};

const usualSudo = ['/usr/bin/sudo', '/bin/sudo', '/usr/local/bin/sudo'];

/** `minikube tunnel` calls sudo, also as root: where there is none, and no need of one, a program of its name. */
const makeEnvironment = async (dir: string): Promise<Readonly<Record<string, string>>> => {
  const binDir = join(dir, 'bin');
  await mkdir(binDir, { recursive: true });
  const isInstalled = (await Promise.all(usualSudo.map(isThere))).includes(true);
  if (!isInstalled && process.getuid?.() === 0) {
    await writeFile(join(binDir, 'sudo'), '#!/bin/sh\nexec "$@"\n');
    await chmod(join(binDir, 'sudo'), 0o755);
  }
  return {
    KUBECONFIG: join(dir, 'kubeconfig'),
    MINIKUBE_WANTUPDATENOTIFICATION: 'false',
    PATH: [process.env['PATH'] ?? '', binDir].join(delimiter),
  };
};

/** `minikube tunnel` takes its route away only when it is interrupted; SIGTERM leaves all behind. */
const interrupt = async (child: Tethered): Promise<void> => {
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
  await Promise.race([child.ended, pause(15_000, undefined, { ref: false })]);
  await child.kill();
};

/** Opens one with a kubeconfig in a folder of its own. */
export const openTerminal = async (dir: string, signal: AbortSignal): Promise<Terminal> => {
  const env = await makeEnvironment(dir);
  const typed: string[] = [];
  const running: Tethered[] = [];
  const type = async (command: Command, patienceMs = 0): Promise<number> => {
    typed.push(command.join(' '));
    const startMs = performance.now();
    for (;;) {
      try {
        await execaRunner(command, { env, signal });
        return performance.now() - startMs;
      } catch (error) {
        if (!(error instanceof CommandError) || performance.now() - startMs > patienceMs) throw error;
      }
      await pause(500, undefined, { signal });
    }
  };
  const leaveRunning = (command: Command): void => {
    typed.push(command.join(' '));
    running.push(spawnTethered(command, { env: { ...process.env, ...env } }));
  };
  const close = async (): Promise<void> => {
    for (const child of running.splice(0)) await interrupt(child);
  };
  return { typed, env, type, leaveRunning, close };
};
