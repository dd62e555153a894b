import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { Loaded } from '../../config/load.ts';
import { findBefore } from '../../gateway/foreign/kept.ts';
import { instancesDir, removeInstance } from '../../instance/instance.ts';
import { withInstanceLock } from '../../instance/lock.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import { writeFileAtomically } from '../../lib/files.ts';
import type { Stage } from '../../model/stage.ts';
import { chooseProvider, verifyHere } from '../../providers/choose.ts';
import { renderHops } from '../../report/hop-table.ts';
import { renderJunit } from '../../report/junit.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { type CommandInput, contextOf, displayKind, print, readConfig } from '../command.ts';
import type { UpContext } from '../context.ts';
import { parseDurationSeconds } from '../duration.ts';
import { environmentOf, writeEnvFile } from '../env/formats.ts';
import { fillCache } from '../prefetch/prefetch.ts';
import { refuseBrokenPath } from '../proof-result.ts';
import { asRoot, handOver } from '../sudo.ts';
import { upSteps } from './steps.ts';
import { renderUpJson, writeReports } from './write-reports.ts';

const nextSteps = ({ config, instance, gateway }: UpContext): string => {
  const name = config.name === 'dev' ? '' : ` --name ${config.name}`;
  const ports = `${gateway?.portRange.start}-${gateway?.portRange.end}`;
  return `
Instance ${config.name} is ready: gateway_ip ${gateway?.address}, ports ${ports}, room for ${gateway?.capacity.limit} tasks.

  ${instance?.dir}/master.yaml
      what your master starts from; devcluster.yaml, kubeconfig and report.html lie beside it
  eval "$(npx taskgate env${name})"
      KUBECONFIG, GATEWAY_IP and the rest for this shell
  npx taskgate smoke${name}
      proves the path again
  npx taskgate down${name}
      takes everything away
`;
};

const summary = (context: UpContext): string =>
  `${context.proof ? `\n${renderHops(context.proof.hops)}` : ''}${context.proof?.ok === false ? '' : nextSteps(context)}`;

export type UpFlags = {
  readonly ci: boolean;
  readonly timeout?: string;
  readonly envFile?: string;
  readonly junit?: string;
};

type Run = { readonly loaded: Loaded; readonly flags: UpFlags };

const bringUp = async (input: CommandInput, { loaded: { config, warnings }, flags }: Run): Promise<void> => {
  const deadline = AbortSignal.timeout(config.timeouts.upSeconds * 1_000);
  const signal = AbortSignal.any([input.invocation.signal, deadline]);
  const context: UpContext = { ...contextOf(config, input), signal, startedAt: new Date(), notes: [...warnings] };
  const stages: Stage[] = [];
  const options = {
    kind: displayKind(input.invocation, flags.ci),
    signal,
    onStage: (stage: Stage) => stages.push(stage),
  };
  const work = async () => {
    const failure = await runAndShow(upSteps, context, options).catch((error: unknown) => ({ error }));
    // what comes after must not hide why it failed
    if (failure) await removeUnbegun(context).catch((error) => context.notes.push(messageOf(error)));
    await writeJunit(flags, { context, stages, error: failure?.error }).catch((error) =>
      context.notes.push(messageOf(error)),
    );
    await writeReports(context, stages).catch((error) => context.notes.push(messageOf(error)));
    if (!failure) await writeVariables(flags, context);
    await handOver(input.invocation.env, context, writtenFor(flags)).catch((error) =>
      context.notes.push(messageOf(error)),
    );
    if (failure) throw deadline.aborted ? tooLate(config.timeouts.upSeconds) : failure.error;
  };
  await withInstanceLock(context, work).finally(() => {
    for (const note of context.notes) process.stderr.write(`note: ${note}\n`);
  });
  print(input.flags.json ? renderUpJson(context, stages) : summary(context));
  if (context.proof) refuseBrokenPath(context.proof);
};

type Ended = { readonly context: UpContext; readonly stages: readonly Stage[]; readonly error: unknown };

const writeJunit = async ({ junit }: UpFlags, { context, stages, error }: Ended): Promise<void> => {
  if (junit === undefined) return;
  const hops = context.proof?.hops ?? [];
  await writeFileAtomically(junit, renderJunit(stages, hops, error === undefined ? undefined : messageOf(error)));
};

/** Files that the user named and must be able to read. */
const writtenFor = ({ envFile, junit }: UpFlags): readonly string[] =>
  [envFile, junit].filter((path) => path !== undefined);

const writeVariables = async (
  { envFile }: UpFlags,
  { config, instance, gateway, master }: UpContext,
): Promise<void> => {
  if (envFile === undefined || !instance || !gateway || !master) return;
  const variables = environmentOf({ name: config.name, instanceDir: instance.dir, gateway, master });
  await writeEnvFile(envFile, variables);
};

/** An instance that this run made, and in which no cluster was begun, goes again; so does the place of its reports. */
const removeUnbegun = async ({ instance, startedAt }: UpContext): Promise<void> => {
  if (!instance) return;
  const { createdAt, journal, cluster, provider } = instance.record();
  const isUntouched = provider === 'attach' ? !(await findBefore(instance)) : !cluster;
  if (new Date(createdAt) >= startedAt && journal.length === 0 && isUntouched) await removeInstance(instance);
};

/**
 * From nothing to a proven path; gives the exit code. Throws UserError `proof.broken-path` when the last step finds a
 * broken hop, and whatever a step throws.
 */
export const up = async (input: CommandInput, flags: UpFlags): Promise<number> => {
  const loaded = await readConfig(withTimeout(input, flags));
  const { provider } = await chooseProvider(contextOf(loaded.config, input));
  const work = () => bringUp(input, { loaded, flags });
  if (provider === 'native')
    return asRoot(input.invocation, { prepare: () => prepareAsUser(input, loaded.config, flags), work });
  await work();
  return 0;
};

/** `--timeout 20m` is a setting in other words. */
const withTimeout = (input: CommandInput, { timeout }: UpFlags): CommandInput => {
  if (timeout === undefined) return input;
  const seconds = String(parseDurationSeconds(timeout, '--timeout'));
  const settings = { 'timeouts.upSeconds': seconds, ...input.flags.settings };
  return { ...input, flags: { ...input.flags, settings } };
};

/** The cache, the state folder and those of named files are the user's own, so they are made before root takes over. */
const prepareAsUser = async (input: CommandInput, config: Config, flags: UpFlags): Promise<void> => {
  await verifyHere(contextOf(config, input), 'native', true);
  const { folders } = await fillCache(input, config);
  // also where root is killed before it hands over what it made
  for (const folder of [instancesDir(folders.stateDir), join(folders.stateDir, 'locks')])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const path of writtenFor(flags)) await mkdir(dirname(path), { recursive: true });
};

const tooLate = (seconds: number): UserError =>
  new UserError(`up was not done after ${seconds}s`, {
    id: 'environment.deadline',
    hint: 'run it again, it goes on where it was; or give it more time with --timeouts-up-seconds',
  });
