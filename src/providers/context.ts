import type { Artifacts } from '../artifacts/artifacts.ts';
import type { ClusterProvider } from '../cluster/provider.ts';
import type { Config } from '../config/config.ts';
import type { Instance } from '../instance/instance.ts';
import type { ClusterTarget, GivenSettings } from '../instance/record.ts';
import type { Runner } from '../lib/process/runner.ts';

/** Where taskgate keeps things, and where it is installed; absolute paths. */
export type Folders = {
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly templatesDir: string;
  /** Program and first arguments that start a native node's supervisor. */
  readonly supervisorCommand: readonly [string, ...string[]];
  /** Program and first arguments that start a tunnel daemon. */
  readonly daemonCommand: readonly [string, ...string[]];
};

/** What an instance is to keep of the settings, and where each value came from; see `Loaded` of the configuration. */
export type ChosenSettings = {
  readonly given: GivenSettings;
  readonly origins: Readonly<Record<string, string>>;
  /** What this run lets go of what the instance keeps. */
  readonly reset?: readonly string[];
};

/** What every command on one instance knows. */
export type CommandContext = {
  readonly config: Config;
  readonly chosen?: ChosenSettings;
  readonly folders: Folders;
  readonly runner: Runner;
  readonly signal: AbortSignal;
  /** The folder in which the command was started. */
  readonly cwd: string;
  /** Where HTTPS_PROXY, KUBECONFIG and their like are, if they are set. */
  readonly env: Readonly<Record<string, string | undefined>>;
};

export type ProviderInput = {
  readonly instance: Instance;
  /** What this run wants instead of what the record says; the record gets it once the cluster is so. */
  readonly target?: ClusterTarget;
  /** Needed to start a native cluster, not to look at it or to delete it. */
  readonly artifacts?: Artifacts;
};

export type MakeProvider = (context: CommandContext, input: ProviderInput) => ClusterProvider;
