const fixed = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'package.json',
  'scripts/taskgate.js',
  'scripts/pinned-node.js',
  'dist/package.json',
  'dist/node/package.json',
  'dist/node/package-lock.json',
  'dist/scripts/supervisor.js',
  'dist/scripts/tunnel-daemon.js',
  ...['contour', 'coredns', 'etcd', 'kube-router', 'kubernetes'].flatMap((name) => [
    `dist/templates/go/${name}/go.mod`,
    `dist/templates/go/${name}/go.sum`,
  ]),
  ...['Corefile', 'cni.json', 'containerd.toml', 'kube-proxy.yaml', 'kubeadm.yaml', 'kubelet.yaml'].map(
    (name) => `dist/templates/native/${name}`,
  ),
  ...['determined.in', 'determined.txt', 'jupyterlab.in', 'jupyterlab.txt'].map(
    (name) => `dist/templates/python/${name}`,
  ),
];

export type Unexpected = { readonly missing: readonly string[]; readonly unknown: readonly string[] };

/**
 * Compares the files of a package with what it should have: a JavaScript file for each source, templates of a native node,
 * the two background programs, the pages of docs/. No tests, no rig, no benchmark. `sources`: paths below src/.
 */
export const unexpectedFiles = (packed: readonly string[], sources: readonly string[]): Unexpected => {
  const built = sources.filter((path) => path.endsWith('.ts')).map((path) => `dist/src/${path.replace(/ts$/, 'js')}`);
  const wanted = new Set([...fixed, ...built]);
  return {
    missing: [...wanted].filter((path) => !packed.includes(path)),
    unknown: packed.filter((path) => !wanted.has(path) && !/^docs\/.+\.md$/.test(path)),
  };
};
