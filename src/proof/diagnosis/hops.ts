import { hostAndPort } from '../../lib/host-and-port.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import { type MasterEndpoint, originOf } from '../../model/master-endpoint.ts';
import type { Hop } from '../../model/path.ts';
import { containerPort } from '../../model/task-listener.ts';
import type { DialResult } from '../probe/dial.ts';
import type { FoundMaster } from '../probe/placeholder-master.ts';
import type { ReverseResult } from '../probe/reverse.ts';
import type { TaskPort } from '../sample-task/task.ts';
import { findBrokenHop } from './findings.ts';
import type { PathView, PortView } from './path-view.ts';
import { findReverse } from './reverse-findings.ts';
import { type ForwardHop, forwardHops, routeConditions } from './rule.ts';

type Answered = Extract<DialResult, { readonly outcome: 'answered' }>;

/** One exposed port, the result of dialing it, and its objects at that time. */
export type ProbedPort = {
  readonly exposure: TaskPort;
  readonly dialed: DialResult;
  readonly view: PathView;
  readonly port: PortView;
  readonly gateway: GatewayEndpoint;
};

const endsOf = ({ exposure: { protocol, podPort, listenerPort }, gateway }: ProbedPort) => {
  const address = hostAndPort({ host: gateway.address, port: listenerPort });
  return {
    address: ['host', address],
    envoy: [address, 'Envoy'],
    route: ['Envoy', 'TCPRoute'],
    service: ['TCPRoute', 'Service'],
    pod: ['Service', `pod (${protocol} ${podPort})`],
  } as const satisfies Record<ForwardHop, readonly [string, string]>;
};

const makeHop = (probed: ProbedPort, hop: ForwardHop, rest: Pick<Hop, 'ok' | 'evidence' | 'latencyMs' | 'finding'>) => {
  const [from, to] = endsOf(probed)[hop];
  return { direction: 'forward' as const, from, to, ...rest };
};

const acceptance = ({ port }: ProbedPort): string =>
  routeConditions(port).some(({ type, status }) => type === 'Accepted' && status === 'True')
    ? 'Accepted'
    : 'carries traffic, its status is not written yet';

const endpointsOf = ({ port: { slices } }: ProbedPort): string =>
  slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .flatMap(({ addresses }) => addresses)
    .join(', ') || 'not known';

/** A published port connects whatever is behind it; the hops below prove the rest. */
const connectedTo = ({ gateway: { via } }: ProbedPort): string =>
  via === 'published' ? 'connected to the published port' : 'connected';

const provenHops = (probed: ProbedPort, { connectMs, latencyMs }: Answered): readonly Hop[] => {
  const { protocol, name, podPort, listenerPort } = probed.exposure;
  const [envoy] = probed.view.envoyPods;
  const where = envoy?.status?.podIP ? `${envoy.metadata.name} ${envoy.status.podIP}` : 'pod not known';
  const nonce = protocol === 'http' ? 'fresh nonce echoed over HTTP' : 'fresh host name of the pod read over plain TCP';
  return [
    makeHop(probed, 'address', { ok: true, latencyMs: connectMs, evidence: connectedTo(probed) }),
    makeHop(probed, 'envoy', { ok: true, evidence: `${where}, its port ${containerPort(listenerPort)}` }),
    makeHop(probed, 'route', { ok: true, evidence: `${name}: ${acceptance(probed)}` }),
    makeHop(probed, 'service', { ok: true, evidence: `${name}:${podPort}, endpoints ${endpointsOf(probed)}` }),
    makeHop(probed, 'pod', { ok: true, latencyMs, evidence: nonce }),
  ];
};

/** The forward hops of one port in order: all proven, or up to the first broken one with its finding. */
export const forwardHopsOf = (probed: ProbedPort): readonly Hop[] => {
  const { dialed, ...rest } = probed;
  if (dialed.outcome === 'answered') return provenHops(probed, dialed);
  const { hop: brokenHop, finding } = findBrokenHop({ ...rest, ...dialed });
  const at = forwardHops.indexOf(brokenHop);
  return forwardHops.map((hop, index) => {
    if (index < at) return makeHop(probed, hop, { ok: true, evidence: 'no problem found up to here' });
    if (index > at) return makeHop(probed, hop, { ok: false, evidence: 'not reached' });
    return makeHop(probed, hop, { ok: false, evidence: `${dialed.outcome}: ${dialed.seen}`, finding });
  });
};

export type ProbedMaster = {
  readonly dialed: ReverseResult;
  readonly master: MasterEndpoint;
  readonly found: FoundMaster;
  /** Port on which the master listens on this host. */
  readonly localPort: number;
};

const masterNameOf = (found: FoundMaster): string => {
  if (found.kind === 'master') return `master ${found.version}`;
  return found.kind === 'none' ? 'placeholder master' : 'master';
};

/** The two reverse hops: from the pod to DET_MASTER, and from there to the master. */
export const reverseHopsOf = ({ dialed, master, found, localPort }: ProbedMaster): readonly Hop[] => {
  const detMaster = `DET_MASTER ${originOf(master)}`;
  const toMaster = { direction: 'reverse', from: 'pod', to: detMaster } as const;
  const toProcess = { direction: 'reverse', from: detMaster, to: masterNameOf(found) } as const;
  const dialedWell = { ...toMaster, ok: true, evidence: 'the pod dialed it and received an answer' };
  if (dialed.outcome === 'answered') {
    const { latencyMs, evidence } = dialed;
    return [
      { ...dialedWell, latencyMs },
      { ...toProcess, ok: true, evidence },
    ];
  }
  const finding = findReverse(dialed.outcome, { seen: dialed.seen, master, found, localPort });
  const broken = { ok: false, evidence: `${dialed.outcome}: ${dialed.seen}`, finding };
  if (dialed.outcome === 'wrong') return [dialedWell, { ...toProcess, ...broken }];
  return [
    { ...toMaster, ...broken },
    { ...toProcess, ok: false, evidence: 'not reached' },
  ];
};
