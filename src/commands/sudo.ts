import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { UserError } from '../lib/errors.ts';
import { Interrupted } from '../lib/process/interrupted.ts';
import { type Command, CommandError, execaRunner, type Runner, runInTerminal } from '../lib/process/runner.ts';
import type { ProviderName } from '../model/cluster.ts';
import { type Invocation, ownProgram, printNote } from './command.ts';

/** It may hold a password. */
const databaseVariable = 'TASKGATE_DB_URL';

/**
 * What the user's own environment decides and sudo would drop. Nothing that may hold a password: a command line can be
 * read by everybody. Artifacts are in the cache by then, so no mirror is needed.
 */
const isKept = (name: string): boolean =>
  ['PATH', 'HOME', 'TERM', 'CI', 'GITHUB_ACTIONS', 'KUBECONFIG', 'SSH_AUTH_SOCK'].includes(name) ||
  (/^(XDG|TASKGATE)_/.test(name) && !['TASKGATE_MIRROR', databaseVariable].includes(name));

/** What ngrok and the probes of a tunnel need; a proxy's URL may hold a password, so only sudo itself hands these on, unseen. */
const proxyVariables = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);

/** The mirror's URL without user and password: everybody can read a command line. */
const plainMirror = (args: readonly string[]): readonly string[] =>
  args.map((arg, index) =>
    args[index - 1] === '--mirror' || arg.startsWith('--mirror=') ? arg.replace(/\/\/[^/?#]*@/, '//') : arg,
  );

const databaseFlag = '--db-url';

const isDatabase = (arg: string, index: number, args: readonly string[]): boolean =>
  arg === databaseFlag || arg.startsWith(`${databaseFlag}=`) || args[index - 1] === databaseFlag;

/** The value of the last `--db-url` of a command line: it may hold a password, so root gets it as a variable. */
export const findDatabaseUrl = (args: readonly string[]): string | undefined =>
  args
    .filter(isDatabase)
    .filter((arg) => arg !== databaseFlag)
    .map((arg) => arg.replace(`${databaseFlag}=`, ''))
    .at(-1);

/** Throws UserError `environment.not-root` where root would not learn the database's URL, and would make another database. */
export const verifyDatabase = (url: string | undefined, handedOn: readonly string[]): void => {
  if (url === undefined || handedOn.includes(databaseVariable)) return;
  throw new UserError(
    "sudo's rule for this user has no SETENV, so the URL of the database does not get to root unseen",
    {
      id: 'environment.not-root',
      hint: 'allow SETENV in that rule, or run it as root; or leave --db-url and TASKGATE_DB_URL out for a database of the instance',
    },
  );
};

/** The variables that root's run needs and that stand in no command line. The token only for a tunnel by ngrok. */
export const unseenVariables = (env: Invocation['env'], wantsNgrok: boolean): readonly string[] =>
  [...proxyVariables, 'NODE_EXTRA_CA_CERTS', databaseVariable, ...(wantsNgrok ? ['NGROK_AUTHTOKEN'] : [])].filter(
    (name) => env[name],
  );

const handOn = (names: readonly string[]): readonly string[] =>
  names.length > 0 ? [`--preserve-env=${names.join(',')}`] : [];

/** The same command line again, as root, with the user's folders and settings. `unseen` are names that sudo hands on. */
export const sudoCommand = (
  env: Invocation['env'],
  command: readonly string[],
  unseen: readonly string[] = [],
): Command => {
  const kept = Object.entries(env).flatMap(([name, value]) => (isKept(name) && value ? [`${name}=${value}`] : []));
  const plain = plainMirror(command).filter((...one) => !isDatabase(...one));
  return ['sudo', '-n', ...handOn(unseen), 'env', ...kept, ...plain];
};

/** Those of the variables that sudo hands on: a rule without SETENV refuses any, and then goes without. */
export const findHandedOn = async (names: readonly string[], runner: Runner): Promise<readonly string[]> => {
  if (names.length === 0) return [];
  try {
    await runner(['sudo', '-n', ...handOn(names), 'id', '-u'], { timeoutMs: 10_000 });
    return names;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const what = "sudo's rule for this user has no SETENV, so root's run does without";
    printNote(`${what} ${names.join(', ')}`);
    return [];
  }
};

const notRoot = (uid: number, trouble: string, cause?: unknown): UserError =>
  new UserError(
    `a native cluster needs root for its namespaces, cgroups and network link; this is uid ${uid}, and ${trouble}`,
    { id: 'environment.not-root', hint: 'run it as root, or allow this user sudo without a password', cause },
  );

/** Throws UserError `environment.not-root` unless sudo gives root, and that without asking. */
export const verifySudo = async (uid: number, runner: Runner): Promise<void> => {
  const { stdout } = await runner(['sudo', '-n', 'id', '-u'], { timeoutMs: 10_000 }).catch((cause: unknown) => {
    throw notRoot(uid, 'sudo without a password does not work', cause);
  });
  // a sudo that gives another user would have us start ourselves again for ever
  if (stdout.trim() !== '0') throw notRoot(uid, `sudo gives uid ${stdout.trim()}`);
};

type Work = {
  readonly provider: ProviderName;
  /** Runs as the user before sudo, so that files in the cache belong to the user. */
  readonly prepare?: () => Promise<unknown>;
  readonly work: () => Promise<void>;
  /** Names of variables that root's run needs and that no command line may show, see {@link unseenVariables}. */
  readonly unseen?: readonly string[];
  /** Further arguments of root's run. */
  readonly more?: readonly string[];
};

/** The controlling terminal sends Ctrl-C to all its processes. */
const hasTerminal = (): boolean => {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
};

/**
 * Passes a signal on to sudo, which passes it on itself: a user may not signal a process of root. Not Ctrl-C where there is
 * a terminal. Tested in test/process/sudo-signals.test.ts.
 */
export const passOn = async (pid: number, reason: unknown): Promise<void> => {
  const signal = reason instanceof Interrupted ? reason.signal : 'SIGTERM';
  if (signal === 'SIGINT' && hasTerminal()) return;
  await execaRunner(['sudo', '-n', 'kill', `-${signal.slice('SIG'.length)}`, String(pid)]);
};

/** What no program ends with in order: it crashed, or the kernel killed it. */
const crashes: readonly string[] = ['SIGKILL', 'SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGSYS'];

/** The exit code of root's run. Throws UserError `environment.root-ended` where a signal ended it before it could say anything. */
export const verifyEnded = (exitCode: number): number => {
  const [name] =
    Object.entries(constants.signals).find(([one, number]) => crashes.includes(one) && 128 + number === exitCode) ?? [];
  if (name === undefined) return exitCode;
  const why = name === 'SIGKILL' ? 'the kernel kills programs when memory is short' : 'it crashed';
  throw new UserError(`the part of this command that runs as root was ended by ${name}: ${why}`, {
    id: 'environment.root-ended',
    hint: 'see dmesg; what it had begun is completed by the same command, or removed by taskgate down',
  });
};

/**
 * Does work on a cluster; a native one needs root: without it, starts this command line again by sudo. Gives the exit
 * code of that, or of the work here. Throws UserError `environment.not-root` before anything is changed where neither is
 * possible.
 */
export const asRoot = async (
  { env, args, signal }: Invocation,
  { provider, prepare, work, unseen = [], more = [] }: Work,
): Promise<number> => {
  const uid = process.getuid?.();
  // on a system without uids the provider's own checks say what is wrong
  if (provider !== 'native' || uid === 0 || uid === undefined) {
    await work();
    return 0;
  }
  await verifySudo(uid, execaRunner);
  const url = findDatabaseUrl(args) ?? env[databaseVariable];
  const names = [...new Set([...unseen, ...(url ? [databaseVariable] : [])])];
  const handedOn = await findHandedOn(names, execaRunner);
  if (unseen.includes(databaseVariable) || findDatabaseUrl(args)) verifyDatabase(url, handedOn);
  await prepare?.();
  const command = sudoCommand(env, [...ownProgram, ...args, ...more], handedOn);
  return verifyEnded(
    await runInTerminal(command, { signal, terminate: passOn, ...(url && { env: { [databaseVariable]: url } }) }),
  );
};
