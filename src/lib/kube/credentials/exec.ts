import { messageOf, UserError } from '../../errors.ts';
import { asText, type Fields, isFields, itemsOf, parseFields } from '../../json.ts';
import { CommandError, type Runner } from '../../process/runner.ts';
import { withoutValues } from '../../redact.ts';
import { type Entry, isEntry, kubeconfigError } from '../kubeconfig/parse.ts';

/** PEM texts. */
export type ClientCertificate = { readonly cert?: string; readonly key?: string };

/** How exec plugins are run: where they may be at all. */
export type ExecContext = {
  readonly runner: Runner;
  /** What `provideClusterInfo` asks for. */
  readonly cluster: Fields;
};

type Credential = {
  readonly authorization?: string;
  readonly certificate: ClientCertificate;
  readonly expiresAt: number;
};

/** An exec plugin of a kubeconfig (client-go credential plugins). */
type Plugin = {
  readonly user: string;
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint: string | undefined;
  readonly wantsCluster: boolean;
};

/** A login in a browser needs its time. */
const pluginTimeoutMs = 60_000;
/** A token must outlive the request. */
const marginMs = 10_000;
const longestQuote = 500;

const versions: readonly unknown[] = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

const envOf = (list: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    itemsOf(list)
      .filter(isEntry)
      .map(({ name, value }) => [asText(name), asText(value ?? '')]),
  );

const broken = (user: string, what: string, hint: string): UserError =>
  kubeconfigError(`kubeconfig: the exec plugin of user '${user}' ${what}`, hint);

/** Throws UserError `usage.kubeconfig` for a plugin that kubectl would refuse, too, or that wants a terminal. */
const parsePlugin = (user: string, exec: Entry): Plugin => {
  const { apiVersion, command, args, env, installHint, provideClusterInfo, interactiveMode } = exec;
  if (typeof command !== 'string' || command === '') throw broken(user, 'names no command', 'make the context again');
  if (!versions.includes(apiVersion)) {
    const hint = 'update the tool that wrote it, then have it write the context again';
    throw broken(user, `has apiVersion ${asText(apiVersion)}; known are v1 and v1beta1`, hint);
  }
  if (interactiveMode === 'Always') {
    const hint = 'log in first with that tool, or give the context a user with a token';
    throw broken(user, `wants a terminal to ask on (interactiveMode Always): ${command}`, hint);
  }
  return {
    ...{ user, apiVersion: asText(apiVersion), command, args: itemsOf(args).map(asText), env: envOf(env) },
    installHint: typeof installHint === 'string' ? installHint.trim() : undefined,
    wantsCluster: provideClusterInfo === true,
  };
};

/** The command line of a user's exec plugin, for showing it: without values, any of which may be a secret. */
export const describePlugin = (exec: Entry): string =>
  [asText(exec.command), ...withoutValues(itemsOf(exec.args).map(asText))].join(' ');

const failed = ({ user, command, installHint }: Plugin, what: string, cause?: unknown): UserError =>
  new UserError(`the program for the credentials of user '${user}' ${what}`, {
    id: 'environment.credential-plugin',
    hint: `${installHint ?? `make \`${command}\` work by hand first: is it installed and logged in?`}; kubectl runs it, too`,
    cause,
  });

const explain = (plugin: Plugin, error: unknown): UserError => {
  if (!(error instanceof CommandError)) return failed(plugin, `cannot be run: ${messageOf(error)}`, error);
  const said = error.stderr.trim().slice(-longestQuote);
  if (error.timedOut) return failed(plugin, `gave none within ${pluginTimeoutMs / 1000} s: ${plugin.command}`, error);
  if (error.exitCode === undefined) {
    const why = /ENOENT/.test(error.message) ? 'is not there' : 'cannot be started';
    return failed(plugin, `${why}: ${plugin.command}`, error);
  }
  return failed(plugin, `exited with ${error.exitCode}: ${plugin.command}${said && `: ${said}`}`, error);
};

const readCredential = (plugin: Plugin, stdout: string): Credential => {
  const { kind, apiVersion, status } = parseFields(stdout);
  if (kind !== 'ExecCredential' || apiVersion !== plugin.apiVersion) {
    throw failed(plugin, `printed no ExecCredential of ${plugin.apiVersion}: ${plugin.command}`);
  }
  const {
    token,
    clientCertificateData: cert,
    clientKeyData: key,
    expirationTimestamp,
  } = isFields(status) ? status : {};
  const hasPair = typeof cert === 'string' && typeof key === 'string';
  if (typeof token !== 'string' && !hasPair)
    throw failed(plugin, `printed neither token nor certificate: ${plugin.command}`);
  const expiry = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Number.NaN;
  return {
    ...(typeof token === 'string' && { authorization: `Bearer ${token}` }),
    certificate: hasPair ? { cert, key } : {},
    expiresAt: Number.isNaN(expiry) ? Number.POSITIVE_INFINITY : expiry - marginMs,
  };
};

const runPlugin = async (plugin: Plugin, { runner, cluster }: ExecContext): Promise<Credential> => {
  const { apiVersion, command, args, env, wantsCluster } = plugin;
  const spec = { interactive: false, ...(wantsCluster && { cluster }) };
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec });
  const options = { env: { ...env, KUBERNETES_EXEC_INFO: info }, timeoutMs: pluginTimeoutMs };
  const { stdout } = await runner([command, ...args], options).catch((error) => {
    throw explain(plugin, error);
  });
  return readCredential(plugin, stdout);
};

/**
 * Runs a user's exec plugin when credentials are asked for, and again once they have expired or were refused. Throws
 * UserError `usage.kubeconfig` at once where it may not be run, and `environment.credential-plugin` when it fails.
 */
export const execCredentials = (user: string, exec: Entry, context: ExecContext | undefined) => {
  if (!context) {
    const hint = 'give a kubeconfig with a certificate, or with a token such as `kubectl create token` makes';
    throw broken(user, `is not run here: ${describePlugin(exec)}`, hint);
  }
  const plugin = parsePlugin(user, exec);
  let last: Promise<Credential> | undefined;
  const fetchNew = (): Promise<Credential> => {
    const fetching = runPlugin(plugin, context);
    last = fetching;
    fetching.catch(() => {
      if (last === fetching) last = undefined;
    });
    return fetching;
  };
  return {
    get: async (): Promise<Credential> => {
      const asked = last;
      const known = await asked;
      if (known && Date.now() < known.expiresAt) return known;
      return last && last !== asked ? last : fetchNew();
    },
    renew: (): boolean => {
      last = undefined;
      return true;
    },
  };
};
