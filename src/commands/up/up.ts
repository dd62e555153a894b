import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../../config/config.ts';
import { findInstance } from '../../instance/instance.ts';
import { withInstanceLock } from '../../instance/lock.ts';
import { nameFlag } from '../../instance/name-flag.ts';
import { statePaths } from '../../instance/paths.ts';
import { ensureStateFolder } from '../../instance/state-folder.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import { proxyNotes } from '../../master/write/proxy-notes.ts';
import type { Stage } from '../../model/stage.ts';
import { chooseProvider, verifyHere } from '../../providers/choose.ts';
import type { CommandContext } from '../../providers/context.ts';
import { renderHops } from '../../report/hop-table.ts';
import { renderJunit } from '../../report/junit.ts';
import { makeResults } from '../../task-list/results.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { asTyped } from '../as-typed.ts';
import {
  type CommandInput,
  displayKind,
  type LoadedCommand,
  print,
  printDocument,
  printNote,
  readConfig,
} from '../command.ts';
import { parseDurationSeconds } from '../duration.ts';
import { environmentOf, renderEnv } from '../env/formats.ts';
import { findExposure, summarizeExposure } from '../exposure/summary.ts';
import { taskImageNotes } from '../images/task-image.ts';
import { describeLogin } from '../master/login.ts';
import { verifyMasterSettings } from '../master/programs.ts';
import { verifyMasterPort } from '../master-port.ts';
import { verifyFilesOf, writeFileOf } from '../named-file.ts';
import { fetchMaster, fillCache } from '../prefetch/prefetch.ts';
import { refuseBrokenPath } from '../proof-result.ts';
import { asRoot, unseenVariables } from '../sudo.ts';
import { findHealth } from './check-health.ts';
import type { UpContext } from './context.ts';
import { endOf, noteEnd } from './ending/end.ts';
import { removeUnbegun } from './ending/remove-unbegun.ts';
import { renderUpJson, resultOf, type UpRun, writeReports } from './ending/result.ts';
import { findTunnelInstead } from './open-reverse-path.ts';
import { upSteps } from './steps.ts';

const nextSteps = ({ context: { config }, result: { instance, gateway } }: UpRun, reachable: string): string => {
  const name = nameFlag(config.name);
  const ports = `${gateway?.portRange.start}-${gateway?.portRange.end}`;
  return `
Instance ${config.name} is ready: gateway_ip ${gateway?.address}, ports ${ports}, room for ${gateway?.capacity.limit} tasks.
${reachable}

  ${instance?.dir}/master.yaml
      what your master starts from; devcluster.yaml, kubeconfig and report.html are in the same folder
  eval "$(taskgate env${name})"
      KUBECONFIG, GATEWAY_IP and the rest for this shell
  taskgate smoke${name}
      proves the path again
  taskgate down${name}
      removes everything
`;
};

const summary = async (run: UpRun): Promise<string> => {
  const { proof, masterProof, ownMaster, instance } = run.result;
  const all = [proof, masterProof].filter((one) => one !== undefined);
  const hops = all.map((one) => `\n${renderHops(one.hops)}`).join('');
  if (all.some(({ ok }) => !ok) || !instance) return hops;
  const login = ownMaster ? `\n${await describeLogin(ownMaster, instance)}\n` : '';
  return `${hops}${login}${nextSteps(run, summarizeExposure(await findExposure(instance), run.context.config.name))}`;
};

export type UpFlags = {
  readonly ci: boolean;
  readonly timeout?: string;
  readonly envFile?: string;
  readonly junit?: string;
};

type Wanted = { readonly input: CommandInput; readonly flags: UpFlags; readonly notes: string[] };

/** Runs the steps; `error` is why they failed. */
const runUp = async (context: UpContext, { input, flags, notes }: Wanted) => {
  const results = makeResults();
  const stages: Stage[] = [];
  const failure = await runAndShow(upSteps, context, {
    ...{ kind: displayKind(input.invocation, flags.ci), signal: context.signal, results },
    onStage: (stage: Stage) => stages.push(stage),
    onWarning: (text: string) => notes.push(text),
  }).catch((error: unknown) => ({ error }));
  const run: UpRun = { context, result: resultOf(results), stages, notes };
  return { run, failure };
};

const bringUp = async (
  { config, warnings, context: loaded }: LoadedCommand,
  input: CommandInput,
  flags: UpFlags,
): Promise<void> => {
  const deadline = AbortSignal.timeout(config.timeouts.upSeconds * 1_000);
  const signal = AbortSignal.any([input.invocation.signal, deadline]);
  const context: UpContext = { ...loaded, signal, startedAt: new Date() };
  const notes = [...warnings];
  const work = async (): Promise<UpRun> => {
    const { run, failure } = await runUp(context, { input, flags, notes });
    // what comes after must not hide why it failed
    const noted = (work: Promise<void>) => work.catch((error) => notes.push(messageOf(error)));
    if (failure) await noted(removeUnbegun(run));
    await noted(noteEnd(run, failure !== undefined));
    await noted(writeJunit(flags, run, failure?.error));
    await noted(writeReports(run, failure?.error));
    if (!failure) notes.push(...proxyNotes(input.invocation.env, run.result));
    if (!failure) notes.push(...(await taskImageNotes(context, run.result.instance)));
    if (!failure) await writeVariables(flags, run);
    if (failure) throw await endOf(run, deadline.aborted ? tooLate(config.timeouts.upSeconds) : failure.error);
    return run;
  };
  const run = await withInstanceLock(context, work, (text) => notes.push(text)).finally(() => {
    for (const note of notes) printNote(note);
  });
  if (input.flags.json) printDocument(renderUpJson(run));
  else print(asTyped(await summary(run), context.env));
  for (const proof of [run.result.proof, run.result.masterProof]) if (proof) refuseBrokenPath(proof);
};

const writeJunit = async ({ junit }: UpFlags, { context, result, stages }: UpRun, error: unknown): Promise<void> => {
  if (junit === undefined) return;
  const hops = result.proof?.hops ?? [];
  const text = renderJunit(stages, hops, error === undefined ? undefined : messageOf(error));
  await writeFileOf(junit, text, { env: context.env });
};

const writtenFor = ({ envFile, junit }: UpFlags): readonly string[] =>
  [envFile, junit].filter((path) => path !== undefined);

const writeVariables = async ({ envFile }: UpFlags, { context, result }: UpRun): Promise<void> => {
  const { instance, gateway, master } = result;
  if (envFile === undefined || !instance || !gateway || !master) return;
  const variables = environmentOf({
    ...{ name: context.config.name, instanceDir: instance.dir, gateway, master },
    hasCertificate: context.config.master.tls,
  });
  await writeFileOf(envFile, renderEnv(variables, 'dotenv'), { env: context.env });
};

/**
 * From nothing to a proven path; gives the exit code. Throws UserError `proof.broken-path` when the last step finds a
 * broken hop, and whatever a step throws.
 * Tested in test/process/interrupt.test.ts.
 */
export const up = async (input: CommandInput, flags: UpFlags): Promise<number> => {
  const loaded = await readConfig(withTimeout(input, flags));
  await verifyFilesOf(writtenFor(flags), input.invocation.env);
  await verifyMasterSettings(loaded.config);
  const { provider } = await chooseProvider(loaded.context);
  const prepare = () => prepareAsUser(input, loaded.context, flags);
  const unseen = unseenVariables(input.invocation.env, wantsNgrok(loaded.config));
  // named, since what is there for the user (Minikube, its driver) may not be there for root
  const more = ['--provider', provider];
  return asRoot(input.invocation, { provider, prepare, unseen, more, work: () => bringUp(loaded, input, flags) });
};

/** Whether this run may open a tunnel by ngrok. */
const wantsNgrok = (config: Config): boolean =>
  config.master.reach === 'ngrok' || (config.master.reach === 'auto' && findTunnelInstead(config)?.via === 'ngrok');

/** `--timeout 20m` is a setting in other words. */
const withTimeout = (input: CommandInput, { timeout }: UpFlags): CommandInput => {
  if (timeout === undefined) return input;
  const seconds = String(parseDurationSeconds(timeout, '--timeout'));
  const settings = { 'timeouts.upSeconds': seconds, ...input.flags.settings };
  return { ...input, flags: { ...input.flags, settings } };
};

/** The cache, the state folder and those of named files are the user's own, so they are made before root takes over. */
const prepareAsUser = async ({ invocation }: CommandInput, context: CommandContext, flags: UpFlags): Promise<void> => {
  await verifyHere(context, 'native', true);
  await verifyMasterPort(context);
  const instance = await findInstance(context.folders.stateDir, context.config.name);
  // a healthy node needs nothing of the cache; its master may be new
  const isHealthy = instance !== undefined && (await findHealth(context, instance)) !== undefined;
  await (isHealthy ? fetchMaster(invocation, context) : fillCache(invocation, context));
  // also where root is killed before it hands over what it made
  const { instancesDir, locksDir } = statePaths(context.folders.stateDir);
  await ensureStateFolder(context.env, context.folders.stateDir);
  for (const folder of [instancesDir, locksDir]) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const path of writtenFor(flags)) await mkdir(dirname(path), { recursive: true });
};

const tooLate = (seconds: number): UserError =>
  new UserError(`up did not finish within ${seconds}s (--timeout)`, {
    id: 'environment.deadline',
    hint: 'run it again, it continues where it stopped; or give it more time with --timeout',
  });
