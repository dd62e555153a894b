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
import { findAccountProblems } from './account.ts';
import { findDeadTasks, taskPlaceOf } from './dead-tasks.ts';
import { findForeignMasters } from './foreign-masters.ts';
import { findNodeProblems } from './node.ts';
import type { OwnMaster } from './own-master.ts';
import type { TaskListener } from './transports.ts';

/** The instance keeps its settings, so this is all that brings it up as it was. */
export const runUp = ({ name }: Pick<InstanceRecord, 'name'>): string => `run: taskgate up --name ${name}`;

const judge = (verdict: true | string, id: ErrorId, what: string, hint: string): readonly Problem[] =>
  verdict === true ? [] : [{ id, message: `${what}: ${verdict}`, hint }];

const noAccess: SeenAccess = { problems: [], nodePorts: [] };

/** Whose absence follows from that of the Gateway. */
const goneWithGateway = new Set([
  'gateway.not-programmed',
  'gateway.no-address',
  'gateway.no-contour',
  'gateway.no-envoy',
]);

/** A Gateway that was deleted is one problem, whatever went with it. */
const gatewayMissing = ({ name, namespace }: GatewaySpec, again: string): Problem => ({
  id: 'gateway.not-programmed',
  message: `Gateway ${namespace}/${name} is missing: something deleted it`,
  hint: `${again}; it creates the Gateway again, without the listeners of tasks that run`,
});

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
      return [{ ...problem, hint: verdict === 'repair' ? `${hint}; ${runUp(record)}` : hint }];
    },
  );
  const listeners = (gateway?.spec.listeners ?? []).flatMap(({ name }): TaskListener[] => {
    const port = portOfListener(name);
    return port === undefined ? [] : [{ name, port }];
  });
  const { nodePorts } = access;
  const moved = unready.map((one) =>
    one.id === 'gateway.address-moved' ? { ...one, hint: `${one.hint}; ${runUp(record)}` } : one,
  );
  const notReady = gateway
    ? moved
    : [gatewayMissing(spec, runUp(record)), ...moved.filter(({ id }) => !goneWithGateway.has(id))];
  const problems = [...drift, ...notReady, ...(isOurs ? access.problems : [])];
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

/** What the cluster's and its gateway's objects show. Tested in test/commands/status/look.test.ts. */
export const lookAtCluster = async (
  { config, env }: CommandContext,
  instance: Instance,
  ownMaster: Promise<OwnMaster>,
) => {
  const record = instance.record();
  const { cluster } = record;
  if (!cluster) return { problems: judge('up never came that far', 'cluster.unfinished', 'cluster', runUp(record)) };
  try {
    const kube = await openAccess({ ...cluster, attach: record.attach }, env);
    const settings = { ...config, ...record.settings };
    const [nodes, gateway, foreign, refused, policies, account, dead] = await Promise.all([
      kube.list<Node>({ apiVersion: 'v1', kind: 'Node' }),
      lookAtGateway(kube, config, record),
      ownMaster.then((own) => findForeignMasters(kube, own, settings)),
      findRefusedTasks(kube, settings.master.taskNamespace),
      record.networkPolicy ? findPolicyProblems(kube, record.networkPolicy) : [],
      findAccountProblems(kube, record, settings),
      findDeadTasks(kube, { ...taskPlaceOf(settings), name: record.name }),
    ]);
    const node = findNodeProblems(
      nodes,
      { ...record, cluster },
      { look: lookAt(record, 'kubelet'), up: runUp(record) },
    );
    const drifted = policies.map((problem) => ({ ...problem, hint: runUp(record) }));
    const own = [...node, ...gateway.problems, ...drifted, ...account];
    return {
      ...gateway,
      problems: [...own, ...foreign, ...refused.map(refusedProblem), ...dead.problems],
      ...(dead.notes.length > 0 && { notes: dead.notes }),
    };
  } catch (error) {
    return { problems: judge(messageOf(error), 'cluster.api', 'API server', lookAt(record, 'kube-apiserver')) };
  }
};
