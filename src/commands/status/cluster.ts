import { readNodeUse } from '../../cluster/native/isolation/limits.ts';
import { isNodeReady } from '../../cluster/readiness.ts';
import type { Config } from '../../config/config.ts';
import { gatewayApiBundle } from '../../config/versions.ts';
import { findGatewayProblems } from '../../gateway/install/drift.ts';
import { inspectGatewayAPI } from '../../gateway/install/installed.ts';
import { findPolicyProblems } from '../../gateway/policies/kept.ts';
import { inspectAccess, type SeenAccess } from '../../gateway/ready/access.ts';
import { findUnready } from '../../gateway/ready/readiness.ts';
import type { GatewaySpec } from '../../gateway/spec.ts';
import { openAccess } from '../../instance/access.ts';
import { identityOf } from '../../instance/identity.ts';
import type { Instance } from '../../instance/instance.ts';
import { instanceDirOf, instancePaths } from '../../instance/paths.ts';
import type { InstanceRecord } from '../../instance/record.ts';
import { type ErrorId, messageOf } from '../../lib/errors.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { Gateway, Node } from '../../lib/kube/shapes.ts';
import { gatewayRef } from '../../model/gateway-api.ts';
import { isOfInstance } from '../../model/labels.ts';
import type { Problem } from '../../model/problem.ts';
import { portOfListener } from '../../model/task-listener.ts';
import { findRefusedTasks, type RefusedTask } from '../../proof/diagnosis/refused-tasks.ts';
import type { CommandContext } from '../../providers/context.ts';
import type { SupervisorStatus } from '../../supervisor/spec.ts';
import { findSupervisorStatus } from '../../supervisor/status-socket.ts';
import { findForeignMasters } from './foreign-masters.ts';
import type { TaskListener } from './transports.ts';
import { upAgain } from './up-again.ts';

export const runUp = (record: InstanceRecord, config: Config): string => `run: ${upAgain(record, config)}`;

const judge = (verdict: true | string, id: ErrorId, what: string, hint: string): readonly Problem[] =>
  verdict === true ? [] : [{ id, message: `${what}: ${verdict}`, hint }];

const supervisorProblems = (supervisor: SupervisorStatus | undefined, name: string): readonly Problem[] => {
  if (!supervisor) {
    const message = 'the supervisor runs but does not answer on its socket';
    return [{ id: 'cluster.keeper-silent', message, hint: `taskgate down --name ${name}, then up` }];
  }
  return supervisor.children
    .filter(({ state }) => state !== 'ready')
    .map((child) => ({
      id: 'cluster.child-not-ready',
      message: `${child.name} is ${child.state}, restarted ${child.restarts} times${child.lastExit ? `, last: ${child.lastExit}` : ''}`,
      hint: `see: taskgate logs ${child.name} --name ${name}`,
    }));
};

const noAccess: SeenAccess = { problems: [], nodePorts: [] };

/** Compares with what the instance was made with; if its record has no settings, with today's. */
export const lookAtGateway = async (kube: Kube, config: Config, record: InstanceRecord) => {
  const spec: GatewaySpec = { ...identityOf(record), ...(record.settings?.gateway ?? config.gateway) };
  const address = record.publishedAddress ?? record.gateway?.address ?? record.cluster?.nodeAddress ?? '';
  const [installed, unready, gateway, access] = await Promise.all([
    inspectGatewayAPI(kube, spec),
    findUnready(kube, spec, address),
    kube.find<Gateway>(gatewayRef(spec)),
    record.gateway ? inspectAccess(kube, spec, record.gateway.allowFrom) : noAccess,
  ]);
  // the Service of a Gateway that somebody else made is theirs
  const isOurs = gateway !== undefined && isOfInstance(gateway, identityOf(record));
  const drift = findGatewayProblems(installed, { ...gatewayApiBundle, listenerLimit: spec.listenerLimit }).flatMap(
    ({ verdict, hint, ...problem }): readonly Problem[] => {
      if (verdict === 'note') return [];
      return [{ ...problem, hint: verdict === 'repair' ? `${hint}; ${runUp(record, config)}` : hint }];
    },
  );
  const listeners = (gateway?.spec.listeners ?? []).flatMap(({ name }): TaskListener[] => {
    const port = portOfListener(name);
    return port === undefined ? [] : [{ name, port }];
  });
  const { nodePorts } = access;
  const moved = unready.map((one) =>
    one.id === 'gateway.address-moved' ? { ...one, hint: `${one.hint}; ${runUp(record, config)}` } : one,
  );
  const problems = [...drift, ...moved, ...(isOurs ? access.problems : [])];
  return { taskListeners: listeners.length, listeners, ...(nodePorts.length > 0 && { nodePorts }), problems };
};

/** Where a component's log is; only a native one has it here. */
const lookAt = ({ name, provider, cluster }: InstanceRecord, component: 'kubelet' | 'kube-apiserver'): string =>
  provider === 'native'
    ? `see: taskgate logs ${component} --name ${name}`
    : `see: kubectl --kubeconfig ${cluster?.kubeconfigPath} get nodes,events --all-namespaces`;

/** Not the cluster's fault: nothing that `up` makes would change it. */
export const taskRefusedId = 'cluster.task-refused';

const refusedProblem = ({ job, finding: { cause, hint } }: RefusedTask): Problem => ({
  id: taskRefusedId,
  message: `task ${job} has no pod: ${cause}`,
  hint,
});

/** What the cluster's and its gateway's objects show. */
export const lookAtCluster = async ({ config, env }: CommandContext, instance: Instance) => {
  const record = instance.record();
  const { cluster } = record;
  if (!cluster)
    return { problems: judge('up never came that far', 'cluster.unfinished', 'cluster', runUp(record, config)) };
  try {
    const kube = await openAccess({ ...cluster, attach: record.attach }, env);
    const settings = { ...config, ...record.settings };
    const [nodes, gateway, foreign, refused, policies] = await Promise.all([
      kube.list<Node>({ apiVersion: 'v1', kind: 'Node' }),
      lookAtGateway(kube, config, record),
      findForeignMasters(kube, instance, settings),
      findRefusedTasks(kube, settings.master.taskNamespace),
      record.networkPolicy ? findPolicyProblems(kube, record.networkPolicy) : [],
    ]);
    const node = judge(
      isNodeReady(new Date(0))(nodes.filter(({ metadata }) => metadata.name === cluster.nodeName)),
      'cluster.node-not-ready',
      `node ${cluster.nodeName}`,
      lookAt(record, 'kubelet'),
    );
    const drifted = policies.map((problem) => ({ ...problem, hint: runUp(record, config) }));
    const own = [...node, ...gateway.problems, ...drifted];
    return { ...gateway, problems: [...own, ...foreign, ...refused.map(refusedProblem)] };
  } catch (error) {
    return { problems: judge(messageOf(error), 'cluster.api', 'API server', lookAt(record, 'kube-apiserver')) };
  }
};

/** The processes of a native cluster. Tested in test/commands/status/look.test.ts. */
export const lookAtSupervisor = async ({ folders }: CommandContext, { name, provider, journal }: InstanceRecord) => {
  if (provider !== 'native') return { problems: [] };
  const keeper = await findSupervisorStatus(instancePaths(instanceDirOf(folders.stateDir, name)).supervisorSocketPath);
  const use = await readNodeUse(journal.flatMap((one) => (one.kind === 'cgroups' ? one.paths : [])));
  return { ...(keeper && { keeper }), use, problems: supervisorProblems(keeper, name) };
};
