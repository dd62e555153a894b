import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifacts } from '../../src/artifacts/artifacts.ts';
import type { ArtifactSource, Item } from '../../src/artifacts/item.ts';
import type { Platform } from '../../src/artifacts/platform.ts';
import { imageRef, pins } from '../../src/config/versions.ts';
import { sha256 } from '../../src/lib/files.ts';
import { debianTreeSource, packagesSource } from './debian.ts';
import { moduleSource } from './go-module.ts';
import { kindFiles, kindSource } from './kind.ts';
import { listIptables } from './kubernetes-images.ts';
import { nodeImageSource, nodeTemplates } from './node-image.ts';
import { kindPins, type ModulePin, rigPins } from './pins.ts';

const shortHash = (data: unknown): string => sha256(JSON.stringify(data)).slice(0, 8);

type ItemInput = {
  readonly name: string;
  readonly version: string;
  readonly on: string;
  readonly source: ArtifactSource;
};

const item = ({ name, version, on, source }: ItemInput): Item => ({
  name,
  version,
  key: `${name}-${version}-${on}`,
  sources: [source],
});

/** The rig's own part of a cache; each item's key says all that it is made of. */
export const makeRigItems = async (artifacts: Artifacts, { arch, distribution }: Platform, rigTemplatesDir: string) => {
  const program = (pin: ModulePin): Item =>
    item({ name: pin.name, version: pin.version, on: arch, source: moduleSource(pin) });
  const templates = await Promise.all(nodeTemplates.map((name) => readFile(join(rigTemplatesDir, name), 'utf8')));
  const [minikube, crictl] = [program(rigPins.minikube), program(rigPins.crictl)];
  const hostPackages = item({
    name: 'host-packages',
    version: shortHash(rigPins.hostPackages),
    on: `${distribution}-${arch}`,
    source: packagesSource(rigPins.hostPackages),
  });
  const debianTree = item({
    name: 'debian-tree',
    version: `${rigPins.node.suite}-${shortHash(rigPins.node.packages)}`,
    on: arch,
    source: debianTreeSource(rigPins.node, hostPackages),
  });
  const nodeImage = item({
    name: 'node-image',
    version: shortHash([rigPins, pins.kubernetes, pins.etcd, pins.coredns, templates, listIptables]),
    on: arch,
    source: nodeImageSource({
      artifacts,
      kubernetesVersion: pins.kubernetes.version,
      pauseImage: imageRef('pause'),
      templatesDir: rigTemplatesDir,
      crictl,
      debianTree,
    }),
  });
  const kindTexts = await Promise.all(kindFiles.map((name) => readFile(join(rigTemplatesDir, name), 'utf8')));
  const kind = item({
    name: 'kind',
    version: `${kindPins.program.version}-${shortHash([kindPins, kindTexts])}`,
    on: arch,
    source: kindSource(rigTemplatesDir),
  });
  return { crictl, hostPackages, debianTree, nodeImage, minikube, kind };
};
