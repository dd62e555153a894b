import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../lib/errors.ts';
import { exitNow } from '../lib/process/exit.ts';
import { CommandError, execaRunner } from '../lib/process/runner.ts';
import { tetherOf } from '../lib/process/tethered.ts';
import { type Children, supervise } from './children.ts';
import { emit, readHandshake } from './handshake.ts';
import { ExpectedEnd, endAfterBug } from './last-words.ts';
import type { SetupStep, SupervisorSpec } from './spec.ts';
import { serveStatus } from './status-socket.ts';

/** After an error that nothing caught. */
const longestEndMs = 30_000;

/**
 * The supervisor of a native node. Sets up its namespaces, reports that, waits for `go`, then keeps the children of the
 * spec running. Never returns; throws when the setup fails, or when the starter dies before it detaches this process:
 * then everything that was started ends with this process. Tested in test/e2e/faults.test.ts.
 */
export const runSupervisor = async (specPath: string): Promise<never> => {
  // exactly that, whatever the user's is: what kubelet and containerd make for pods is read by other users there
  process.umask(0o022);
  const startedAt = performance.now();
  let children: Children | undefined;
  endAfterBug(async (error) => {
    emit({ event: 'failed', message: `a bug in taskgate: ${messageOf(error)}` });
    await children?.end();
  }, longestEndMs);
  const handshake = readHandshake();
  const spec = JSON.parse(await readFile(specPath, 'utf8')) as SupervisorSpec;
  // before the setup, after which the socket's folder is out of sight
  await serveStatus(spec.socketPath, () => ({
    instance: spec.instance,
    uptimeMs: Math.round(performance.now() - startedAt),
    children: children?.status() ?? [],
  }));
  if (spec.endsInOrder) endOnRequest(() => children);
  await setUp(spec);
  emit({ event: 'set-up' });
  await Promise.race([handshake.go, handshake.starterDied]);
  children = supervise(spec.children, spec.logsDir, ({ name, state, ends }, detail) =>
    emit({ event: 'child', name, state, ...(ends !== undefined && { ends }), ...(detail && { detail }) }),
  );
  return handshake.starterDied;
};

/** Children that are tethered would be killed with this process; a database rather ends by itself. */
const endOnRequest = (children: () => Children | undefined): void => {
  process.once('SIGTERM', () => {
    void Promise.resolve(children()?.end()).finally(() => exitNow(0));
  });
};

const setUp = async ({ logsDir, setup }: SupervisorSpec): Promise<void> => {
  try {
    await mkdir(logsDir, { recursive: true, mode: 0o700 });
    for (const step of setup) await runSetupStep(step);
  } catch (error) {
    emit({ event: 'failed', message: messageOf(error) });
    throw new ExpectedEnd(messageOf(error), { cause: error });
  }
};

/**
 * How a command of the setup failed, with its first error, which its last lines may no longer have. What it says may repeat
 * its input, which may have a password.
 */
const setupFailure = (error: unknown, input: string | undefined): Error => {
  const lines = error instanceof CommandError ? error.stderr.split('\n') : [];
  const first = lines.find((line) => /\b(FATAL|PANIC|ERROR):/.test(line));
  const said = messageOf(error);
  const text = first === undefined || said.includes(first) ? said : `${said}\n${first}`;
  return new Error(input === undefined ? text : text.replaceAll(input.trim(), '(its input)'));
};

const runSetupStep = async (step: SetupStep): Promise<unknown> => {
  if ('run' in step) {
    const { run, input, tether } = step;
    // without the kernel's help a command of the setup, which is short, is not tied: its stdin is needed
    const tied = tether && tetherOf(run, tether);
    const command = tied && !tied.holdsPipe ? tied.command : run;
    return execaRunner(command, { ...(input !== undefined && { input }) }).catch((error: unknown) => {
      throw setupFailure(error, input);
    });
  }
  await mkdir(dirname(step.write.path), { recursive: true });
  return writeFile(step.write.path, step.write.text);
};
