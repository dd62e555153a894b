import type { Kube } from '../../lib/kube/client.ts';
import { listServed } from '../../lib/kube/list.ts';
import type { Gateway } from '../../lib/kube/shapes.ts';
import type { KubeObject, Selection } from '../../lib/kube/types.ts';
import type { Report } from '../../lib/progress.ts';
import { type Verdict, waitUntil } from '../../lib/wait.ts';
import { contourName, envoyName, envoyPods } from '../../model/contour-names.ts';
import { gatewayClassKind, gatewayKind } from '../../model/gateway-api.ts';
import type { Problem } from '../../model/problem.ts';
import { type GatewaySpec, provisioner } from '../spec.ts';
import type { WaitInput } from './address.ts';
import { addressHint } from './agreed-address.ts';
import { watchForBlockers } from './blockers.ts';
import { hasAddress, isAccepted, isAnyPodReady, isAvailable, isProgrammed, theOne } from './conditions.ts';
import { findDnsTrouble } from './dns.ts';
import { newestWarning } from './events.ts';

type Wait<T extends KubeObject> = {
  readonly what: string;
  readonly selection: Selection;
  readonly judge: (objects: readonly T[]) => Verdict;
  readonly id: `gateway.${string}`;
  readonly hint: string;
};

type WaitContext = WaitInput & { readonly kube: Kube; readonly spec: GatewaySpec; readonly report?: Report };

/** What is known besides the object's own state, at the deadline. */
const explainWait = async (kube: Kube, { namespace }: GatewaySpec): Promise<string | undefined> => {
  const looks = [findDnsTrouble(kube), newestWarning(kube, namespace)];
  const found = await Promise.all(looks.map((look) => look.catch(() => undefined)));
  return found.filter(Boolean).join('; ') || undefined;
};

const waitFor = async <T extends KubeObject>(
  { what, selection, judge, id, hint }: Wait<T>,
  { kube, spec, report, timeoutMs, signal }: WaitContext,
): Promise<void> => {
  await waitUntil(what, (until) => kube.watch<T>(selection, until), judge, {
    timeoutMs,
    id,
    hint,
    explain: () => explainWait(kube, spec),
    signal,
    onVerdict: (state) => report?.({ name: what, state }),
  });
};

/**
 * Waits until GatewayClass, Gateway, Contour and Envoy are all ready, watching them concurrently. Envoy's pod is the last:
 * the Gateway is Programmed seconds before traffic can flow.
 * Throws UserError `gateway.not-accepted`, `.not-programmed`, `.no-contour` or `.no-envoy` at the deadline, and at once what
 * {@link watchForBlockers} throws.
 */
export const waitForGateway = async (input: WaitContext): Promise<void> => {
  await together(input.signal, (signal) => {
    const context = { ...input, signal };
    const isReady = new AbortController();
    const waits = [
      ...gatewayWaits(input.spec).map((wait) => waitFor(wait, context)),
      ...podWaits(input.spec).map((wait) => waitFor(wait, context)),
    ];
    const blockers = watchForBlockers(input.kube, input.spec, AbortSignal.any([signal, isReady.signal]));
    return [Promise.all(waits).finally(() => isReady.abort()), blockers];
  });
};

/** Checks once what {@link waitForGateway} and {@link awaitAgreedAddress} wait for; reports what is not ready, and why. */
export const findUnready = async (kube: Kube, spec: GatewaySpec, address: string): Promise<readonly Problem[]> => {
  const look = async <T extends KubeObject>({
    what,
    selection,
    judge,
    id,
    hint,
  }: Wait<T>): Promise<readonly Problem[]> => {
    const verdict = judge(await listServed<T>(kube, selection));
    return verdict === true ? [] : [{ id, message: `${what}: ${verdict}`, hint }];
  };
  const looks = [
    ...[...gatewayWaits(spec), addressWait(spec, address)].map((wait) => look(wait)),
    ...podWaits(spec).map((wait) => look(wait)),
  ];
  const found = (await Promise.all(looks)).flat();
  return found.map((problem) => explainAddress(problem, spec));
};

/** Runs tasks concurrently; the first failure aborts the others. */
export const together = async (
  outer: AbortSignal | undefined,
  start: (signal: AbortSignal) => readonly Promise<unknown>[],
): Promise<void> => {
  const stop = new AbortController();
  try {
    await Promise.all(start(outer ? AbortSignal.any([outer, stop.signal]) : stop.signal));
  } finally {
    stop.abort();
  }
};

const gatewaySelection = ({ name, namespace }: GatewaySpec): Selection => ({
  ...gatewayKind,
  namespace,
  name,
});

const gatewayWaits = (spec: GatewaySpec): readonly Wait<Gateway>[] => {
  const { name, namespace, className } = spec;
  return [
    {
      what: `GatewayClass ${className}`,
      selection: { ...gatewayClassKind, name: className },
      judge: theOne(isAccepted),
      id: 'gateway.not-accepted',
      hint: "Contour's provisioner accepts it; see the log of deployment/contour-gateway-provisioner in namespace projectcontour",
    },
    {
      what: `Gateway ${name}`,
      selection: gatewaySelection(spec),
      judge: theOne(isProgrammed),
      id: 'gateway.not-programmed',
      hint: `Contour writes it; see the log of deployment/${contourName(spec)} in namespace ${namespace}`,
    },
  ];
};

/** Another address than the recorded one: the master's files name one that is served no more. */
const explainAddress = (problem: Problem, spec: GatewaySpec): Problem =>
  problem.message.includes(': its address is ')
    ? {
        ...problem,
        id: 'gateway.address-moved',
        hint: `another controller has set the status of service/${envoyName(spec)} since; \`up\` takes the new address over`,
      }
    : problem;

const addressWait = (spec: GatewaySpec, address: string): Wait<Gateway> => ({
  what: `Gateway ${spec.name}'s address`,
  selection: gatewaySelection(spec),
  judge: theOne(hasAddress(address)),
  id: 'gateway.no-address',
  hint: addressHint(spec),
});

const podWaits = (spec: GatewaySpec): readonly Wait<KubeObject>[] => [
  {
    what: `Deployment ${provisioner.name}`,
    selection: { apiVersion: 'apps/v1', kind: 'Deployment', ...provisioner },
    judge: theOne(isAvailable),
    id: 'gateway.no-provisioner',
    hint: `without it, no new listener gets a port; see kubectl describe deployment ${provisioner.name} --namespace ${provisioner.namespace}`,
  },
  {
    what: `Deployment ${contourName(spec)}`,
    selection: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: spec.namespace, name: contourName(spec) },
    judge: theOne(isAvailable),
    id: 'gateway.no-contour',
    hint: `see kubectl describe deployment ${contourName(spec)} --namespace ${spec.namespace}`,
  },
  {
    what: `Envoy ${envoyName(spec)}`,
    selection: envoyPods(spec),
    judge: isAnyPodReady,
    id: 'gateway.no-envoy',
    hint: `see kubectl describe pods --selector app=${envoyName(spec)} --namespace ${spec.namespace}`,
  },
];
