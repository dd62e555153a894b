type Stop = 'SIGKILL' | 'SIGSTOP';

/** What a scenario breaks, as data. */
export type Breakage =
  | { readonly kind: 'child'; readonly child: string; readonly signal: Stop }
  | { readonly kind: 'envoy'; readonly signal: Stop }
  | { readonly kind: 'pods'; readonly of: 'envoy' | 'contour' | 'provisioner' }
  | { readonly kind: 'supervisor' }
  | { readonly kind: 'tunnel-daemon'; readonly signal: Stop }
  | { readonly kind: 'ssh'; readonly signal: Stop }
  | { readonly kind: 'link'; readonly how: 'down' | 'loss' }
  | { readonly kind: 'api'; readonly status: 429 | 500 }
  | { readonly kind: 'disk' };

export type Scenario = {
  readonly name: string;
  readonly breaks: string;
  readonly comesBack: string;
  readonly breakage: Breakage;
  /** How long it stays broken before it is mended by `chaos` itself, in seconds; 0: what is broken comes back on its own. */
  readonly lastsSeconds: number;
  /** Longest time to recovery, in seconds: from the fault, or from its end where it lasts. */
  readonly promiseSeconds: number;
  /** Whether connections through the Gateway that were open before may end by it. */
  readonly cutsForward: boolean;
  /** Whether connections through the tunnel that were open before may end by it. */
  readonly cutsReverse: boolean;
};

/** The processes of a native node, by the names that its supervisor gives them. */
export const serviceNames: readonly string[] = [
  ...['etcd', 'containerd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'],
  ...['kubelet', 'kube-proxy', 'coredns'],
];

const touchesNothing = { cutsForward: false, cutsReverse: false } as const;
const frozenSeconds = 4;

const killed = (child: string): Scenario => ({
  name: `${child}-killed`,
  breaks: `${child} of the node, by SIGKILL`,
  comesBack: 'its supervisor starts it again',
  breakage: { kind: 'child', child, signal: 'SIGKILL' },
  ...{ lastsSeconds: 0, promiseSeconds: 30, ...touchesNothing },
});

const frozen = (child: string): Scenario => ({
  name: `${child}-frozen`,
  breaks: `${child} of the node, by SIGSTOP`,
  comesBack: 'it goes on where it was',
  breakage: { kind: 'child', child, signal: 'SIGSTOP' },
  ...{ lastsSeconds: frozenSeconds, promiseSeconds: 30, ...touchesNothing },
});

const ofPods = (of: 'contour' | 'provisioner', who: string): Scenario => ({
  name: `${of}-deleted`,
  breaks: `the pods of ${who}, by delete`,
  comesBack: 'its Deployment makes a new pod',
  breakage: { kind: 'pods', of },
  ...{ lastsSeconds: 0, promiseSeconds: 30, ...touchesNothing },
});

const ofEnvoy: readonly Scenario[] = [
  {
    name: 'envoy-killed',
    breaks: 'the process of Envoy, by SIGKILL',
    comesBack: 'kubelet starts its container again',
    breakage: { kind: 'envoy', signal: 'SIGKILL' },
    ...{ lastsSeconds: 0, promiseSeconds: 45, cutsForward: true, cutsReverse: false },
  },
  {
    name: 'envoy-frozen',
    breaks: 'the process of Envoy, by SIGSTOP',
    comesBack: 'it goes on where it was',
    breakage: { kind: 'envoy', signal: 'SIGSTOP' },
    ...{ lastsSeconds: frozenSeconds, promiseSeconds: 30, ...touchesNothing },
  },
  {
    name: 'envoy-deleted',
    breaks: 'the pods of Envoy, by delete',
    comesBack: 'a new pod takes over',
    breakage: { kind: 'pods', of: 'envoy' },
    ...{ lastsSeconds: 0, promiseSeconds: 45, cutsForward: true, cutsReverse: false },
  },
];

const ofTunnel: readonly Scenario[] = [
  {
    name: 'tunnel-daemon-killed',
    breaks: 'the tunnel daemon, by SIGKILL, and with it ssh or ngrok',
    comesBack: 'the next up opens the tunnel again',
    breakage: { kind: 'tunnel-daemon', signal: 'SIGKILL' },
    ...{ lastsSeconds: 0, promiseSeconds: 60, cutsForward: false, cutsReverse: true },
  },
  {
    name: 'tunnel-daemon-frozen',
    breaks: 'the tunnel daemon, by SIGSTOP',
    comesBack: 'it goes on where it was',
    breakage: { kind: 'tunnel-daemon', signal: 'SIGSTOP' },
    ...{ lastsSeconds: frozenSeconds, promiseSeconds: 30, cutsForward: false, cutsReverse: true },
  },
  {
    name: 'ssh-killed',
    breaks: "the tunnel's ssh, by SIGKILL",
    comesBack: 'the tunnel daemon starts it again, at the old address',
    breakage: { kind: 'ssh', signal: 'SIGKILL' },
    ...{ lastsSeconds: 0, promiseSeconds: 30, cutsForward: false, cutsReverse: true },
  },
  {
    name: 'ssh-frozen',
    breaks: "the tunnel's ssh, by SIGSTOP",
    comesBack: 'it goes on where it was, or is started again',
    breakage: { kind: 'ssh', signal: 'SIGSTOP' },
    ...{ lastsSeconds: frozenSeconds, promiseSeconds: 30, cutsForward: false, cutsReverse: true },
  },
];

const ofNetwork: readonly Scenario[] = [
  {
    name: 'link-down',
    breaks: 'the link between this host and the node, set down and up again',
    comesBack: 'what was sent meanwhile is sent again',
    breakage: { kind: 'link', how: 'down' },
    ...{ lastsSeconds: 3, promiseSeconds: 30, ...touchesNothing },
  },
  {
    name: 'packets-lost',
    breaks: 'three of ten packets to the node are lost',
    comesBack: 'what was lost is sent again',
    breakage: { kind: 'link', how: 'loss' },
    ...{ lastsSeconds: 6, promiseSeconds: 30, ...touchesNothing },
  },
];

const ofAnswers = ([429, 500] as const).map(
  (status): Scenario => ({
    name: `api-${status}`,
    breaks: `every second answer of the API server is ${status}`,
    comesBack: 'each request is tried again and none fails',
    breakage: { kind: 'api', status },
    ...{ lastsSeconds: 6, promiseSeconds: 20, ...touchesNothing },
  }),
);

/** The scenario where anything may take so many times as long as stated. */
export const withSlack = (scenario: Scenario, slack: number): Scenario => ({
  ...scenario,
  promiseSeconds: scenario.promiseSeconds * slack,
});

/** Every scenario, in the order in which a run without a seed would have them. */
export const scenarios: readonly Scenario[] = [
  ...serviceNames.flatMap((child) => [killed(child), frozen(child)]),
  ...ofEnvoy,
  ofPods('contour', 'Contour'),
  ofPods('provisioner', "Contour's provisioner"),
  {
    name: 'supervisor-killed',
    breaks: 'the supervisor of the node, by SIGKILL, and with it the whole node',
    comesBack: 'the next up starts the node with its data',
    breakage: { kind: 'supervisor' },
    ...{ lastsSeconds: 0, promiseSeconds: 90, cutsForward: true, cutsReverse: false },
  },
  ...ofTunnel,
  ...ofNetwork,
  ...ofAnswers,
  {
    name: 'disk-full',
    breaks: "the disk of the instance's folder is full for an up and a status",
    comesBack: 'they say so, and nothing is damaged',
    breakage: { kind: 'disk' },
    ...{ lastsSeconds: 0, promiseSeconds: 60, ...touchesNothing },
  },
];
