import { nodePaths } from '../../instance/paths.ts';
import { systemPath } from '../../lib/process/system-path.ts';
import type { Child } from '../../supervisor/spec.ts';
import { probeTls } from './pki.ts';
import { type NativeSpec, type NodePolicyEngine, nodeName } from './spec.ts';

type Paths = ReturnType<typeof nodePaths>;

const etcdUrl = 'http://127.0.0.1:2379';
const peerUrl = 'http://127.0.0.1:2380';

/**
 * A Determined master watches pods and nodes with client-go's RetryWatcher, which begins again at the version of its last event, and
 * panics when that is answered with 410. A kube-apiserver that was restarted has a watch cache that knows no version before its start;
 * without one for these kinds etcd serves them, as far back as its history goes.
 */
const uncached = ['pods', 'nodes'];

/**
 * Without the watch cache there are no bookmarks either, so a watch without events never moves on: nothing but a restart may end it,
 * and etcd must not forget where it began. An idle node writes some 30,000 revisions a day.
 */
const keptRevisions = 50_000;
const historyBytes = 8 * 2 ** 30;
const watchSeconds = 365 * 24 * 3_600;

const etcd = ({ binaries, name }: NativeSpec, { nodeDir }: Paths): Child => ({
  name: 'etcd',
  after: [],
  probe: { kind: 'http', url: `${etcdUrl}/health` },
  command: [
    binaries.etcd,
    `--name=${nodeName(name)}`,
    `--data-dir=${nodeDir}/etcd`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=${nodeName(name)}=${peerUrl}`,
    '--unsafe-no-fsync',
    // one member elects itself at once; the defaults cost half a second
    '--heartbeat-interval=20',
    '--election-timeout=100',
    '--auto-compaction-mode=revision',
    `--auto-compaction-retention=${keptRevisions}`,
    `--quota-backend-bytes=${historyBytes}`,
  ],
});

const containerd = ({ binaries }: NativeSpec, { configDir }: Paths): Child => ({
  name: 'containerd',
  after: [],
  probe: { kind: 'socket', path: '/run/containerd/containerd.sock' },
  command: [binaries.containerd, '--config', `${configDir}/containerd.toml`],
});

const kubeApiserver = ({ binaries, instanceDir, network }: NativeSpec, { pkiDir }: Paths): Child => ({
  name: 'kube-apiserver',
  after: [],
  probe: { kind: 'http', url: 'https://127.0.0.1:6443/livez', tls: probeTls(instanceDir) },
  command: [
    binaries['kube-apiserver'],
    `--etcd-servers=${etcdUrl}`,
    `--advertise-address=${network.nodeAddress}`,
    '--secure-port=6443',
    `--service-cluster-ip-range=${network.serviceCidr}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--client-ca-file=${pkiDir}/ca.crt`,
    `--tls-cert-file=${pkiDir}/apiserver.crt`,
    `--tls-private-key-file=${pkiDir}/apiserver.key`,
    `--kubelet-client-certificate=${pkiDir}/apiserver-kubelet-client.crt`,
    `--kubelet-client-key=${pkiDir}/apiserver-kubelet-client.key`,
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${pkiDir}/sa.pub`,
    `--service-account-signing-key-file=${pkiDir}/sa.key`,
    `--requestheader-client-ca-file=${pkiDir}/front-proxy-ca.crt`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-username-headers=X-Remote-User',
    `--proxy-client-cert-file=${pkiDir}/front-proxy-client.crt`,
    `--proxy-client-key-file=${pkiDir}/front-proxy-client.key`,
    '--profiling=false',
    '--enable-priority-and-fairness=false',
    `--watch-cache-sizes=${uncached.map((kind) => `${kind}#0`).join(',')}`,
    // 0: etcd compacts by itself, above; the API server's own way is to forget all that is older than five minutes
    '--etcd-compaction-interval=0',
    `--min-request-timeout=${watchSeconds}`,
    // the gateway's admission policies need it; beta and off by default in 1.34
    '--feature-gates=MutatingAdmissionPolicy=true',
    '--runtime-config=admissionregistration.k8s.io/v1beta1=true',
  ],
});

const kubeControllerManager = ({ binaries }: NativeSpec, { pkiDir, kubeconfigDir }: Paths): Child => ({
  name: 'kube-controller-manager',
  after: ['kube-apiserver'],
  probe: { kind: 'http', url: 'https://127.0.0.1:10257/healthz', tls: {} },
  command: [
    binaries['kube-controller-manager'],
    `--kubeconfig=${kubeconfigDir}/controller-manager.conf`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
    `--service-account-private-key-file=${pkiDir}/sa.key`,
    `--root-ca-file=${pkiDir}/ca.crt`,
    // without it the not-ready taint is never removed
    '--use-service-account-credentials=true',
    '--allocate-node-cidrs=false',
    '--node-monitor-period=1s',
    '--profiling=false',
    `--cluster-signing-cert-file=${pkiDir}/ca.crt`,
    `--cluster-signing-key-file=${pkiDir}/ca.key`,
    '--endpointslice-updates-batch-period=0s',
    '--kube-api-qps=200',
    '--kube-api-burst=400',
  ],
});

const kubeScheduler = ({ binaries }: NativeSpec, { kubeconfigDir }: Paths): Child => ({
  name: 'kube-scheduler',
  after: ['kube-apiserver'],
  probe: { kind: 'http', url: 'https://127.0.0.1:10259/readyz', tls: {} },
  command: [
    binaries['kube-scheduler'],
    `--kubeconfig=${kubeconfigDir}/scheduler.conf`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
    '--authentication-tolerate-lookup-failure=true',
    '--profiling=false',
  ],
});

const kubelet = ({ binaries, name, network }: NativeSpec, { configDir, kubeconfigDir, nodeDir }: Paths): Child => ({
  name: 'kubelet',
  after: ['etcd', 'containerd'],
  probe: { kind: 'http', url: 'http://127.0.0.1:10248/healthz' },
  command: [
    binaries.kubelet,
    `--config=${configDir}/kubelet.yaml`,
    `--kubeconfig=${kubeconfigDir}/kubelet.conf`,
    `--root-dir=${nodeDir}/kubelet`,
    `--hostname-override=${nodeName(name)}`,
    `--node-ip=${network.nodeAddress}`,
  ],
});

const kubeProxy = ({ binaries }: NativeSpec, { configDir }: Paths): Child => ({
  name: 'kube-proxy',
  after: ['etcd'],
  probe: { kind: 'http', url: 'http://127.0.0.1:10256/healthz' },
  command: [binaries['kube-proxy'], `--config=${configDir}/kube-proxy.yaml`],
});

const coredns = ({ binaries }: NativeSpec, { configDir }: Paths): Child => ({
  name: 'coredns',
  after: ['etcd'],
  probe: { kind: 'http', url: 'http://127.0.0.1:8181/ready' },
  command: [binaries.coredns, '-conf', `${configDir}/Corefile`],
  env: { GOMAXPROCS: '1' },
});

/** Name of the child that enforces NetworkPolicies. */
export const policyEngineName = 'kube-router';

/**
 * Of kube-router only the network policy controller. It writes the filter table of iptables and leaves Services to
 * kube-proxy. Its health page would listen on all addresses, so it has none.
 */
const policyEngine = (
  { kubeRouter, path, libraries }: NodePolicyEngine,
  { name, network, path: nodePath, env }: NativeSpec,
  { kubeconfigDir }: Paths,
): Child => ({
  name: policyEngineName,
  // it ends if the node is not registered yet, which kube-proxy waits for
  after: ['kube-proxy'],
  probe: { kind: 'running' },
  command: [
    kubeRouter,
    `--kubeconfig=${kubeconfigDir}/super-admin.conf`,
    '--run-firewall=true',
    '--run-router=false',
    '--run-service-proxy=false',
    `--service-cluster-ip-range=${network.serviceCidr}`,
    `--hostname-override=${nodeName(name)}`,
    '--iptables-sync-period=1m',
    '--health-port=0',
  ],
  env: {
    PATH: [...path, ...nodePath, ...systemPath].join(':'),
    ...(libraries.length > 0 && { LD_LIBRARY_PATH: [env['LD_LIBRARY_PATH'], ...libraries].filter(Boolean).join(':') }),
  },
});

/** The node's processes, each after those that it needs. */
export const nodeChildren = (spec: NativeSpec): readonly Child[] => {
  const env = { PATH: [...spec.path, ...systemPath].join(':'), TMPDIR: '/run/tmp', ...spec.env };
  const makers = [etcd, containerd, kubeApiserver, kubeControllerManager, kubeScheduler, kubelet, kubeProxy, coredns];
  const paths = nodePaths(spec.instanceDir);
  const children = [
    ...makers.map((make) => make(spec, paths)),
    ...(spec.policyEngine ? [policyEngine(spec.policyEngine, spec, paths)] : []),
  ];
  return children.map((child) => ({ ...child, env: { ...env, ...child.env } }));
};
