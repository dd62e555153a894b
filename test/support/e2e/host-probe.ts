import type { Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { polling, waitUntil } from '../../../src/lib/wait.ts';

type Pod = KubeObject & {
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly { readonly state: { readonly terminated?: { readonly message?: string } } }[];
  };
};

/** Runs in a chroot of the node's tree. One line `NAME yes|no` for each thing that was tried. */
const script = `
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
try() { name=$1; shift; if ( "$@" ) >/dev/null 2>&1; then echo "$name yes"; else echo "$name no"; fi; }
reads() { timeout 5 head -c 1 "$1"; }
opens() { : <"$1"; }
overwrites() { echo from the pod >"$1"; }
rewrites() { value=$(cat "$1") && printf %s "$value" >"$1"; }
for file in /etc/shadow $CANARIES; do try "read $file" reads "$file"; done
for file in $CANARIES; do overwrites "$file" 2>/dev/null; rm -f "$file"; done
try 'read a home folder' test -e /home/.
try 'write core_pattern' rewrites /proc/sys/kernel/core_pattern
try 'write hostname' rewrites /proc/sys/kernel/hostname
try 'write sysrq-trigger' overwrites /proc/sysrq-trigger
try 'write /usr' touch /usr/taskgate-probe
try 'write /sys' test -w /sys/kernel/mm/transparent_hugepage/enabled
try 'read kcore' reads /proc/kcore
try 'read kmsg' test -n "$(timeout 1 head -c 1 /dev/kmsg)"
mkdir -p /run/probe
mknod /run/probe/loop b 7 0
mknod /run/probe/disk b $DISK
try 'open a loop device' opens /run/probe/loop
try 'open the disk' opens /run/probe/disk
mount -t devtmpfs devtmpfs /run/probe 2>/dev/null && {
  try 'open a loop device of devtmpfs' opens /run/probe/loop0
  umount /run/probe
}
for name in root cwd; do
  try "a process whose $name is the host's tree" sh -c "ls -d /proc/[0-9]*/$name/etc/shadow"
done
writable() {
  for file in /proc/[0-9]*/exe /proc/1/map_files/* /proc/[0-9]*/fd/*; do
    [ "$(stat -L -f -c %T "$file" 2>/dev/null)" = "$HOST_TYPE" ] && [ -w "$file" ] && readlink "$file"
  done | grep -v -e "^$INSTANCE/" -e ^/dev/termination-log
}
found=$(writable | head -n 1)
echo "a writable program of the host \${found:-no}"
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
  [ -e $hierarchy/release_agent ] && echo 'a release_agent yes'
  [ -e $hierarchy/devices.allow ] && try 'allow all devices' sh -c "echo a >$hierarchy/devices.allow"
done
echo "capabilities $(sed -n 's/^CapBnd:\\t//p' /proc/self/status)"
`;

const volume = (name: string, path: string, mountPath = path) => ({
  volume: { name, hostPath: { path } },
  mount: { name, mountPath, mountPropagation: 'HostToContainer' },
});
/** The image has no shell: the node's own is used. */
const volumes = [volume('root', '/', '/host'), ...['usr', 'lib', 'lib64'].map((name) => volume(name, `/${name}`))];

export type ProbeOptions = {
  readonly name: string;
  readonly privileged: boolean;
  /** Values of the variables in the script. */
  readonly env: Readonly<Record<'CANARIES' | 'DISK' | 'HOST_TYPE' | 'INSTANCE', string>>;
  readonly image: string;
};

const namespace = 'host-probe';

const podOf = ({ name, privileged, env, image }: ProbeOptions): KubeObject & { readonly spec: object } => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: {
    restartPolicy: 'Never',
    hostPID: true,
    hostNetwork: true,
    volumes: volumes.map((one) => one.volume),
    containers: [
      {
        name: 'probe',
        image,
        securityContext: { privileged, runAsUser: 0 },
        command: ['/usr/bin/sh', '-c', '/usr/sbin/chroot /host /bin/sh -c "$SCRIPT" >/dev/termination-log 2>&1'],
        env: Object.entries({ ...env, SCRIPT: script }).map(([key, value]) => ({ name: key, value })),
        volumeMounts: volumes.map((one) => one.mount),
      },
    ],
  },
});

/** Runs a pod with the node's whole tree, its processes and its network; what it found out, by name. */
export const probeHost = async (kube: Kube, options: ProbeOptions): Promise<Readonly<Record<string, string>>> => {
  const labels = { 'pod-security.kubernetes.io/enforce': 'privileged' };
  await kube.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } });
  const ref = { apiVersion: 'v1', kind: 'Pod', metadata: { name: options.name, namespace } };
  const look = polling(async () => {
    // the namespace's account is made a moment after the namespace
    await kube.apply(podOf(options)).catch(() => undefined);
    return kube.get<Pod>(ref).catch(() => undefined);
  }, 500);
  const hasEnded = (pod: Pod | undefined) =>
    pod?.status?.phase === 'Succeeded' || pod?.status?.phase === 'Failed' || JSON.stringify(pod?.status ?? 'no pod');
  const pod = await waitUntil('the probe', look, hasEnded, { timeoutMs: 120_000, id: 'cluster.test' });
  const text = pod?.status?.containerStatuses?.[0]?.state.terminated?.message ?? '';
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^(.*) (\S+)$/.exec(line) ?? [];
      return name && value ? [[name, value]] : [];
    }),
  );
};
