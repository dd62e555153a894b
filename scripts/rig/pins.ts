import { pins } from '../../src/config/versions.ts';

/** A program built from within its own downloaded Go module, whose go.sum then counts. */
export type ModulePin = {
  readonly name: string;
  readonly module: string;
  readonly version: string;
  readonly package: string;
  readonly ldflags: string;
  /** Needs a C compiler. */
  readonly cgo?: boolean;
  readonly tags?: string;
};

const { version: minikubeVersion } = pins.minikube;

/** What the rig needs on top of taskgate's own artifacts. */
export const rigPins = {
  minikube: {
    name: 'minikube',
    module: 'k8s.io/minikube',
    version: minikubeVersion,
    package: './cmd/minikube',
    // as its Makefile has it; without cgo and the tag its kvm driver does not compile
    cgo: true,
    tags: 'libvirt_dlopen',
    ldflags: [
      '-s -w',
      `-X k8s.io/minikube/pkg/version.version=${minikubeVersion}`,
      '-X k8s.io/minikube/pkg/version.isoVersion=v1.38.0',
      '-X k8s.io/minikube/pkg/version.storageProvisionerVersion=v5',
    ].join(' '),
  },
  crictl: {
    name: 'crictl',
    module: 'sigs.k8s.io/cri-tools',
    // later ones are not complete in the checksum database; the CRI is the same
    version: 'v1.30.0',
    package: './cmd/crictl',
    ldflags: '-s -w -X sigs.k8s.io/cri-tools/pkg/version.Version=v1.30.0',
  },
  /** Unpacked, not installed. */
  hostPackages: ['docker.io', 'debootstrap', 'libdevmapper1.02.1'],
  node: {
    suite: 'bookworm',
    /** Tagged like the node image that this minikube starts by itself. */
    image: 'local/kicbase-full:v0.0.50',
    packages: [
      ...['systemd', 'systemd-sysv', 'dbus', 'udev', 'kmod', 'util-linux', 'mount', 'procps', 'sudo', 'bash'],
      ...['containerd', 'runc', 'containernetworking-plugins', 'libseccomp2', 'iptables', 'ebtables', 'ethtool'],
      ...['conntrack', 'socat', 'iproute2', 'iputils-ping', 'netcat-openbsd', 'dnsutils', 'openssh-server'],
      ...['ca-certificates', 'curl', 'gnupg', 'jq', 'lz4', 'pigz', 'rsync', 'nfs-common'],
    ],
  },
} as const satisfies { minikube: ModulePin; crictl: ModulePin; [other: string]: unknown };

/** For the suite of kind; apart from {@link rigPins}, for Minikube's node image does not depend on it. */
export const kindPins = {
  program: {
    name: 'kind',
    module: 'sigs.k8s.io/kind',
    version: 'v0.30.0',
    package: '.',
    ldflags: '-s -w -buildid=',
  },
  /** What the suite builds out of Minikube's node image. */
  nodeImage: `local/kind-node:${pins.kubernetes.version}`,
} as const satisfies { program: ModulePin; nodeImage: string };
