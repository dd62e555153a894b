import { readdir, readFile } from 'node:fs/promises';
import { isNodeReady, type Node } from '../cluster/readiness.ts';
import type { Config } from '../config/config.ts';
import { gatewayApiBundle } from '../config/versions.ts';
import type { Gateway } from '../gateway/conditions.ts';
import { findGatewayProblems } from '../gateway/drift.ts';
import { inspectGatewayAPI } from '../gateway/installed.ts';
import { findUnready } from '../gateway/readiness.ts';
import { type GatewaySpec, gatewayRef } from '../gateway/spec.ts';
import { findKeeperStatus } from '../keeper/control.ts';
import { findInstance, type InstanceRecord, instancesDir } from '../keeper/instance.ts';
import type { KeeperStatus } from '../keeper/spec.ts';
import { type ErrorId, hasCode, messageOf, UserError } from '../lib/errors.ts';
import { connect, type Kube } from '../lib/kube.ts';
import type { CommandContext } from './context.ts';
import { providerOf } from './providers.ts';
import { upAgain } from './up-again.ts';
import type { ProviderName } from './values.ts';

/** Something that is not as `up` left it. */
export type StatusProblem = { readonly id: ErrorId; readonly message: string; readonly hint: string };

export type InstanceStatus = {
  readonly name: string;
  readonly state: 'running' | 'stopped' | 'absent' | 'unknown';
  /** Undefined when it cannot be read, as a problem says. */
  readonly record?: Omit<InstanceRecord, 'journal' | 'schema'>;
  readonly keeper?: KeeperStatus;
  /** Listeners of tasks on the Gateway now. */
  readonly taskListeners?: number;
  readonly problems: readonly StatusProblem[];
};

const runUp = (record: InstanceRecord, config: Config): string => `run: ${upAgain(record, config)}`;

const judge = (verdict: true | string, id: ErrorId, what: string, hint: string): readonly StatusProblem[] =>
  verdict === true ? [] : [{ id, message: `${what}: ${verdict}`, hint }];

const keeperProblems = (keeper: KeeperStatus | undefined, name: string): readonly StatusProblem[] => {
  if (!keeper) {
    const message = 'the keeper runs but does not answer on its socket';
    return [{ id: 'cluster.keeper-silent', message, hint: `taskgate down --name ${name}, then up` }];
  }
  return keeper.children
    .filter(({ state }) => state !== 'ready')
    .map((child) => ({
      id: 'cluster.child-not-ready',
      message: `${child.name} is ${child.state}, restarted ${child.restarts} times${child.lastExit ? `, last: ${child.lastExit}` : ''}`,
      hint: `see: taskgate logs ${child.name} --name ${name}`,
    }));
};

/** Compares with what the instance was made with; of one that does not tell, with today's settings. */
export const lookAtGateway = async (kube: Kube, config: Config, record: InstanceRecord) => {
  const spec: GatewaySpec = { instance: record.name, ...(record.settings?.gateway ?? config.gateway) };
  const address = record.publishedAddress ?? record.gateway?.address ?? record.cluster?.nodeAddress ?? '';
  const [installed, unready, gateway] = await Promise.all([
    inspectGatewayAPI(kube, spec),
    findUnready(kube, spec, address),
    kube.find<Gateway>(gatewayRef(spec)),
  ]);
  const drift = findGatewayProblems(installed, { ...gatewayApiBundle, listenerLimit: spec.listenerLimit }).flatMap(
    ({ verdict, hint, ...problem }): readonly StatusProblem[] => {
      if (verdict === 'note') return [];
      return [{ ...problem, hint: verdict === 'repair' ? `${hint}; ${runUp(record, config)}` : hint }];
    },
  );
  const taskListeners = gateway?.spec.listeners.filter(({ name }) => name.startsWith('det-')).length ?? 0;
  return { taskListeners, problems: [...drift, ...unready] };
};

/** Where a component of the cluster says more; only a native one has its logs here. */
const lookAt = ({ name, provider, cluster }: InstanceRecord, component: 'kubelet' | 'kube-apiserver'): string =>
  provider === 'native'
    ? `see: taskgate logs ${component} --name ${name}`
    : `see: kubectl --kubeconfig ${cluster?.kubeconfigPath} get nodes,events --all-namespaces`;

const apiProblems = async ({ config }: CommandContext, record: InstanceRecord) => {
  const { cluster } = record;
  if (!cluster)
    return { problems: judge('up never came that far', 'cluster.unfinished', 'cluster', runUp(record, config)) };
  try {
    const kube = connect(await readFile(cluster.kubeconfigPath, 'utf8'), cluster.kubeContext);
    const [nodes, gateway] = await Promise.all([
      kube.list<Node>({ apiVersion: 'v1', kind: 'Node' }),
      lookAtGateway(kube, config, record),
    ]);
    const node = judge(
      isNodeReady(new Date(0))(nodes.filter(({ metadata }) => metadata.name === cluster.nodeName)),
      'cluster.node-not-ready',
      `node ${cluster.nodeName}`,
      lookAt(record, 'kubelet'),
    );
    return { ...gateway, problems: [...node, ...gateway.problems] };
  } catch (error) {
    return { problems: judge(messageOf(error), 'cluster.api', 'API server', lookAt(record, 'kube-apiserver')) };
  }
};

/** What an instance says whose cluster does not run. */
const notRunning: Readonly<Record<ProviderName, string>> = {
  native: 'the keeper is gone, and all that it kept with it',
  minikube: "the cluster does not run: it was stopped, or its machine ended, behind taskgate's back",
  attach: 'the cluster does not run',
};

const lookAtKeeper = async ({ places }: CommandContext, { name, provider }: InstanceRecord) => {
  if (provider !== 'native') return { problems: [] };
  const keeper = await findKeeperStatus(`${instancesDir(places.stateDir)}/${name}/keeper.sock`);
  return { ...(keeper && { keeper }), problems: keeperProblems(keeper, name) };
};

/** Looks at one instance; changes nothing. Undefined when there is none of the configured name. */
export const findStatus = async (context: CommandContext): Promise<InstanceStatus | undefined> => {
  const instance = await findInstance(context.places.stateDir, context.config.name);
  if (!instance) return undefined;
  const { journal: _, schema: __, ...record } = instance.record();
  const { name, provider } = record;
  const state = await providerOf(context, { instance }).find();
  if (state !== 'running') {
    const message = state === 'stopped' ? notRunning[provider] : absence(record);
    return {
      name,
      state,
      record,
      problems: [{ id: 'cluster.stopped', message, hint: runUp(instance.record(), context.config) }],
    };
  }
  const [keeper, api] = await Promise.all([
    lookAtKeeper(context, instance.record()),
    apiProblems(context, instance.record()),
  ]);
  return { name, state, record, ...keeper, ...api, problems: [...keeper.problems, ...api.problems] };
};

/** Minikube forgets a profile that was deleted; of a native cluster the journal tells. */
const absence = ({ cluster }: Pick<InstanceRecord, 'cluster'>): string =>
  cluster ? 'the cluster is gone: it was deleted behind our back' : 'the cluster was never started';

/** A record that cannot be read is a problem of its instance alone. */
const unreadable = (name: string, error: unknown): InstanceStatus => {
  if (!(error instanceof UserError)) throw error;
  const { id, message, hint = '' } = error;
  return { name, state: 'unknown', problems: [{ id, message, hint }] };
};

/** Looks at every instance of this user. */
export const listStatus = async (context: CommandContext): Promise<readonly InstanceStatus[]> => {
  const names = await readdir(instancesDir(context.places.stateDir)).catch((error) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  const found = await Promise.all(
    names
      .toSorted()
      .map((name) =>
        findStatus({ ...context, config: { ...context.config, name } }).catch((error) => unreadable(name, error)),
      ),
  );
  return found.filter((status) => status !== undefined);
};
