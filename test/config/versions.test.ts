import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { imageRef, pins } from '../../src/config/versions.ts';

const goMod = (module: string): string =>
  readFileSync(join(import.meta.dirname, '../../templates/go', module, 'go.mod'), 'utf8');

const required = (module: string, path: string): string | undefined =>
  new RegExp(`^\\s*(?:require )?${path} (v\\S+)`, 'm').exec(goMod(module))?.[1];

describe('the pins agree with what the go command is told', () => {
  test.each([
    ['kubernetes', 'k8s.io/kubernetes', pins.kubernetes.version],
    ['etcd', 'go.etcd.io/etcd/server/v3', pins.etcd.version],
    ['contour', 'github.com/projectcontour/contour', pins.contour.version],
    ['coredns', 'github.com/coredns/coredns', pins.coredns.version],
    ['contour', 'github.com/projectcontour/contour', pins.contourManifest.version],
    ['kube-router', 'github.com/cloudnativelabs/kube-router/v2', pins.kubeRouter.version],
  ])('%s: %s %s', (module, path, version) => expect(required(module, path)).toBe(version));

  test('Kubernetes and the modules that it is released with', () => {
    const staging = [...goMod('kubernetes').matchAll(/=> k8s\.io\/\S+ (v\S+)/g)].map(([, version]) => version);
    expect(staging.length).toBeGreaterThan(25);
    expect(new Set(staging)).toEqual(new Set([pins.kubernetes.version.replace('v1.', 'v0.')]));
  });

  test('every package that is built belongs to a module that is required', () => {
    for (const { go } of [pins.kubernetes, pins.agnhost, pins.etcd, pins.coredns, pins.contour, pins.kubeRouter]) {
      for (const path of go.packages) {
        const module = [
          ...['k8s.io/kubernetes', 'go.etcd.io/etcd/server/v3', 'github.com/coredns/coredns'],
          'github.com/cloudnativelabs/kube-router/v2',
        ].find((each) => path.startsWith(each));
        expect(required(go.module, module ?? 'github.com/projectcontour/contour')).toBeDefined();
      }
    }
  });
});

test('.nvmrc names the Node.js that npm installs', () => {
  const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
  const { optionalDependencies } = JSON.parse(read('scripts/node/package.json')) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([read('.nvmrc').trim()]));
});

test('the version that Kubernetes programs report is the pinned one', () => {
  const [, minor] = pins.kubernetes.version.split('.');
  const { ldflags } = pins.kubernetes.go;
  expect(ldflags.match(new RegExp(`gitVersion=${pins.kubernetes.version}\\b`, 'g'))).toHaveLength(2);
  expect(ldflags.match(new RegExp(`gitMinor=${minor}\\b`, 'g'))).toHaveLength(2);
});

test.each([
  ['pause', 'registry.k8s.io/pause:3.10'],
  ['agnhost', `registry.k8s.io/e2e-test-images/agnhost:${pins.agnhost.version}`],
] as const)('the image %s is %s, and pinned', (name, ref) => {
  expect(imageRef(name)).toBe(ref);
  expect(pins.images.map((image): string => image.ref)).toContain(ref);
});

test('the engine of network policies is the same on a node and in its image', () => {
  expect(imageRef('kube-router')).toBe(`docker.io/cloudnativelabs/kube-router:${pins.kubeRouter.version}`);
  expect(pins.kubeRouter.go.ldflags).toContain(`version.Version=${pins.kubeRouter.version}`);
});

test('the names of images carry the pinned versions', () => {
  expect(pins.images.map(({ ref }) => ref)).toEqual([
    'registry.k8s.io/pause:3.10',
    `registry.k8s.io/e2e-test-images/agnhost:${pins.agnhost.version}`,
    `ghcr.io/projectcontour/contour:${pins.contour.version}`,
    `docker.io/envoyproxy/envoy:distroless-${pins.envoy.version}`,
  ]);
});

describe('the lists of Python packages of the small task image', () => {
  const read = (file: string): string =>
    readFileSync(join(import.meta.dirname, '../../templates/python', file), 'utf8');
  const { determined, jupyterlab, version } = pins.taskImage;

  test.each([determined, jupyterlab])('$file is the pinned one', ({ file, sha256 }) =>
    expect(createHash('sha256').update(read(file)).digest('hex')).toBe(sha256));

  test('the first has the pinned version of Determined', () => {
    expect(read('determined.in').split('\n').slice(2)).toEqual([`determined==${version}`, '']);
    expect(read(determined.file)).toMatch(new RegExp(`^determined==${version.replaceAll('.', '\\.')} `, 'm'));
  });

  test.each([determined, jupyterlab])('each line of $file is a version with digests, and none names an address', ({
    file,
  }) => {
    const packages = read(file)
      .split(/\n(?! )/)
      .filter(Boolean);
    expect(packages.length).toBeGreaterThan(60);
    for (const one of packages) {
      expect(one).toMatch(/^[a-z0-9-]+(\[[a-z,]+\])?==\S+( ; [^\\]+)? \\\n( {4}--hash=sha256:[0-9a-f]{64}( \\\n)?)+$/);
    }
  });

  test('the second agrees with the first about what both have', () => {
    const versions = (file: string) =>
      new Map([...read(file).matchAll(/^([a-z0-9-]+)==(\S+)/gm)].map(([, a, b]) => [a, b]));
    const [first, second] = [versions(determined.file), versions(jupyterlab.file)];
    const both = [...second.keys()].filter((name) => first.has(name));
    expect(both).toContain('pyzmq');
    for (const name of both) expect(second.get(name), name).toBe(first.get(name));
  });
});
